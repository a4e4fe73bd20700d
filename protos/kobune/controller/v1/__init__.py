"""The messages of kobune.controller.v1."""

from kobune.controller.v1.controllers_pb2 import ControllerStatus as ControllerStatus
from kobune.controller.v1.controllers_pb2 import ListControllersRequest as ListControllersRequest
from kobune.controller.v1.controllers_pb2 import ListControllersResponse as ListControllersResponse
from kobune.controller.v1.controllers_pb2 import PauseControllerRequest as PauseControllerRequest
from kobune.controller.v1.controllers_pb2 import ResumeControllerRequest as ResumeControllerRequest

__all__ = ['ControllerStatus', 'ListControllersRequest', 'ListControllersResponse', 'PauseControllerRequest', 'ResumeControllerRequest']
