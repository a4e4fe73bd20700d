"""What objects must be like to be accepted, in Kubernetes' words: a module for each group of kinds.

Every rule is a plain function that yields what is wrong: `service(new)`, `pod_spec("spec", spec)`. Which rules a kind
has is said in `registry.strategies`. The words themselves are in `causes`; those that others use, too, are here.
"""

from kobune.apiserver.registry.validation.causes import (
    duplicate,
    forbidden,
    invalid,
    not_negative,
    one_of,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import label_selector, labels

__all__ = [
    "duplicate",
    "forbidden",
    "invalid",
    "label_selector",
    "labels",
    "not_negative",
    "one_of",
    "required",
    "unsupported",
]
