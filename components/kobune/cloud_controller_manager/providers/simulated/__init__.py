"""A cloud that is not there: machines for every node, and load balancers with addresses of this machine."""

from kobune.cloud_controller_manager.providers.simulated.cloud import SimulatedCloud as SimulatedCloud
from kobune.cloud_controller_manager.providers.simulated.services import services as services
