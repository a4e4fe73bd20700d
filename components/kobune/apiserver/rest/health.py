"""Whether the apiserver is alive and fit for use. Source: *Kubernetes API health endpoints*."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Health:
    """Named checks: each returns what is wrong, or nothing."""

    checks: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    def report(self, endpoint: str, only: str = "") -> tuple[bool, str, str] | None:
        """Return whether all is well, the short text and the verbose one; None for a check that does not exist.

        `livez` asks only whether the process lives.
        """
        wanted = {"ping": lambda: "", **(self.checks if endpoint != "livez" else {})}
        if only:
            if only not in wanted:
                return None
            wanted = {only: wanted[only]}
        problems = {name: check() for name, check in wanted.items()}
        lines = [f"[-]{name} failed: {why}" if why else f"[+]{name} ok" for name, why in problems.items()]
        good = not any(problems.values())
        lines.append(f"{endpoint} check {'passed' if good else 'failed'}")
        return good, "ok", "\n".join(lines) + "\n"
