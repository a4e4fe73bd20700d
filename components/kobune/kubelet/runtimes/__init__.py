"""Container runtimes that come with Kobune. Each is a server of CRI `runtime.v1`."""
