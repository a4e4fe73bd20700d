"""The same object in two versions of its kind."""
