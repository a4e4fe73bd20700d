"""Groups of the Kubernetes community are not for everybody: a definition in one says who allowed it."""

from typing import Any
from urllib.parse import urlsplit

ANNOTATION = "api-approved.kubernetes.io"
SEE = "see https://github.com/kubernetes/enhancements/pull/1111"
MISSING = f'protected groups must have approval annotation "{ANNOTATION}", {SEE}'
INVALID = (
    f'protected groups must have approval annotation "{ANNOTATION}" with either a URL or a reason starting with '
    f'"unapproved", {SEE}'
)


def is_protected(group: str) -> bool:
    """Whether a group is one of the community's."""
    return group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))


def state_of(annotations: Any) -> tuple[str, str]:
    """Return what the annotation amounts to (Missing, Unapproved, Approved or Invalid), and why."""
    text = annotations.get(ANNOTATION, "")
    if not text:
        return "Missing", MISSING
    if text.startswith("unapproved"):
        return "Unapproved", f'not approved: "{text}"'
    try:
        url = urlsplit(text)
    except ValueError:
        return "Invalid", INVALID
    return ("Approved", f"approved in {text}") if url.scheme and url.netloc else ("Invalid", INVALID)


def approval_of(definition: Any) -> tuple[str, str, str] | None:
    """Return status, reason and message of the condition about approval; None where none is needed."""
    if not is_protected(definition.spec.group):
        return None
    state, why = state_of(definition.metadata.annotations)
    return "True" if state == "Approved" else "False", f"{state}Annotation", why
