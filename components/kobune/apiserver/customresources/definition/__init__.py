"""What a definition must fulfil. Everything here is pure."""
