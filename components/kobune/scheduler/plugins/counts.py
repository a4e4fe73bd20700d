"""How many pods there are in each domain, as it is and as it would be."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

D = TypeVar("D", bound=Hashable)


@dataclass(frozen=True)
class Counts(Generic[D]):
    """Numbers by domain. What it would be after a change is another of these, which shares what has not changed."""

    domains_with: Mapping[int, int]
    """How many domains have each number."""
    _base: Mapping[D, int]
    _changed: Mapping[D, int] = field(default_factory=dict)

    @classmethod
    def of(cls, numbers: Mapping[D, int]) -> "Counts[D]":
        """Return the numbers in this form; they may not be changed any more."""
        return cls(Counter(numbers.values()), numbers)

    def at(self, domain: D) -> int:
        """Return the number of a domain; 0 if it is not known."""
        changed = self._changed.get(domain)
        return self._base.get(domain, 0) if changed is None else changed

    def plus(self, domain: D, more: int) -> "Counts[D]":
        """Return what it would be with more, or fewer, in a domain."""
        before = self.at(domain)
        domains_with = dict(self.domains_with)
        if domain in self._changed or domain in self._base:
            domains_with[before] -= 1
            if not domains_with[before]:
                del domains_with[before]
        domains_with[before + more] = domains_with.get(before + more, 0) + 1
        return Counts(domains_with, self._base, {**self._changed, domain: before + more})

    @property
    def least(self) -> int:
        """The number of the emptiest domain, of which there has to be one."""
        return min(self.domains_with)

    def __len__(self) -> int:
        return sum(self.domains_with.values())

    def __bool__(self) -> bool:
        """Whether there are any pods."""
        return any(self.domains_with)
