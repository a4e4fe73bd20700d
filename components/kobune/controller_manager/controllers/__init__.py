"""One module for each controller: a pure `reconcile`, and the `Controller` that the runner runs."""
