"""The kubelet's side of CRI `runtime.v1`."""
