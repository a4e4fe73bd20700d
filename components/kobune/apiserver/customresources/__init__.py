"""Kinds that users define: definitions, what they make the apiserver serve, and the objects of such kinds."""
