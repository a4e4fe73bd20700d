"""Why something does not start, said so that a person can act on it."""


class CannotStart(Exception):
    """A component or a cluster cannot start; the message is one clear line, fit to be all that the user sees."""
