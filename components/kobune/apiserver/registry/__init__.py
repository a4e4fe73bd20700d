"""Which resources there are, and how kinds differ from one another."""
