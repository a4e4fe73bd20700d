"""Plugins in processes of their own: over gRPC (`kobune.scheduler.v1`), and HTTP extenders as Kubernetes has them.

Both are asked once per pod about many nodes (`filter_many`, `score_many`), within a time limit of their own. What does
not answer fails the pod, or is done without where the configuration says so; then the pod's event says that.
"""
