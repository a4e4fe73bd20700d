"""What a schema makes of a tree: pure functions that prune, default, compare and validate it."""
