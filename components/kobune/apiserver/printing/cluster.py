"""The columns of nodes, namespaces, storage, access and the rest."""

from typing import Any

from kobune.apimachinery.meta import seconds_of
from kobune.apiserver.printing.column import (
    AGE,
    CREATED_AT,
    NAME,
    Cell,
    Column,
    flag,
    human_duration,
    number,
    show,
    text,
)
from kobune.apiserver.printing.selectors import labels_text

ROLE = "node-role.kubernetes.io/"
MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _node_status(node: Any, now: float) -> str:
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    word = "Unknown" if ready is None else "Ready" if ready.status == "True" else "NotReady"
    return f"{word},SchedulingDisabled" if node.spec.unschedulable else word


def _roles(node: Any, now: float) -> str:
    roles = {label.removeprefix(ROLE) for label in node.metadata.labels if label.startswith(ROLE)}
    return ",".join(sorted(roles - {""})) or "<none>"


def _node_address(kind: str) -> Cell:
    return lambda node, now: next((a.address for a in node.status.addresses if a.type == kind), "<none>")


def _since(time: Any, now: float) -> str:
    return human_duration(now - seconds_of(time)) if time.seconds else "<unknown>"


def _last_seen(event: Any, now: float) -> str:
    for time in (event.series.lastObservedTime, event.lastTimestamp, event.eventTime, event.firstTimestamp):
        if time.seconds:
            return _since(time, now)
    return "<unknown>"


def _first_seen(event: Any, now: float) -> str:
    return _since(event.firstTimestamp if event.firstTimestamp.seconds else event.eventTime, now)


def _source(event: Any, now: float) -> str:
    component = event.source.component or event.reportingComponent
    host = event.source.host or event.reportingInstance
    return ", ".join(part for part in (component, host) if part)


def _object(event: Any, now: float) -> str:
    about = event.involvedObject
    return f"{about.kind.lower()}/{about.name}" if about.name else about.kind.lower()


def _count(event: Any, now: float) -> str:
    return str(event.series.count or event.count or 1)


def _modes(modes: Any) -> str:
    return ",".join(MODES.get(mode, mode) for mode in dict.fromkeys(modes))


def _claim(volume: Any, now: float) -> str:
    claim = volume.spec.claimRef
    return f"{claim.namespace}/{claim.name}" if volume.spec.HasField("claimRef") else ""


def _claim_capacity(claim: Any, now: float) -> str:
    return str(claim.status.capacity["storage"].string) if "storage" in claim.status.capacity else ""


def _subjects(kind: str) -> Cell:
    def cell(binding: Any, now: float) -> str:
        found = (subject for subject in binding.subjects if subject.kind == kind)
        return ", ".join(f"{s.namespace}/{s.name}" if s.namespace else s.name for s in found)

    return cell


def _role(binding: Any, now: float) -> str:
    return f"{binding.roleRef.kind}/{binding.roleRef.name}"


def _request_condition(request: Any, now: float) -> str:
    words = [c.type for c in request.status.conditions if c.type in ("Approved", "Denied", "Failed")]
    if not words:
        return "Pending"
    return ",".join([*words, "Issued"] if request.status.certificate else words)


def _requested_duration(request: Any, now: float) -> str:
    spec = request.spec
    return human_duration(spec.expirationSeconds) if spec.HasField("expirationSeconds") else "<none>"


def _default_class(annotation: str) -> Cell:
    def cell(found: Any, now: float) -> str:
        is_default = found.metadata.annotations.get(annotation) == "true"
        return f"{found.metadata.name} (default)" if is_default else str(found.metadata.name)

    return cell


def _claim_state(claim: Any, now: float) -> str:
    states = []
    if claim.metadata.HasField("deletionTimestamp"):
        states.append("deleted")
    if claim.status.HasField("allocation"):
        states += ["allocated", *(["reserved"] if claim.status.reservedFor else [])]
    return ",".join(states) or "pending"


def _quota(which: str) -> Cell:
    def cell(quota: Any, now: float) -> str:
        parts = []
        for name, hard in sorted(quota.status.hard.items()):
            if name.startswith("limits.") is (which == "limits"):
                used = quota.status.used[name].string if name in quota.status.used else "0"
                parts.append(f"{name}: {used}/{hard.string}")
        return ", ".join(parts)

    return cell


def _service_of(api_service: Any, now: float) -> str:
    spec = api_service.spec
    return f"{spec.service.namespace}/{spec.service.name}" if spec.HasField("service") else "Local"


