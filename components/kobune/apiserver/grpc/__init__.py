"""The gRPC face: a typed service per kind, and the dynamic one."""
