"""SPDY/3.1, as far as clients of the API use it: framing, compressed headers, streams."""
