"""What becomes of a pod on its node: pure functions from what happened to what is to be done."""
