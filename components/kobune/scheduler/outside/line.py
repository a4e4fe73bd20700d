"""A stream to a plugin outside, for those who wait for an answer; opened when needed, and again if it is lost."""

import queue
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import grpc
import orjson

from kobune.scheduler.outside.mirror import Mirror
from kobune.scheduler.v1 import Answer, Changes, FromPlugin, Hello, Question, Release, ToPlugin, Welcome
from kobune.scheduler.v1.plugin_pb2_grpc import PluginStub

VERSION: Final = 1
OPTIONS: Final = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class LineFailed(Exception):
    """There is no answer, and why."""


@dataclass(frozen=True)
class TLS:
    """Files with which a plugin is reached over TLS."""

    ca: str
    certificate: str = ""
    key: str = ""


class Listener(Protocol):
    """Who is told what a plugin says without being asked. Called from another thread."""

    def said(self, release: Release) -> None:
        """Take in what becomes of a pod that the plugin holds."""

    def lost(self, why: str) -> None:
        """Note that the stream has ended, and with it all that the plugin knew."""


class Line:
    """One stream at a time. It is opened by one thread at a time; several may wait for answers."""

    def __init__(
        self, address: str, hello: Mapping[str, Any], scheduler: str, tls: TLS | None, listener: Listener
    ) -> None:
        self._address = address
        self._listener = listener
        self._hello = Hello(version=VERSION, scheduler=scheduler, arguments=orjson.dumps(hello).decode())
        self._tls = tls
        self._stream: _Stream | None = None

    def mirror(self, seconds: float) -> tuple[Mirror, Welcome]:
        """Return what the other end knows and what it wants; connects if need be, or raises `LineFailed`."""
        stream = self._stream
        if stream is None or stream.broken or stream.mirror.is_full:
            self.close()
            stream = self._stream = _Stream(self._address, self._tls, self._hello, self._listener)
        welcome = stream.welcome(seconds)
        return stream.mirror, welcome

    def send(self, changes: Changes, question: Question, seconds: float) -> "Asked":
        """Send a question after some changes, on the open stream. The answer will be awaited for so many seconds."""
        assert self._stream is not None
        return Asked(self._stream, self._stream.send(changes, question, seconds), seconds)

    def answer(self, asked: "Asked") -> Answer:
        """Wait for an answer and return it, or raise `LineFailed`."""
        try:
            answer = asked.stream.answer(asked.number, asked.seconds)
        except LineFailed as error:
            asked.stream.give_up(str(error))  # what the other end knows is not known any more
            raise
        if answer.error:
            raise LineFailed(answer.error)
        return answer

    def close(self) -> None:
        """End the stream."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


@dataclass(frozen=True)
class Asked:
    """A question that was sent."""

    stream: "_Stream"
    number: int
    seconds: float


class _Stream:
    def __init__(self, address: str, tls: TLS | None, hello: Hello, listener: Listener) -> None:
        self.mirror = Mirror()
        self._listener = listener
        self.broken = ""
        """Why it is, if it is."""
        self._number = 0
        self._sending: queue.SimpleQueue[ToPlugin | None] = queue.SimpleQueue()
        self._welcome: Future[Welcome] = Future()
        self._answers: dict[int, Future[Answer]] = {}
        """Those that are waited for, by the number of the question."""
        self._channel = _channel(address, tls)
        self._sending.put(ToPlugin(hello=hello))
        stub: Any = PluginStub(self._channel)
        self._call: Any = stub.Run(iter(self._sending.get, None))
        threading.Thread(target=self._read, name=f"plugin at {address}", daemon=True).start()

    def welcome(self, seconds: float) -> Welcome:
        try:
            welcome = self._welcome.result(seconds)
        except TimeoutError:
            self.close()
            self.broken = "no welcome"
            raise LineFailed(f"no welcome within {seconds:g} s") from None
        if welcome.version != VERSION:
            self.broken = "another version"
            raise LineFailed(f"it speaks version {welcome.version}, not {VERSION}")
        if welcome.error:
            self.broken = welcome.error
            raise LineFailed(welcome.error)
        return welcome

    def send(self, changes: Changes, question: Question, seconds: float) -> int:
        self._number += 1
        question.number, question.seconds = self._number, seconds
        self._answers[self._number] = Future()
        if changes.ByteSize():
            self._sending.put(ToPlugin(changes=changes))
        self._sending.put(ToPlugin(question=question))
        return self._number

    def answer(self, number: int, seconds: float) -> Answer:
        future = self._answers[number]
        if self.broken and not future.done():
            raise LineFailed(self.broken)
        try:
            return future.result(seconds)
        except TimeoutError:
            raise LineFailed(f"no answer within {seconds:g} s") from None
        finally:
            del self._answers[number]

    def give_up(self, why: str) -> None:
        self.broken = self.broken or why
        self.close()

    def close(self) -> None:
        self._sending.put(None)
        self._call.cancel()
        self._channel.close()

    def _read(self) -> None:
        why = "it has ended the stream"
        try:
            for message in self._messages():
                if message.HasField("welcome"):
                    with suppress(Exception):
                        self._welcome.set_result(message.welcome)
                elif message.HasField("answer"):
                    if (future := self._answers.get(message.answer.number)) is not None:
                        future.set_result(message.answer)
                elif message.HasField("release"):
                    self._listener.said(message.release)
        except grpc.RpcError as error:
            why = details(error)
        except ValueError:
            why = "the stream was closed"
        self.broken = self.broken or why
        waited_for: list[Future[Any]] = [self._welcome, *self._answers.values()]
        for waiting in waited_for:
            with suppress(InvalidStateError):
                waiting.set_exception(LineFailed(why))
        self._listener.lost(why)

    def _messages(self) -> Iterator[FromPlugin]:
        return iter(self._call)


def _channel(address: str, tls: TLS | None) -> grpc.Channel:
    if tls is None:
        return grpc.insecure_channel(address, options=OPTIONS)
    files = [Path(name).expanduser().read_bytes() if name else None for name in (tls.ca, tls.key, tls.certificate)]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(*files), options=OPTIONS)


def details(error: grpc.RpcError) -> str:
    """Return what a failed call says, in one line."""
    told = getattr(error, "details", None)
    return " ".join(str((told() if told is not None else "") or error).split())
