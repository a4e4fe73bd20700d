"""Schedulers under trial: what a decision rests on, what would be if, and traces replayed on simulated time."""
