"""What `kobune scheduler explain` asks the scheduler, and how it shows the answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import grpc

from kobune.component_base.certificates import credentials
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import channel_credentials
from kobune.launcher.composition import ADMIN
from kobune.launcher.data_dir import DataDirectory
from kobune.scheduler.v1 import ExplainRequest, Explanation, Objection, Verdict
from kobune.scheduler.v1.explain_pb2_grpc import DecisionsStub

SHOWN: Final = 20
"""Of how many nodes all scores are printed."""
NAMED: Final = 5
"""How many nodes are named that have the same objection."""
TIMEOUT: Final = 60.0


def explain(directory: DataDirectory, namespace: str, pod: str) -> None:
    """Print why a pod is, or is not, on a node; `CannotStart` if the scheduler cannot tell."""
    address = directory.recorded("scheduler").get("address")
    if directory.holder() is None or not address:
        raise CannotStart(f"no scheduler is running in {directory.root}: start it with kobune up")
    with grpc.secure_channel(address, channel_credentials(credentials(directory.pki, ADMIN.name))) as channel:
        try:
            parts = DecisionsStub(channel).Explain(ExplainRequest(namespace=namespace, pod=pod), timeout=TIMEOUT)
            _show(f"{namespace}/{pod}", list(parts))
        except grpc.RpcError as error:
            raise CannotStart(f"the scheduler cannot tell: {error.details()}") from error


def _show(pod: str, parts: Sequence[Explanation]) -> None:
    summary, verdicts = parts[0].summary, [part.verdict for part in parts[1:]]
    when = datetime.fromtimestamp(summary.time, UTC).strftime("%H:%M:%S")
    came = f"goes to {summary.node}" if summary.node else "has no node"
    print(f"{pod} {came}: it fits {summary.fitting} of {summary.nodes} nodes ({summary.scheduler}, {when} UTC)")
    if summary.fitting and not summary.node:  # it is not the nodes that keep it
        print(f"  {summary.message}")
    if summary.HasField("refused"):
        print(f"  no node was looked at: {_words(summary.refused)}")
    for verdict in [verdict for verdict in verdicts if not verdict.HasField("objection")][:SHOWN]:
        scores = "  ".join(f"{score.plugin} {score.score:g}x{score.weight}" for score in verdict.scores)
        print(f"  {verdict.rank:>3}. {verdict.node}  {verdict.total:g}  ({scores})")
    if summary.fitting > SHOWN:
        print(f"       … and {summary.fitting - SHOWN:,} more")
    for words, nodes in _objections(verdicts).items():
        names = ", ".join(nodes[:NAMED]) + (f" and {len(nodes) - NAMED:,} more" if len(nodes) > NAMED else "")
        print(f"  not {names}: {words}")
    for line in summary.otherwise:
        print(f"  {line}")


def _objections(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """Return the nodes where the pod does not fit, by what is said about them."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.HasField("objection"):
            found.setdefault(_words(verdict.objection), []).append(verdict.node)
    return found


def _words(objection: Objection) -> str:
    return f"{', '.join(objection.reasons)} [{objection.plugin}]"
