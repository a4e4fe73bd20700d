"""Asking containers how they are."""
