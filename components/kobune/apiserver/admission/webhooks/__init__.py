"""Programs of users that change or refuse writes: asked over HTTPS or gRPC. Source: *Dynamic Admission Control*."""
