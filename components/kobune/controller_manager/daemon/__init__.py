"""Where the pods of a DaemonSet belong, and how they are replaced when its template changes."""
