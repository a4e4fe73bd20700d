"""What makes a ruleset real. Another one joins by keeping the promises of `Backend`."""

from kobune.kube_proxy.backends.backend import Backend as Backend
from kobune.kube_proxy.backends.backend import FrontendState as FrontendState
