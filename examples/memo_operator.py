"""An operator written with kopf: each Memo gets a ConfigMap, and is not gone before it has said goodbye.

    pip install kopf kubernetes; KUBECONFIG=$(kobune kubeconfig) kopf run examples/memo_operator.py --namespace default

Its kind is in examples/memos.yaml.
"""

import os

import kopf
import kubernetes

MEMO = ("example.com", "v1", "memos")


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: object) -> None:
    settings.persistence.finalizer = "example.com/memo"
    kubernetes.config.load_kube_config(os.environ["KUBECONFIG"])


@kopf.on.create(*MEMO)
def write(spec: kopf.Spec, name: str, namespace: str, **_: object) -> dict[str, str]:
    note = {"metadata": {"name": name}, "data": {"text": spec["text"]}}
    kopf.adopt(note)
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, note)
    return {"note": name}


@kopf.on.update(*MEMO, field="spec.text")
def rewrite(new: str, name: str, namespace: str, **_: object) -> None:
    kubernetes.client.CoreV1Api().patch_namespaced_config_map(name, namespace, {"data": {"text": new}})


@kopf.on.delete(*MEMO)
def say_goodbye(name: str, namespace: str, **_: object) -> None:
    farewell = {"metadata": {"name": f"{name}-was-here"}}
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, farewell)
