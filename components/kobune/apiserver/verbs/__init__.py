"""What can be done with an object. A verb knows nothing of HTTP or gRPC."""
