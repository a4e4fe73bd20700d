"""The rules and preferences that come with the scheduler, one each."""
