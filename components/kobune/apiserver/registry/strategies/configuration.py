"""What pods are given: configuration, secrets, accounts, and their share of a namespace."""

from collections.abc import Mapping
from typing import Any

from kobune.apiserver.registry.advice.cluster import service_account_warnings
from kobune.apiserver.registry.defaults import cluster as defaults
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import configuration, quotas


class SecretStrategy(UncountedStrategy):
    """A secret can be found by its type, and keeps it if an update leaves it out."""

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        if not new.type:
            new.type = old.type

    def selectable_fields(self) -> Mapping[str, str]:
        return {"type": "type"}


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        ("", "configmaps"): UncountedStrategy(
            rules=Rules(always=configuration.config_map, change=configuration.config_map_update)
        ),
        ("", "limitranges"): UncountedStrategy(defaults.default_limit_range, Rules(always=quotas.limit_range)),
        ("", "resourcequotas"): UncountedStrategy(
            rules=Rules(always=quotas.quota, change=quotas.quota_update, status=quotas.quota_status),
            returns_deleted=True,
        ),
        ("", "secrets"): SecretStrategy(
            defaults.default_secret, Rules(always=configuration.secret, change=configuration.secret_update)
        ),
        ("", "serviceaccounts"): UncountedStrategy(returns_deleted=True, warnings=service_account_warnings),
    }
