"""The annotations and labels by which the kubelet, its runtimes and people speak of pods."""

NODE = "kobune.dev/node"
"""On a sandbox: the node that it is on. One runtime serves the nodes of a whole process."""
NODE_IP = "kobune.dev/node-ip"
"""On a sandbox: the address of that node."""
POD_CIDR = "kobune.dev/pod-cidr"
"""On a sandbox: the range that its address comes from."""
ROLE = "kobune.dev/container-role"
"""On a container: `init`, `sidecar` or `app`."""
PORTS = "kobune.dev/container-ports"
"""On a container: the TCP ports that it declares, `80,443`. CRI itself never says them."""
IMAGE = "kobune.dev/image"
"""On a container: its image as the pod names it. Runtimes tell of images in forms of their own."""

EXIT_AFTER = "kobune.dev/exit-after"
EXIT_CODE = "kobune.dev/exit-code"
STOP_AFTER = "kobune.dev/stop-after"
CPU = "kobune.dev/cpu"
MEMORY = "kobune.dev/memory"
CPU_PER_REQUEST = "kobune.dev/cpu-per-request"
"""These are on pods, set by people: what a simulated container does, and what it uses. See the README."""

KUBELET = "kobune.dev/kubelet"
"""On nodes, set by the kubelet: where it serves gRPC, `127.0.0.1:41234`. One process serves many nodes, so that this is
no address of the node's."""

PORT_MAP = "kobune.dev/port-map"
"""On pods, set by the kubelet: `80=34080` says where a port answers that could not be bound."""

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
"""The labels that every kubelet gives to sandboxes and containers."""

FIRST_PORT_INFO = "kobune.dev/first-port"
PORT_OFFSET_INFO = "kobune.dev/port-offset"
"""In a runtime's verbose `Status`: the first port that it can bind, and what it adds to those below."""
