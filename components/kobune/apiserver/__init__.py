"""The Kubernetes API over a store: REST and gRPC faces on the same verbs."""
