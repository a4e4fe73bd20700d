"""A proxy of real listening sockets: needs no privileges, and works wherever the addresses are of this machine."""

from kobune.kube_proxy.backends.userspace.userspace import Userspace as Userspace
