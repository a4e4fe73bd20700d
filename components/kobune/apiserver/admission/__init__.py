"""What changes or refuses a write before it is stored, beyond what its kind itself demands."""
