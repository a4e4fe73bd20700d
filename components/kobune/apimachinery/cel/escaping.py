"""Names of fields that are no names in expressions, and what stands for them there: `a-b` is `a__dash__b`.

Source: *Validation rules* in the page on custom resource definitions.
"""

import re
from typing import Final

KEYWORDS: Final = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
ESCAPABLE: Final = re.compile(r"[a-zA-Z_./-][a-zA-Z0-9_./-]*", re.ASCII)
PARTS: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
PART: Final = re.compile(r"__|[./-]")


def escape(name: str) -> str | None:
    """Return what stands for a field in expressions; None if they cannot reach it."""
    if not ESCAPABLE.fullmatch(name):
        return None
    if name in KEYWORDS:
        return f"__{name}__"
    return PART.sub(lambda match: PARTS[match[0]], name)
