"""The memory of the cluster: the `Store` promise, and the stores that keep it."""
