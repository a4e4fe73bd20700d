"""PodSecurity: refuses pods that their namespace does not allow, and warns about what would make such."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.pod_security.levels import MODES, PREFIX, label_problems, policy_of
from kobune.apiserver.admission.refusal import refused

MOST_PODS: Final = 3000
"""How many pods are looked at when the labels of their namespace change."""
TEMPLATES: Final[dict[str, Callable[[Any], Any]]] = {
    "cronjobs": lambda item: item.spec.jobTemplate.spec.template,
    "podtemplates": lambda item: item.template,
    **dict.fromkeys(
        ("daemonsets", "deployments", "jobs", "replicasets", "replicationcontrollers", "statefulsets"),
        lambda item: item.spec.template,
    ),
}
"""Where the pod template is in each kind that makes pods."""


class PodSecurity:
    """Looks at pods, what makes pods, and the labels of namespaces."""

    resources = frozenset({"pods", "namespaces", *TEMPLATES})

    def validate(self, write: Write) -> None:
        if write.operation == "DELETE":
            return
        match write.call.plural:
            case "namespaces":
                if write.is_plain:
                    _check_namespace(write)
            case "pods":
                if write.call.subresource in ("", "ephemeralcontainers") and _matters(write):
                    _check_pod(write)
            case plural:
                if write.is_plain:
                    _warn_of_template(write, TEMPLATES[plural](write.new))


def _labels(write: Write) -> Any:
    namespace = write.api.find("namespaces", "", write.call.namespace)
    if namespace is None or not any(key.startswith(PREFIX) for key in namespace.metadata.labels):
        return None
    return namespace.metadata.labels


def _check_pod(write: Write) -> None:
    if (labels := _labels(write)) is None:
        return
    pod = write.new
    enforced = policy_of(labels, "enforce")
    found = ", ".join(map(str, enforced.findings(pod.metadata, pod.spec)))
    if found:
        raise refused(write, f'violates PodSecurity "{enforced}": {found}')
    _warn(write, labels, pod)


def _warn_of_template(write: Write, template: Any) -> None:
    if (labels := _labels(write)) is not None:
        _warn(write, labels, template)


def _warn(write: Write, labels: Any, pod: Any) -> None:
    policy = policy_of(labels, "warn")
    found = ", ".join(map(str, policy.findings(pod.metadata, pod.spec)))
    if found:
        write.call.warnings.append(f'would violate PodSecurity "{policy}": {found}')


def _matters(write: Write) -> bool:
    """Whether an update can make a pod more dangerous: most only change its metadata."""
    if write.operation == "CREATE":
        return True
    new, old = write.new.spec, write.old.spec
    return any(
        list(getattr(new, name)) != list(getattr(old, name))
        for name in ("containers", "initContainers", "ephemeralContainers")
    )


def _check_namespace(write: Write) -> None:
    labels = write.new.metadata.labels
    causes = [
        FieldError("FieldValueInvalid", f"metadata.labels[{key}]", f'Invalid value: "{value}": {why}')
        for key, value, why in label_problems(labels)
    ]
    if causes:
        before = write.old.metadata.labels if write.old is not None else {}
        keys = [f"{PREFIX}{mode}{suffix}" for mode in MODES for suffix in ("", "-version")]
        if write.operation == "CREATE" or any(labels.get(key) != before.get(key) for key in keys):
            raise Invalid.named("", "Namespace", write.call.name, causes)
        return
    if write.operation == "UPDATE":
        write.call.warnings.extend(_warnings(write))


def _warnings(write: Write) -> Iterator[str]:
    """Yield which pods that are there the new labels would not allow."""
    new = policy_of(write.new.metadata.labels, "enforce")
    old = policy_of(write.old.metadata.labels, "enforce")
    if not old.is_weaker_than(new):
        return
    by_reason: dict[str, list[str]] = {}
    for pod in write.api.select("pods", write.call.name)[:MOST_PODS]:
        reasons = ", ".join(finding.reason for finding in new.findings(pod.metadata, pod.spec))
        if reasons:
            by_reason.setdefault(reasons, []).append(pod.metadata.name)
    if not by_reason:
        return
    name = write.call.name
    yield f'existing pods in namespace "{name}" violate the new PodSecurity enforce level "{new}"'
    shown = []
    for reasons, pods in by_reason.items():
        first, others = pods[0], len(pods) - 1
        word = "pod" if others == 1 else "pods"
        shown.append(f"{first} (and {others} other {word}): {reasons}" if others else f"{first}: {reasons}")
    yield from sorted(shown)