def _available(api_service: Any, now: float) -> str:
    found = next((c for c in api_service.status.conditions if c.type == "Available"), None)
    if found is None or found.status == "True":
        return "True" if found else "Unknown"
    return f"{found.status} ({found.reason})"


def _param_kind(policy: Any, now: float) -> str:
    found = policy.spec.paramKind
    return f"{found.apiVersion}/{found.kind}" if policy.spec.HasField("paramKind") else "<unset>"


def _param_ref(binding: Any, now: float) -> str:
    found = binding.spec.paramRef
    if not binding.spec.HasField("paramRef"):
        return "<unset>"
    return f"{found.namespace or '*'}/{found.name}" if found.name else labels_text(found.selector.matchLabels)


def _level(field: str) -> Cell:
    def cell(level: Any, now: float) -> str:
        limited = level.spec.limited
        queuing = limited.limitResponse.queuing
        if not level.spec.HasField("limited"):
            return "<none>"
        if field == "nominalConcurrencyShares":
            return str(limited.nominalConcurrencyShares)
        return str(getattr(queuing, field)) if limited.limitResponse.HasField("queuing") else "<none>"

    return cell


def _missing_level(schema: Any, now: float) -> str:
    found = next((c for c in schema.status.conditions if c.type == "Dangling"), None)
    return found.status if found else "?"


