"""A webhook, as its configuration describes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kobune.apiserver.admission import matching
from kobune.apiserver.admission.matching import Matcher


@dataclass(frozen=True, eq=False)
class Webhook:
    """One webhook of a configuration."""

    name: str
    configuration: str
    matcher: Matcher
    message: Any

    @property
    def fails_closed(self) -> bool:
        """Whether a write is refused that the webhook could not be asked about."""
        return bool(self.message.failurePolicy != "Ignore")

    @property
    def timeout(self) -> float:
        """How many seconds it has."""
        return float(self.message.timeoutSeconds or 10)

    @property
    def allows_dry_run(self) -> bool:
        """Whether it may be asked about what is only tried."""
        return self.message.sideEffects in ("None", "NoneOnDryRun")

    @property
    def is_called_again(self) -> bool:
        """Whether it wants to see what others have changed after it."""
        return getattr(self.message, "reinvocationPolicy", "") == "IfNeeded"


def webhooks_of(configuration: Any) -> Sequence[Webhook]:
    """Return the webhooks of a configuration."""
    name = configuration.metadata.name
    return [Webhook(hook.name, name, matching.of_webhook(hook), hook) for hook in configuration.Webhooks]
