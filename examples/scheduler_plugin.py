"""A scheduler's plugin in a process of its own: it prefers racks that run few pods of the same app.

    python examples/scheduler_plugin.py 7000
    kobune up --scheduler-config examples/scheduler-plugin.yaml

It is told about nodes and pods as they change, and asked once per pod about all nodes that the pod fits.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from kobune.scheduler.v1 import Answer, Changes, FromPlugin, Question, ToPlugin, Welcome
from kobune.scheduler.v1.plugin_pb2_grpc import PluginServicer, add_PluginServicer_to_server


class RackSpread(PluginServicer):
    def Run(self, messages: Iterator[ToPlugin], context: object) -> Iterator[FromPlugin]:  # noqa: N802 - gRPC's name
        known = Known()  # of this scheduler: it tells everything again when it connects again
        for message in messages:
            if message.HasField("hello"):
                yield FromPlugin(welcome=Welcome(version=1, name="RackSpread", scores=True))
            elif message.HasField("changes"):
                known.follow(message.changes)
            elif message.HasField("question"):
                yield FromPlugin(answer=known.answer(message.question))


class Known:
    def __init__(self) -> None:
        self.racks: dict[int, str] = {}
        self.apps: dict[int, str] = {}
        self.placed: dict[str, tuple[str, str]] = {}

    def follow(self, changes: Changes) -> None:
        for template in changes.templates:
            self.apps[template.id] = template.labels.get("app", "")
        for node in changes.nodes:
            self.racks[node.id] = node.labels.get("rack", node.name)
        for pod in changes.placed:
            self.placed[pod.uid] = (self.racks[pod.node], self.apps[pod.template])
        for pod in changes.left:
            self.placed.pop(pod.uid, None)

    def answer(self, question: Question) -> Answer:
        app, counts = self.apps[question.score.template], Counter(self.placed.values())
        beside = [counts[self.racks[node], app] for node in question.score.nodes or self.racks]
        return Answer(number=question.number, scores=[100 / (1 + count) for count in beside])


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(4))
    add_PluginServicer_to_server(RackSpread(), server)
    port = server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    print(f"listening on {port}", flush=True)
    server.wait_for_termination()
