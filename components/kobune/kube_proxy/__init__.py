"""Makes the addresses of Services lead to their endpoints."""
