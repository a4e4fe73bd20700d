"""What the controllers of endpoints, their slices and their addresses decide by."""
