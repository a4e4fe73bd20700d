"""The way from the apiserver to the kubelets, which have the pods."""
