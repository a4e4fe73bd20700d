"""How many pods a metric asks for, and how fast that may change. Source: *Horizontal Pod Autoscaling*."""
