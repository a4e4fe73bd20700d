"""Speaks with the cloud, so that nothing else has to."""
