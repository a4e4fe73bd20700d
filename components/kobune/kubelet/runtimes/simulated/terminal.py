"""What a terminal does between the keys and a program: it shows them, collects lines, and knows three control keys."""

from typing import Final

INTERRUPT: Final = 3
END: Final = 4
BACKSPACE: Final = (8, 127)
RETURN: Final = (10, 13)
LINE_LIMIT: Final = 4096


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


class LineDiscipline:
    """Turns keys into lines: feed it what comes in."""

    def __init__(self) -> None:
        self._line = bytearray()
        self.ended = False
        """Whether Ctrl-D was pressed on an empty line."""

    def feed(self, keys: bytes) -> tuple[bytes, bytes]:
        """Return what the program reads, and what is shown; raise `Interrupted` on Ctrl-C."""
        read, shown = bytearray(), bytearray()
        for key in keys:
            if key in RETURN:
                read += self._line + b"\n"
                self._line.clear()
                shown += b"\r\n"
            elif key == INTERRUPT:
                raise Interrupted
            elif key == END:
                if not self._line:
                    self.ended = True
                read += self._line
                self._line.clear()
            elif key in BACKSPACE:
                if self._line:
                    del self._line[-1]
                    shown += b"\b \b"
            elif len(self._line) < LINE_LIMIT:
                self._line.append(key)
                shown.append(key)
        return bytes(read), bytes(shown)


def shown(output: bytes) -> bytes:
    """Return what a program says as a terminal shows it: lines begin on the left."""
    return output.replace(b"\n", b"\r\n")
