"""One controller a module."""
