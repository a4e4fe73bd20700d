"""The functions of expressions, one module per library. Each has `overloads()`."""
