"""How much work expressions may do. Source: the CEL cost limits of *Common Expression Language in Kubernetes*."""

from kobune.apimachinery.cel.errors import CostExceeded

PER_EXPRESSION = 1_000_000
PER_REQUEST = 10_000_000
PER_MATCH_CONDITIONS = 2_500_000


class Budget:
    """What is left to spend, for one expression or for several in a row."""

    __slots__ = ("left",)

    def __init__(self, limit: int = PER_EXPRESSION) -> None:
        self.left = limit

    def spend(self, cost: int) -> None:
        """Take `cost` off what is left; `CostExceeded` when nothing is."""
        self.left -= cost
        if self.left < 0:
            raise CostExceeded
