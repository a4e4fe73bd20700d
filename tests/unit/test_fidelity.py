"""The ledger of fidelity against the code: what it calls enforced is named there, what it calls stored is not."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kobune.apimachinery
from kobune.api.apps.v1 import StatefulSet
from kobune.api.core.v1 import Pod
from kobune.apimachinery import codec
from kobune.apimachinery.codec.shape import fields
from kobune.apimachinery.fidelity import Entry, Fidelity, ledger, missing, of_field, of_message
from kobune.apimachinery.kinds import messages
from kobune.apiserver.registry import effects
from kobune.apiserver.registry.registry import built_in

COMPONENTS = Path(kobune.apimachinery.__file__).parent.parent
NO_EFFECT = (
    "apiserver/printing/",
    "apiserver/openapi/",
    "apiserver/registry/validation/",
    "apiserver/registry/advice/",
    "apiserver/registry/defaults/",
)
"""What shows, checks or describes a field; the rest may act on it."""
ACTORS = ("scheduler/", "kubelet/", "controller_manager/", "cloud_controller_manager/", "kube_proxy/")
SAYS_NO = ("kube_proxy/unsupported.py",)
"""What names a field to say that it has no effect."""

FOR_READERS = {
    # Whoever writes these does it for somebody else, and they reach them: there is nothing for us to do.
    "kobune.api.core.v1.Event",
    "kobune.api.core.v1.EventSeries",
    "kobune.api.events.v1.Event",
    "kobune.api.events.v1.EventSeries",
    "kobune.api.core.v1.ConfigMap",
    "kobune.api.coordination.v1.LeaseSpec",
    "kobune.api.core.v1.NodeSystemInfo",
    "kobune.api.core.v1.ComponentCondition",
    "kobune.api.core.v1.ObjectReference",
    "kobune.api.meta.v1.Condition",
}
BY_THEIR_JSON_NAME = "kobune.api.apiextensions.v1."
"""The schemas of custom resources are read as trees."""
NAMED_OTHERWISE = {
    "kobune.api.core.v1.Secret.stringData": "put into `data` where defaults are filled in",
    "kobune.api.core.v1.Secret.immutable": "the strategy's rule of what an update may change",
    "kobune.api.core.v1.ContainerImage.sizeBytes": "kept by kubelets of others; ours tell no sizes",
}
STORED_NAMESAKES = {
    "user": "of kubeconfigs and requests",
    "image": "of containers",
    "signal": "how processes are told",
    "secret": "of mounted tokens",
    "phase": "of pods and namespaces",
    "resources": "of containers and API groups",
    "config": "of components",
    "parameters": "of functions",
    "conditions": "of other kinds",
    "claims": "of pods, of volumes",
    "volumeClaimTemplates": "made into claims; what binds those is still to come",
    "ports": "of containers and services",
    "secrets": "the resource",
    "os": "the module",
    "spec": "of all kinds",
    "status": "of all kinds",
    "template": "of deployments",
    "data": "of config maps",
    "controller": "of references to owners",
    "strategy": "of deployments",
    "securityContext": "of CRI",
    "valueFrom": "told apart from plain values, and left out",
    "local": "of plugins and networks",
    "nfs": "passed on to the pod that empties a volume",
    "volumeMounts": "what runtimes other than the simulated one mount",
    "mountOptions": "passed on to volumes that are made",
    "dataSource": "of claims, which our provisioners refuse by name",
    "dataSourceRef": "likewise",
    "gcePersistentDisk": "a disk that keeps pods apart, and is not there",
    "awsElasticBlockStore": "likewise",
    "iscsi": "likewise",
    "rbd": "likewise",
    "ephemeralContainerStatuses": "looked for, where another kubelet may have written them",
}
"""Names of stored fields that stand in the code for something else, or are read to no effect."""


@cache
def named(*, actors_only: bool) -> dict[str, set[str]]:
    """Where names stand in the code of components, as attributes, keywords and parts of paths."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in COMPONENTS.rglob("*.py"):
        place = file.relative_to(COMPONENTS).as_posix()
        if place.startswith(("testing/", *NO_EFFECT)) or place in SAYS_NO or place.endswith("registry/effects.py"):
            continue
        if actors_only and not place.startswith(ACTORS):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            for name in _names(node):
                found[name].add(place)
    return found


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            yield name
        case ast.Constant(value=str(text)) if " " not in text:
            yield from text.split(".")


