"""What a mutating policy does to a write. Importing this loads the expressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from kobune.apimachinery.apply.merge import merge
from kobune.apimachinery.cel import Budget, CelError, EvaluationError, Program, compile
from kobune.apimachinery.cel.budget import PER_REQUEST
from kobune.apimachinery.cel.environments import variables
from kobune.apimachinery.cel.values import Duration, Optional, Timestamp
from kobune.apimachinery.errors import ApiError
from kobune.apimachinery.patch import PatchTooLarge, Unpatchable, apply_json_patch
from kobune.apiserver.admission import objects
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.policies.composed import Composition, compose
from kobune.apiserver.admission.policies.conditions import Conditions, Undecided, compile_conditions, explained
from kobune.apiserver.admission.policies.decide import is_bound
from kobune.apiserver.admission.policies.environment import Facts
from kobune.apiserver.admission.policies.mutating import Failure
from kobune.apiserver.admission.policies.scope import Misconfigured, matching_version, params
from kobune.apiserver.admission.policies.validating import Policy
from kobune.apiserver.cel.mutations import Structs, patch_type
from kobune.apiserver.registry.resource import Resource


class _Failed(Exception):
    """A mutation that cannot be made."""


@dataclass(frozen=True)
class Mutator:
    """A compiled policy."""

    conditions: Conditions
    composition: Composition
    mutations: Sequence[tuple[str, Program]]
    """The kind of patch, and what makes it."""


def mutate(write: Write, policy: Policy, versions: Sequence[Resource]) -> bool:
    """Change an object as a policy says, and return whether it is another one now; `Failure` if it fails closed."""
    resource = matching_version(write, policy.matcher, versions)
    if resource is None:
        return False
    changed = False
    kind = policy.spec.paramKind if policy.spec.HasField("paramKind") else None
    for binding in policy.bindings:
        if binding.matcher is not None and not is_bound(write, binding, versions):
            continue
        try:
            for param in params(write, kind, binding.param_ref):
                facts = Facts(write, resource)
                given = facts.with_values(params=param) if kind is not None else facts
                changed = _apply(write, resource, _mutator(policy), given) or changed
        except (_Failed, Undecided, CelError, Misconfigured, ApiError) as error:
            if policy.fails_closed:
                why = f"failed to configure binding: {error}" if isinstance(error, Misconfigured) else str(error)
                raise Failure(policy.name, binding.name, why) from None
    return changed


def _apply(write: Write, resource: Resource, mutator: Mutator, facts: Facts) -> bool:
    if not mutator.conditions.hold(facts):
        return False
    budget = Budget(PER_REQUEST)
    before = objects.tree_of(resource, write.new)
    tree = before
    for kind, program in mutator.mutations:
        # Each mutation sees what those before it have made; the policy's variables too.
        given = facts.with_values(object=tree)
        given = given.with_values(variables=mutator.composition.values(given, budget))
        try:
            made = _plain(program.evaluate(given, budget))
        except EvaluationError as error:
            raise _Failed(explained(program, error)) from None
        tree = _patched(tree, made) if kind == "JSONPatch" else _merged(resource, tree, made)
    if tree == before:
        return False
    objects.replace(write, resource, orjson.loads(orjson.dumps(tree)))
    return True


def _patched(tree: dict[str, Any], patch: Any) -> dict[str, Any]:
    try:
        after = apply_json_patch(orjson.loads(orjson.dumps(tree)), patch)
    except (Unpatchable, PatchTooLarge, RecursionError, TypeError) as error:
        raise _Failed(f"error applying patch: {error}") from None
    if not isinstance(after, dict):
        raise _Failed("the patch leaves no object")
    return after


def _merged(resource: Resource, tree: dict[str, Any], config: Any) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise _Failed("the expression makes no object")
    metadata = config.get("metadata")
    for name in ("name", "namespace", "uid", "generateName"):
        if isinstance(metadata, dict) and name in metadata:
            raise _Failed(f"metadata.{name} may not be set")
    merged: dict[str, Any] = merge(tree, config, resource.ownership)
    return {**merged, "apiVersion": tree["apiVersion"], "kind": tree["kind"]}


def _plain(value: Any) -> Any:
    """Return a value of an expression as JSON."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, bool | str | float) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Duration | Timestamp):
        return str(value)
    if isinstance(value, Optional):
        return _plain(value.value) if value.present else None
    raise _Failed("the expression makes something that has no JSON")


@lru_cache(maxsize=512)
def _mutator(policy: Policy) -> Mutator:
    """Return a compiled policy; policies are compared by identity, so a changed one is compiled anew."""
    spec: Any = policy.spec
    has_params = spec.HasField("paramKind")
    structs = Structs()
    conditions = compile_conditions(spec.matchConditions, variables(params=has_params))
    composition = compose(spec.variables, params=has_params, structs=structs)
    mutations = []
    for mutation in spec.mutations:
        part = mutation.jsonPatch if mutation.patchType == "JSONPatch" else mutation.applyConfiguration
        program = compile(part.expression, composition.types, patch_type(mutation.patchType), structs=structs)
        mutations.append((mutation.patchType, program))
    return Mutator(conditions, composition, mutations)
