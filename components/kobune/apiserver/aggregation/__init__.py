"""APIs that other servers serve, as if they were our own: APIServices."""
