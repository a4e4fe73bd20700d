"""The messages of kobune.api.events.v1."""

from kobune.api.events.v1.types_pb2 import Event as Event
from kobune.api.events.v1.types_pb2 import EventList as EventList
from kobune.api.events.v1.types_pb2 import EventSeries as EventSeries

__all__ = ['Event', 'EventList', 'EventSeries']
