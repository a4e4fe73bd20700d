"""Why the kubelet does not open a stream."""

import grpc


class Refused(Exception):
    """A stream that is not opened; its text is what the client of the API is told."""

    def __init__(self, message: str, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> None:
        super().__init__(message)
        self.code = code


def not_found(message: str) -> Refused:
    """Return the refusal for what does not exist."""
    return Refused(message, grpc.StatusCode.NOT_FOUND)


def unsupported(message: str) -> Refused:
    """Return the refusal for what this kubelet cannot do."""
    return Refused(message, grpc.StatusCode.UNIMPLEMENTED)
