"""What a Job's pods amount to: which of them count, whether it is done, and which to make next."""
