"""What may be asked of a log."""

from collections.abc import Iterator

from kobune.api.core.v1 import PodLogOptions
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import forbidden, invalid, unsupported

STREAMS = ("All", "Stderr", "Stdout")


def log_options(options: PodLogOptions) -> Iterator[FieldError]:
    """Check the options of a log."""
    if options.tailLines < 0:
        yield invalid("tailLines", options.tailLines, "must be greater than or equal to 0")
    if options.HasField("limitBytes") and options.limitBytes < 1:
        yield invalid("limitBytes", options.limitBytes, "must be greater than 0")
    if options.HasField("sinceSeconds") and options.HasField("sinceTime"):
        yield forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    elif options.HasField("sinceSeconds") and options.sinceSeconds < 1:
        yield invalid("sinceSeconds", options.sinceSeconds, "must be greater than 0")
    if options.HasField("stream") and options.stream not in STREAMS:
        yield unsupported("stream", options.stream, STREAMS)
    if options.HasField("tailLines") and options.stream not in ("", "All"):
        yield forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now")
