"""Whether the apiserver is alive and fit for use. Source: *Kubernetes API health endpoints*."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field


@dataclass
class Health:
    """Named checks: each returns what is wrong, or nothing."""

    checks: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    def report(self, endpoint: str, only: str = "", exclude: Collection[str] = ()) -> tuple[bool, str, str] | None:
        """Return whether all is well, the short text and the verbose one; None for a check that does not exist.

        `livez` asks only whether the process lives. What is in `exclude` is not asked.
        """
        wanted = {"ping": lambda: "", **(self.checks if endpoint != "livez" else {})}
        if only:
            if only not in wanted:
                return None
            wanted = {only: wanted[only]}
        problems = {name: check() for name, check in wanted.items() if name not in exclude}
        lines = [_line(name, problems.get(name)) for name in wanted]
        if unknown := sorted(set(exclude) - set(wanted)):
            names = ", ".join(f'"{name}"' for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {names}")
        good = not any(problems.values())
        lines.append(f"{endpoint} check {'passed' if good else 'failed'}")
        return good, "ok", "\n".join(lines) + "\n"


def _line(name: str, why: str | None) -> str:
    """Return what is said of a check: what is wrong, or nothing; None if it was not made."""
    if why is None:
        return f"[+]{name} excluded: ok"
    return f"[-]{name} failed: {why}" if why else f"[+]{name} ok"
