"""Webhooks and policies that decide about other writes.

Whether expressions are CEL is for `expressions` to say, which is given by whoever has an evaluator.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    known,
    required,
    too_long,
    too_many,
    unsupported,
)
from kobune.apiserver.registry.validation.formats import port_number, qualified_domain
from kobune.apiserver.registry.validation.labels import label_selector

OPERATIONS: Final = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES: Final = ("*", "Cluster", "Namespaced")
VERSIONS: Final = ("v1", "v1beta1")
SCHEMES: Final = ("https", "grpc", "grpcs")
"""How webhooks are asked; Kubernetes knows the first only."""
FORM: Final = "; desired format: https://host[/path]"
ACTIONS: Final = ("Audit", "Deny", "Warn")
REASONS: Final = ("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized")
LONGEST_MESSAGE: Final = 5 * 1024
MOST_CONDITIONS: Final = 64
TWICE: Final = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)


def webhooks(new: Any) -> Iterator[FieldError]:
    """Check a configuration of webhooks."""
    taken: set[str] = set()
    for index, hook in enumerate(new.Webhooks):
        at = f"webhooks[{index}]"
        yield from _webhook(at, hook)
        yield from _review_versions(f"{at}.admissionReviewVersions", hook.admissionReviewVersions)
        if hook.name in taken:
            yield duplicate(f"{at}.name", hook.name)
        if hook.name:
            taken.add(hook.name)


def _webhook(at: str, hook: Any) -> Iterator[FieldError]:
    yield from qualified_domain(f"{at}.name", hook.name)
    for index, rule in enumerate(hook.rules):
        yield from _rule(f"{at}.rules[{index}]", rule, rule.rule)
    yield from known(f"{at}.failurePolicy", hook, "failurePolicy", ("Fail", "Ignore"))
    yield from known(f"{at}.matchPolicy", hook, "matchPolicy", ("Equivalent", "Exact"))
    if not hook.HasField("sideEffects"):
        yield required(f"{at}.sideEffects", "must specify one of None, NoneOnDryRun")
    yield from known(f"{at}.sideEffects", hook, "sideEffects", ("None", "NoneOnDryRun"))
    if hook.HasField("timeoutSeconds") and not 1 <= hook.timeoutSeconds <= 30:
        why = "the timeout value must be between 1 and 30 seconds"
        yield invalid(f"{at}.timeoutSeconds", hook.timeoutSeconds, why)
    for name in ("namespaceSelector", "objectSelector"):
        if hook.HasField(name):
            yield from label_selector(f"{at}.{name}", getattr(hook, name))
    if "reinvocationPolicy" in hook.DESCRIPTOR.fields_by_name:
        yield from known(f"{at}.reinvocationPolicy", hook, "reinvocationPolicy", ("IfNeeded", "Never"))
    client = hook.clientConfig
    if client.HasField("url") == client.HasField("service"):
        yield required(f"{at}.clientConfig", "exactly one of url or service is required")
    elif client.HasField("url"):
        yield from webhook_url(f"{at}.clientConfig.url", client.url, SCHEMES)
    else:
        yield from webhook_service(f"{at}.clientConfig.service", client.service)
    yield from match_conditions(f"{at}.matchConditions", hook.matchConditions)


def webhook_url(at: str, url: str, schemes: Sequence[str] = ("https",)) -> Iterator[FieldError]:
    """Check where a webhook is."""
    try:
        parts: SplitResult = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        yield required(at, f"url must be a valid URL: {error}{FORM}")
        return
    if parts.scheme not in schemes:
        yield invalid(at, parts.scheme, f"'https' is the only allowed URL scheme{FORM}")
    host = parts.netloc.rpartition("@")[2]
    if not host:
        yield invalid(at, host, f"host must be specified{FORM}")
    if "@" in parts.netloc:
        yield invalid(at, parts.netloc.rpartition("@")[0], "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid(at, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(at, parts.query, "query parameters are not permitted in the URL")


def webhook_service(at: str, service: Any) -> Iterator[FieldError]:
    """Check the service of a webhook. Kubernetes takes its name for its namespace, and says so."""
    if not service.namespace:
        yield required(f"{at}.name")
    if not service.name:
        yield required(f"{at}.namespace")
    for problem in port_number(service.port):
        yield invalid(f"{at}.port", service.port, f"port is not valid: {problem}")
    path, here = service.path, f"{at}.path"
    if not service.HasField("path") or path in ("", "/"):
        return
    if path == "//":
        yield invalid(here, path, "segment[0] may not be empty")
        return
    if not path.startswith("/"):
        yield invalid(here, path, "must start with a '/'")
    for index, step in enumerate(path[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid(here, path, f"segment[{index}] may not be empty")
        else:
            for problem in names.dns_subdomain(step):
                yield invalid(here, path, f"segment[{index}]: {problem}")


def _review_versions(at: str, versions: Any) -> Iterator[FieldError]:
    if not versions:
        yield required(at, f"must specify one of {', '.join(VERSIONS)}")
        return
    seen: set[str] = set()
    for index, version in enumerate(versions):
        if version in seen:
            yield invalid(f"{at}[{index}]", version, "duplicate version")
            continue
        seen.add(version)
        yield from each(f"{at}[{index}]", version, names.dns_label_1035(version))
    if not seen & set(VERSIONS):
        yield invalid(at, versions, f"must include at least one of {', '.join(VERSIONS)}")


def _rule(at: str, rule: Any, what: Any) -> Iterator[FieldError]:
    if not rule.operations:
        yield required(f"{at}.operations")
    if len(rule.operations) > 1 and "*" in rule.operations:
        yield invalid(f"{at}.operations", rule.operations, "if '*' is present, must not specify other operations")
    for index, operation in enumerate(rule.operations):
        if operation not in OPERATIONS:
            yield unsupported(f"{at}.operations[{index}]", operation, OPERATIONS)
    for name, noun in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        found = getattr(what, name)
        if not found:
            yield required(f"{at}.{name}")
        if len(found) > 1 and "*" in found:
            yield invalid(f"{at}.{name}", found, f"if '*' is present, must not specify other {noun}")
    for index, version in enumerate(what.apiVersions):
        if not version:
            yield required(f"{at}.apiVersions[{index}]")
    yield from _resources(f"{at}.resources", what.resources)
    yield from known(f"{at}.scope", what, "scope", SCOPES)


def _resources(at: str, resources: Sequence[str]) -> Iterator[FieldError]:
    if not resources:
        yield required(at)
    whole: set[str] = set()
    everywhere: set[str] = set()
    plain = False
    for index, text in enumerate(resources):
        if not text:
            yield required(f"{at}[{index}]")
            continue
        resource, slash, subresource = text.partition("/")
        if not slash:
            plain = text != "*"
            continue
        if resource in whole:
            yield invalid(f"{at}[{index}]", text, f"if '{resource}/*' is present, must not specify {text}")
        if subresource in everywhere:
            yield invalid(f"{at}[{index}]", text, f"if '*/{subresource}' is present, must not specify {text}")
        if subresource == "*":
            whole.add(resource)
        if resource == "*":
            everywhere.add(subresource)
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(at, resources, "if '*/*' is present, must not specify other resources")
    if "*" in resources and plain:
        why = "if '*' is present, must not specify other resources without subresources"
        yield invalid(at, resources, why)


def match_conditions(at: str, conditions: Any) -> Iterator[FieldError]:
    """Check the conditions under which something is asked at all."""
    if len(conditions) > MOST_CONDITIONS:
        yield too_many(at, len(conditions), MOST_CONDITIONS)
    taken: set[str] = set()
    for index, condition in enumerate(conditions):
        here = f"{at}[{index}]"
        if not condition.expression.strip():
            yield required(f"{here}.expression")
        if not condition.name:
            yield required(f"{here}.name")
        else:
            yield from each(f"{here}.name", condition.name, names.qualified_name(condition.name))
            if condition.name in taken:
                yield duplicate(f"{here}.name", condition.name)
            taken.add(condition.name)


def _match_resources(at: str, match: Any) -> Iterator[FieldError]:
    yield from known(f"{at}.matchPolicy", match, "matchPolicy", ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        if not match.HasField(name):
            yield required(f"{at}.{name}")
        else:
            yield from label_selector(f"{at}.{name}", getattr(match, name))
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(getattr(match, name)):
            here = f"{at}.{name}[{index}]"
            operations = rule.ruleWithOperations
            yield from _rule(here, operations, operations.rule)
            taken: set[str] = set()
            for position, resource in enumerate(rule.resourceNames):
                yield from each(f"{here}.resourceNames[{position}]", resource, names.path_segment(resource))
                if resource in taken:
                    yield duplicate(f"{here}.resourceNames[{position}]", resource)
                taken.add(resource)


def _parameter_kind(at: str, kind: Any) -> Iterator[FieldError]:
    if not kind.apiVersion:
        yield required(f"{at}.apiVersion")
    elif kind.apiVersion.count("/") > 1:
        why = f"unexpected GroupVersion string: {kind.apiVersion}"
        yield invalid(f"{at}.apiVersion", kind.apiVersion, why)
    else:
        group, slash, version = kind.apiVersion.rpartition("/")
        if slash:
            problems = names.dns_subdomain(group)
            if problems:
                yield invalid(f"{at}.apiVersion", group, ",".join(problems))
        if problems := names.dns_label_1035(version):
            yield invalid(f"{at}.apiVersion", version, ",".join(problems))
    if not kind.kind:
        yield required(f"{at}.kind")
    elif problems := names.dns_label_1035(kind.kind.lower()):
        yield invalid(f"{at}.kind", kind.kind, f"may have mixed case, but should otherwise match: {','.join(problems)}")


def validating_policy(new: Any) -> Iterator[FieldError]:
    """Check a ValidatingAdmissionPolicy, but for its expressions."""
    spec = new.spec
    yield from _policy(spec)
    if not spec.validations and not spec.auditAnnotations:
        why = "validations or auditAnnotations must contain at least one item"
        yield required("spec.validations", why)
        yield required("spec.auditAnnotations", why)
    for index, validation in enumerate(spec.validations):
        at = f"spec.validations[{index}]"
        message = validation.message
        if not validation.Expression.strip():
            yield required(f"{at}.expression", "expression is not specified")
        if message and not message.strip():
            yield invalid(f"{at}.message", message, "message must be non-empty if specified")
        elif "\n" in message.strip():
            yield invalid(f"{at}.message", message, "message must not contain line breaks")
        elif "\n" in validation.Expression.strip() and not message:
            yield required(f"{at}.message", "message must be specified if expression contains line breaks")
        if validation.messageExpression and not validation.messageExpression.strip():
            yield invalid(f"{at}.messageExpression", validation.messageExpression, "must be non-empty if specified")
        if validation.HasField("reason") and validation.reason not in REASONS:
            yield unsupported(f"{at}.reason", validation.reason, REASONS)
    if len(spec.auditAnnotations) > 20:
        why = "must not have more than 20 auditAnnotations"
        yield invalid("spec.auditAnnotations", spec.auditAnnotations, why)
    taken: set[str] = set()
    for index, annotation in enumerate(spec.auditAnnotations):
        at = f"spec.auditAnnotations[{index}]"
        if not annotation.key:
            yield required(f"{at}.key")
        else:
            yield from each(
                f"{at}.key",
                f"{new.metadata.name}/{annotation.key}",
                names.qualified_name(f"{new.metadata.name}/{annotation.key}"),
            )
        if annotation.key in taken:
            yield duplicate(f"{at}.key", annotation.key)
        taken.add(annotation.key)
        if not annotation.valueExpression.strip():
            yield required(f"{at}.valueExpression", "valueExpression is not specified")
        elif len(annotation.valueExpression.encode()) > LONGEST_MESSAGE:
            yield too_long(f"{at}.valueExpression", LONGEST_MESSAGE)


def _policy(spec: Any) -> Iterator[FieldError]:
    """Check what both kinds of policies have."""
    if not spec.HasField("failurePolicy"):
        yield required("spec.failurePolicy")
    yield from known("spec.failurePolicy", spec, "failurePolicy", ("Fail", "Ignore"))
    if spec.HasField("paramKind"):
        yield from _parameter_kind("spec.paramKind", spec.paramKind)
    if not spec.HasField("matchConstraints"):
        yield required("spec.matchConstraints")
    else:
        yield from _match_resources("spec.matchConstraints", spec.matchConstraints)
        if not spec.matchConstraints.resourceRules:
            yield required("spec.matchConstraints.resourceRules")
    yield from match_conditions("spec.matchConditions", spec.matchConditions)
    taken: set[str] = set()
    for index, variable in enumerate(spec.variables):
        at = f"spec.variables[{index}]"
        if not variable.Name.strip():
            yield required(f"{at}.name", "name is not specified")
        elif not variable.Name.isidentifier() or not variable.Name.isascii():
            yield invalid(f"{at}.name", variable.Name, "name is not a valid CEL identifier")
        if variable.Name in taken:
            yield duplicate(f"{at}.name", variable.Name)
        taken.add(variable.Name)
        if not variable.Expression.strip():
            yield required(f"{at}.expression", "expression is not specified")


def mutating_policy(new: Any) -> Iterator[FieldError]:
    """Check a MutatingAdmissionPolicy, but for its expressions."""
    spec = new.spec
    yield from _policy(spec)
    if not spec.mutations:
        yield required("spec.mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(spec.mutations):
        at = f"spec.mutations[{index}]"
        kinds = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
        if not mutation.patchType:
            yield required(f"{at}.patchType")
        elif mutation.patchType not in kinds:
            yield unsupported(f"{at}.patchType", mutation.patchType, sorted(kinds))
        for kind, name in kinds.items():
            if mutation.patchType == kind and not mutation.HasField(name):
                yield required(f"{at}.{name}", f"must be specified when patchType is {kind}")
            elif mutation.patchType != kind and mutation.HasField(name):
                yield forbidden(f"{at}.{name}", f"must not be specified when patchType is {mutation.patchType}")
            elif mutation.HasField(name) and not getattr(mutation, name).expression.strip():
                yield required(f"{at}.{name}.expression", "expression is not specified")
    if not spec.HasField("reinvocationPolicy"):
        yield required("spec.reinvocationPolicy")
    elif spec.reinvocationPolicy not in ("IfNeeded", "Never"):
        yield unsupported("spec.reinvocationPolicy", spec.reinvocationPolicy, ("IfNeeded", "Never"))


def policy_binding(new: Any) -> Iterator[FieldError]:
    """Check a binding of a policy to what it is about."""
    spec = new.spec
    if not spec.policyName:
        yield required("spec.policyName")
    else:
        yield from each("spec.policyName", spec.policyName, names.dns_subdomain(spec.policyName))
    if spec.HasField("paramRef"):
        yield from _parameter("spec.paramRef", spec.paramRef)
    if spec.HasField("matchResources"):
        yield from _match_resources("spec.matchResources", spec.matchResources)
    if "validationActions" in spec.DESCRIPTOR.fields_by_name:
        yield from _actions("spec.validationActions", spec.validationActions)


def _parameter(at: str, reference: Any) -> Iterator[FieldError]:
    if reference.name:
        yield from each(f"{at}.name", reference.name, names.path_segment(reference.name))
        if reference.HasField("selector"):
            yield forbidden(f"{at}.name", "name and selector are mutually exclusive")
    elif reference.HasField("selector"):
        yield from label_selector(f"{at}.selector", reference.selector)
    else:
        yield required(at, "one of name or selector must be specified")
    if not reference.HasField("parameterNotFoundAction"):
        yield required(f"{at}.parameterNotFoundAction")
    elif reference.parameterNotFoundAction not in ("Allow", "Deny"):
        yield unsupported(f"{at}.parameterNotFoundAction", reference.parameterNotFoundAction, ("Deny", "Allow"))


def _actions(at: str, actions: Any) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, action in enumerate(actions):
        if action not in ACTIONS:
            yield unsupported(f"{at}[{index}]", action, ACTIONS)
        if action in seen:
            yield duplicate(f"{at}[{index}]", action)
        seen.add(action)
    if {"Deny", "Warn"} <= seen:
        yield invalid(at, actions, TWICE)
    if not seen:
        yield required(at, "at least one validation action is required")
