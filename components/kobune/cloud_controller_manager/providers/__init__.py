"""Clouds that come with Kobune."""
