"""What all verbs share: what there is, the store, and who decides about writes."""

from dataclasses import dataclass, field

from kobune.apiserver.admission.chain import Admission
from kobune.apiserver.auth.authenticate import Tokens
from kobune.apiserver.auth.authorize import Authorizer
from kobune.apiserver.auth.service_account_tokens import ServiceAccountTokens
from kobune.apiserver.cache.view import View
from kobune.apiserver.kubelets.kubelets import Kubelets
from kobune.apiserver.storage.store import SharedStore, Store
from kobune.apiserver.verbs.addresses import Addresses
from kobune.apiserver.verbs.allocations import Allocations
from kobune.apiserver.verbs.leases import EventLeases
from kobune.apiserver.verbs.shapes import Shapes


@dataclass(frozen=True)
class Api(View):
    """One apiserver's parts, as the verbs need them."""

    store: Store
    admission: Admission
    authorizer: Authorizer
    tokens: ServiceAccountTokens
    bearers: Tokens
    """Whose bearer tokens are, of every sort."""
    addresses: Addresses
    event_leases: EventLeases
    kubelets: Kubelets
    owned: Shapes = field(default_factory=Shapes)
    """By what new objects are like: the fields that their creators own."""
    shared: SharedStore | None = None
    """The store, if other apiservers write to it, too…"""
    allocations: Allocations | None = None
    """…and what then keeps them from giving away an address twice."""
    warns_of_unserved: bool = False
    """Whether those are told who ask for what nothing in the cluster acts on."""
