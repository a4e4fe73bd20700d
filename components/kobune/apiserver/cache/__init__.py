"""The current state in memory, and what has just happened to it."""
