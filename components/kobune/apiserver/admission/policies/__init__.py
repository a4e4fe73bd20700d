"""Policies that are expressions: what they see, what they decide."""
