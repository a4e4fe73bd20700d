"""`metrics.k8s.io`: what pods and nodes use, as their kubelets measure it. Nothing of it is stored."""
