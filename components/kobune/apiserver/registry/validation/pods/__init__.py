"""The rules of pods, and of the templates that other kinds have of them."""
