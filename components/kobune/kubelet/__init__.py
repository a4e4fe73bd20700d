"""The kubelet: runs the pods of its nodes through a container runtime, and says how they are."""
