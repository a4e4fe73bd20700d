"""API priority and fairness: how many requests are worked on at once, and whose are next."""
