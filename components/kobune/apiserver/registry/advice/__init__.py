"""What the author of an accepted object is told all the same: what is deprecated, ignored, or surely a mistake.

The words are Kubernetes'. Every function yields them for a new object, or for a changed one and what it was.
"""