def entries() -> Iterator[Entry]:
    for message in messages():
        yield from ledger(message.DESCRIPTOR)


def full_name(entry: Entry) -> str:
    return f"{entry.message.full_name}.{entry.field.name}"


def is_named(entry: Entry) -> bool:
    code = named(actors_only=False)
    if entry.message.full_name.startswith(BY_THEIR_JSON_NAME) and entry.field.json in code:
        return True
    return entry.field.name in code


def test_what_is_enforced_is_named_in_the_code() -> None:
    rotten = {
        full_name(entry)
        for entry in entries()
        if entry.fidelity is Fidelity.ENFORCED
        and not is_named(entry)
        and entry.message.full_name not in FOR_READERS
        and full_name(entry) not in NAMED_OTHERWISE
    }
    assert not rotten, "nothing names these: mark them in the .proto with fidelity: STORED, or say here why not"


def test_what_is_stored_is_not_read_by_those_who_act() -> None:
    enforced = {entry.field.name for entry in entries() if entry.fidelity is Fidelity.ENFORCED}
    code = named(actors_only=True)
    rotten = {
        full_name(entry): sorted(code[entry.field.name])
        for entry in entries()
        if entry.fidelity is Fidelity.STORED and entry.field.name in code
        if entry.field.name not in enforced and entry.field.name not in STORED_NAMESAKES
    }
    assert not rotten, "these are read: take fidelity: STORED off in the .proto, or say here what else has the name"


def test_no_controller_watches_a_stored_kind() -> None:
    kinds = {message.DESCRIPTOR.name for message in messages() if of_message(message.DESCRIPTOR) is Fidelity.STORED}
    watched: set[str] = set()
    for file in (COMPONENTS / "controller_manager" / "controllers").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                roots = (word.value for word in node.keywords if word.arg == "root")
                watched |= {root.id for root in roots if isinstance(root, ast.Name)}
    assert not kinds & watched, "take the option effect off these messages: there is a controller now"


def test_a_stored_kind_says_what_is_missing() -> None:
    for message in messages():
        stored = of_message(message.DESCRIPTOR) is Fidelity.STORED
        assert stored == bool(missing(message.DESCRIPTOR)), message.DESCRIPTOR.full_name


def test_what_is_in_a_stored_field_is_not_listed() -> None:
    paths = {entry.path for entry in ledger(Pod.DESCRIPTOR)}
    assert "spec.securityContext" in paths
    assert not any(path.startswith("spec.securityContext.") for path in paths)
    assert "spec.volumes[].configMap" in paths


def pod(**spec: object) -> Pod:
    containers = [{"name": "web", "image": "web:1"}]
    tree = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"containers": containers, **spec}}
    return codec.decode(Pod, b"", tree)[0]


def test_a_warning_names_what_was_asked_for_beyond_the_defaults() -> None:
    pods = built_in()["pods"]
    volumes = [{"name": "a", "configMap": {"name": "a"}}, {"name": "b", "configMap": {"name": "b"}}]
    assert effects.warning(pods, pod(nodeName="n", hostNetwork=True), None) == ""
    assert effects.warning(pods, pod(dnsPolicy="ClusterFirst", enableServiceLinks=True, securityContext={}), None) == ""
    assert effects.warning(pods, pod(hostIPC=True, dnsPolicy="None", volumes=volumes), None) == (
        "spec.volumes.configMap, spec.dnsPolicy, spec.hostIPC: kept, without effect here (kobune fidelity pod)"
    )


def test_only_what_is_new_is_warned_about() -> None:
    pods = built_in()["pods"]
    before, after = pod(hostIPC=True), pod(hostIPC=True, hostUsers=False)
    assert effects.warning(pods, after, after) == effects.warning(pods, before, after) == ""
    assert effects.warning(pods, after, before).startswith("spec.hostUsers: kept")


def test_a_kind_that_nothing_acts_on_is_warned_about_once() -> None:
    kept = next(row for row in built_in() if of_message(row.message.DESCRIPTOR) is Fidelity.STORED)
    new = kept.empty()
    assert effects.warning(kept, new, None) == f"{kept.kind.name} is kept, but {missing(kept.message.DESCRIPTOR)}"
    assert effects.warning(kept, new, new) == ""


def test_a_refused_field_is_a_field_of_its_own() -> None:
    for message in (Pod, StatefulSet):
        for field in fields(message.DESCRIPTOR):
            assert of_field(field) is not Fidelity.REFUSED