EVENTS = (
    text("Last Seen", _last_seen),
    text("Type", show("type")),
    text("Reason", show("reason")),
    text("Object", _object),
    text("Subobject", show("involvedObject.fieldPath"), wide=True),
    text("Source", _source, wide=True),
    text("Message", lambda m, now: m.message.strip()),
    text("First Seen", _first_seen, wide=True),
    text("Count", _count, wide=True),
    Column("Name", "string", show("metadata.name"), format="name", priority=1),
)
BINDINGS = (
    NAME,
    text("Role", _role),
    AGE,
    text("Users", _subjects("User"), wide=True),
    text("Groups", _subjects("Group"), wide=True),
    text("ServiceAccounts", _subjects("ServiceAccount"), wide=True),
)
WEBHOOKS = (NAME, number("Webhooks", lambda m, now: len(m.Webhooks)), AGE)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "apiservices": (NAME, text("Service", _service_of), text("Available", _available), AGE),
    "certificatesigningrequests": (
        NAME,
        AGE,
        text("SignerName", show("spec.signerName", "<none>")),
        text("Requestor", show("spec.username")),
        text("RequestedDuration", _requested_duration),
        text("Condition", _request_condition),
    ),
    "clusterrolebindings": BINDINGS,
    "clusterroles": (NAME, CREATED_AT),
    "componentstatuses": (NAME, *(text(name, lambda m, now: "") for name in ("Status", "Message", "Error"))),
    "configmaps": (NAME, text("Data", lambda m, now: len(m.data) + len(m.binaryData)), AGE),
    "csidrivers": (
        NAME,
        flag("AttachRequired", show("spec.attachRequired")),
        flag("PodInfoOnMount", show("spec.podInfoOnMount")),
        flag("StorageCapacity", show("spec.storageCapacity")),
        text("TokenRequests", lambda m, now: ",".join(t.audience for t in m.spec.tokenRequests) or "<unset>"),
        flag("RequiresRepublish", show("spec.requiresRepublish")),
        text("Modes", lambda m, now: ",".join(m.spec.volumeLifecycleModes) or "<none>"),
        AGE,
    ),
    "csinodes": (NAME, number("Drivers", lambda m, now: len(m.spec.drivers)), AGE),
    "csistoragecapacities": (NAME, CREATED_AT),
    "customresourcedefinitions": (NAME, CREATED_AT),
    "events": EVENTS,
    "flowschemas": (
        NAME,
        text("PriorityLevel", show("spec.priorityLevelConfiguration.name")),
        text("MatchingPrecedence", show("spec.matchingPrecedence")),
        text("DistinguisherMethod", show("spec.distinguisherMethod.type", "<none>")),
        AGE,
        text("MissingPL", _missing_level),
    ),
    "leases": (NAME, text("Holder", show("spec.holderIdentity")), AGE),
    "limitranges": (NAME, CREATED_AT),
    "mutatingadmissionpolicies": (
        NAME,
        number("Mutations", lambda m, now: len(m.spec.mutations)),
        text("ParamKind", _param_kind),
        AGE,
    ),
    "mutatingadmissionpolicybindings": (
        NAME,
        text("PolicyName", show("spec.policyName")),
        text("ParamRef", _param_ref),
        AGE,
    ),
    "mutatingwebhookconfigurations": WEBHOOKS,
    "namespaces": (NAME, text("Status", show("status.phase")), AGE),
    "nodes": (
        NAME,
        text("Status", _node_status),
        text("Roles", _roles),
        AGE,
        text("Version", show("status.nodeInfo.kubeletVersion")),
        text("Internal-IP", _node_address("InternalIP"), wide=True),
        text("External-IP", _node_address("ExternalIP"), wide=True),
        text("OS-Image", show("status.nodeInfo.osImage", "<unknown>"), wide=True),
        text("Kernel-Version", show("status.nodeInfo.kernelVersion", "<unknown>"), wide=True),
        text("Container-Runtime", show("status.nodeInfo.containerRuntimeVersion", "<unknown>"), wide=True),
    ),
    "persistentvolumeclaims": (
        NAME,
        text("Status", lambda m, now: "Terminating" if m.metadata.HasField("deletionTimestamp") else m.status.phase),
        text("Volume", show("spec.volumeName")),
        text("Capacity", _claim_capacity),
        text("Access Modes", lambda m, now: _modes(m.status.accessModes)),
        text("StorageClass", show("spec.storageClassName")),
        text("VolumeAttributesClass", show("spec.volumeAttributesClassName", "<unset>")),
        AGE,
        text("VolumeMode", show("spec.volumeMode", "<unset>"), wide=True),
    ),
    "persistentvolumes": (
        NAME,
        text("Capacity", lambda m, now: m.spec.capacity["storage"].string if "storage" in m.spec.capacity else ""),
        text("Access Modes", lambda m, now: _modes(m.spec.accessModes)),
        text("Reclaim Policy", show("spec.persistentVolumeReclaimPolicy")),
        text("Status", lambda m, now: "Terminating" if m.metadata.HasField("deletionTimestamp") else m.status.phase),
        text("Claim", _claim),
        text("StorageClass", show("spec.storageClassName")),
        text("VolumeAttributesClass", show("spec.volumeAttributesClassName", "<unset>")),
        text("Reason", show("status.reason")),
        AGE,
        text("VolumeMode", show("spec.volumeMode", "<unset>"), wide=True),
    ),
    "priorityclasses": (
        NAME,
        number("Value", show("value")),
        flag("Global-Default", show("globalDefault")),
        AGE,
        text("PreemptionPolicy", show("preemptionPolicy")),
    ),
    "prioritylevelconfigurations": (
        NAME,
        text("Type", show("spec.type")),
        text("NominalConcurrencyShares", _level("nominalConcurrencyShares")),
        text("Queues", _level("queues")),
        text("HandSize", _level("handSize")),
        text("QueueLengthLimit", _level("queueLengthLimit")),
        AGE,
    ),
    "resourceclaims": (NAME, text("State", _claim_state), AGE),
    "resourcequotas": (NAME, text("Request", _quota("requests")), text("Limit", _quota("limits")), AGE),
    "resourceslices": (
        NAME,
        text("Node", show("spec.nodeName")),
        text("Driver", show("spec.driver")),
        text("Pool", show("spec.pool.name")),
        AGE,
    ),
    "rolebindings": BINDINGS,
    "roles": (NAME, CREATED_AT),
    "runtimeclasses": (NAME, text("Handler", show("handler")), AGE),
    "secrets": (NAME, text("Type", show("type")), text("Data", lambda m, now: len(m.data)), AGE),
    "storageclasses": (
        Column("Name", "string", _default_class("storageclass.kubernetes.io/is-default-class"), format="name"),
        text("Provisioner", show("provisioner")),
        text("ReclaimPolicy", show("reclaimPolicy")),
        text("VolumeBindingMode", show("volumeBindingMode")),
        text("AllowVolumeExpansion", show("allowVolumeExpansion")),
        AGE,
    ),
    "validatingadmissionpolicies": (
        NAME,
        number("Validations", lambda m, now: len(m.spec.validations)),
        text("ParamKind", _param_kind),
        AGE,
    ),
    "validatingadmissionpolicybindings": (
        NAME,
        text("PolicyName", show("spec.policyName")),
        text("ParamRef", _param_ref),
        AGE,
    ),
    "validatingwebhookconfigurations": WEBHOOKS,
    "volumeattachments": (
        NAME,
        Column("Attacher", "string", show("spec.attacher"), format="name"),
        text("PV", show("spec.source.persistentVolumeName")),
        text("Node", show("spec.nodeName")),
        flag("Attached", show("status.attached")),
        AGE,
    ),
    "volumeattributesclasses": (NAME, text("DriverName", show("driverName")), AGE),
}
"""By the plural of the resource."""
