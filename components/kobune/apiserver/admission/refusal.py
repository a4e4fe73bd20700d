"""How plugins say no."""

from kobune.apimachinery.errors import Forbidden, qualified
from kobune.apiserver.admission.chain import Write


def refused(write: Write, why: str) -> Forbidden:
    """Return the error that a write is not allowed."""
    call = write.call
    name = write.shown_name
    where = qualified(call.group, call.plural)
    return Forbidden.of(call.group, call.plural, name, f'{where} "{name}" is forbidden: {why}')


def aggregated(problems: list[str]) -> str:
    """Return several problems as Kubernetes joins them: each once."""
    found = list(dict.fromkeys(problems))
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"
