"""Starts a cluster's components, as processes of their own or in one, and keeps them running."""
