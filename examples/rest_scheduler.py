"""A scheduler over REST: pods with `spec.schedulerName: first` take the first node that has room for their CPU.

    pip install kubernetes
    KUBECONFIG=~/.kobune/default/kubeconfig python examples/rest_scheduler.py

It runs beside the others: it counts what they bind, and what they were faster to bind is not its business any more.
"""

from kubernetes import client, config, watch
from kubernetes.utils import parse_quantity


class FirstFit:
    def __init__(self) -> None:
        self.api = client.CoreV1Api()
        self.placed: dict[str, tuple[str, float]] = {}  # by uid: the node, and how much CPU

    def run(self) -> None:
        for event in watch.Watch().stream(self.api.list_pod_for_all_namespaces):
            pod = event["object"]
            gone = event["type"] == "DELETED" or pod.status.phase in ("Succeeded", "Failed")
            if gone:
                self.placed.pop(pod.metadata.uid, None)
            elif pod.spec.node_name:
                self.placed[pod.metadata.uid] = pod.spec.node_name, cpu(pod)
            elif pod.spec.scheduler_name == "first" and pod.metadata.uid not in self.placed:
                self.schedule(pod)

    def schedule(self, pod: client.V1Pod) -> None:
        for node in self.api.list_node().items:
            name = node.metadata.name
            taken = sum(amount for where, amount in self.placed.values() if where == name)
            if taken + cpu(pod) <= float(parse_quantity(node.status.allocatable["cpu"])):
                self.bind(pod, name)
                return
        print(f"no room for {pod.metadata.name}", flush=True)

    def bind(self, pod: client.V1Pod, node: str) -> None:
        meta = client.V1ObjectMeta(name=pod.metadata.name, uid=pod.metadata.uid)
        binding = client.V1Binding(metadata=meta, target=client.V1ObjectReference(kind="Node", name=node))
        try:
            # The answer is a Status, which the client does not expect.
            self.api.create_namespaced_binding(pod.metadata.namespace, binding, _preload_content=False)
        except client.ApiException as error:
            print(f"{pod.metadata.name}: {error.reason}", flush=True)  # 409: another was faster
            return
        self.placed[pod.metadata.uid] = node, cpu(pod)
        print(f"{pod.metadata.name} goes to {node}", flush=True)


def cpu(pod: client.V1Pod) -> float:
    asked = [(container.resources.requests or {}).get("cpu", "0") for container in pod.spec.containers]
    return float(sum(parse_quantity(amount) for amount in asked))


if __name__ == "__main__":
    config.load_kube_config()
    FirstFit().run()
