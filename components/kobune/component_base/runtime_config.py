"""Which APIs are served besides the usual ones: `--runtime-config`, as Kubernetes' apiserver has it."""

from kobune.apimachinery.kinds import ALPHA
from kobune.component_base.failure import CannotStart

ALL_ALPHA = "api/alpha"


def asked(text: str) -> frozenset[str]:
    """Return the groups and versions that `group/version=true,…` asks for; `CannotStart` says what there is not."""
    found: set[str] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if value.lower() not in ("", "true", "false"):
            raise CannotStart(f"--runtime-config: {part}: {value!r} is neither true nor false")
        if name not in ALPHA and name != ALL_ALPHA:
            there = ", ".join((*ALPHA, ALL_ALPHA))
            raise CannotStart(f"--runtime-config: {name!r} cannot be turned on or off; there are {there}")
        names = set(ALPHA) if name == ALL_ALPHA else {name}
        found = found - names if value.lower() == "false" else found | names
    return frozenset(found)
