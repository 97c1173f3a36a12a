"""The client's side of the protocol: frames in, events and frames out. No socket, no clock.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ..http.json import loads
from .errors import Completed, ServerError, server_error_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Acknowledged",
    "Ended",
    "Event",
    "Message",
    "Protocol",
    "Rejected",
    "Started",
    "UnassignedError",
    "Unreadable",
]

_DEFAULT_TIMEOUT = 300.0
"""Seconds, if the ``connection_ack`` does not say; AppSync's own."""

_LONGEST = 86_400_000
"""Milliseconds of a day, after which AppSync ends each connection. A longer timeout is ignored."""


class Message(TypedDict):
    """An event for a subscription: the frame itself, because this must be cheap."""

    id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The server accepted the connection.

    Attributes:
        timeout: seconds without any frame after which the connection is dead.
    """

    timeout: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server rejected the connection, or ended it."""

    error: ServerError


@dataclass(frozen=True, slots=True)
class Started:
    """The server acknowledged a subscription."""

    id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The server completed a subscription, did not accept it, or ended it with an error."""

    id: str
    end: Completed | ServerError


@dataclass(frozen=True, slots=True)
class UnassignedError:
    """An error that is not for a subscription of this connection; all of them go on.

    Attributes:
        error: what the server sent.
        names_id: whether it names a subscription, which is then not one of this connection.
    """

    error: ServerError
    names_id: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A frame that can't be understood.

    Attributes:
        reason: why; it quotes nothing of the frame.
    """

    reason: str


Event = Message | Acknowledged | Rejected | Started | Ended | UnassignedError | Unreadable


class _Phase(enum.Enum):
    STARTING = "starting"
    ACTIVE = "active"
    STOPPING = "stopping"


class Protocol:
    """The client's side of one connection.

    Args:
        loads: reads JSON from a frame's text, or from its bytes in UTF-8.
    """

    def __init__(self, loads: Callable[[Any], Any] = loads) -> None:
        self._loads = loads
        self._acknowledged = False
        self._phases: dict[str, _Phase] = {}
        self._handlers: dict[str, Callable[[dict[str, Any]], Event | None]] = {
            "data": self._data,
            "ka": lambda _: None,
            "error": lambda frame: self._error(frame.get("id"), frame),
            "connection_error": lambda frame: Rejected(server_error_of(frame)),
            "connection_ack": lambda frame: self._ack(frame.get("payload")),
            "start_ack": lambda frame: self._start_ack(frame.get("id")),
            "complete": lambda frame: self._complete(frame.get("id")),
        }

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the subscriptions that have not ended yet."""
        return frozenset(self._phases)

    # -- frames out -----------------------------------------------------------------

    def init(self) -> str:
        """Return the first frame."""
        return json.dumps({"type": "connection_init"})

    def start(self, id: str, data: str, authorization: Mapping[str, str]) -> str:  # noqa: A002
        """Return the frame that starts a subscription.

        Args:
            id: a name that was never used on this connection.
            data: the operation and its variables as JSON: the exact text that was signed.
            authorization: headers, ``host`` among them.

        Raises:
            ValueError: the id is in use.
        """
        if id in self._phases:
            msg = f"the id {id} is in use"
            raise ValueError(msg)
        self._phases[id] = _Phase.STARTING
        extensions = {"authorization": dict(authorization)}
        payload = {"data": data, "extensions": extensions}
        return json.dumps({"id": id, "type": "start", "payload": payload})

    def stop(self, id: str) -> str | None:  # noqa: A002
        """Return the frame that stops a subscription; ``None`` if it is stopped or has ended."""
        if self._phases.get(id) in {None, _Phase.STOPPING}:
            return None
        self._phases[id] = _Phase.STOPPING
        return json.dumps({"id": id, "type": "stop"})

    def forget(self, id: str) -> None:  # noqa: A002
        """Ignore from now on what the server sends for a subscription."""
        self._phases.pop(id, None)

    # -- frames in --------------------------------------------------------------------

    def receive(self, text: str | bytes) -> Event | None:
        """Return what one frame means; ``None`` if there is nothing to do. Never raises."""
        frame: Any = None
        try:
            frame = self._loads(text)
            # Nearly all frames are of this kind, so it is the first one that is checked.
            if (
                frame["type"] == "data"
                and frame["id"] in self._phases
                and type(frame["payload"]) is dict
            ):
                return frame  # type: ignore[no-any-return]
        except (KeyError, TypeError):
            pass  # it is another kind, or no object
        except Exception:  # noqa: BLE001 - a user's own JSON reader may raise anything
            return Unreadable("it is not JSON")
        if not isinstance(frame, dict):
            return Unreadable("it is not a JSON object")
        kind = frame.get("type")
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        return handler(frame) if handler else Unreadable("its type is not known")

    def _data(self, frame: dict[str, Any]) -> Event | None:
        id_, payload = frame.get("id"), frame.get("payload")
        if not isinstance(id_, str) or not isinstance(payload, dict):
            return Unreadable("a data frame without id or payload")
        # One that is being stopped goes on until the server has completed it.
        return cast("Message", frame) if id_ in self._phases else None

    def _error(self, id_: object, frame: dict[str, Any]) -> Event:
        error = server_error_of(frame)
        if isinstance(id_, str) and self._over(id_):
            return Ended(id_, error)
        return UnassignedError(error, names_id=id_ is not None and id_ != "")

    def _ack(self, payload: object) -> Event | None:
        if self._acknowledged:
            return None
        self._acknowledged = True
        millis = payload.get("connectionTimeoutMs") if isinstance(payload, dict) else None
        if isinstance(millis, int | float) and 1 < millis < _LONGEST:
            return Acknowledged(millis / 1000)
        return Acknowledged(_DEFAULT_TIMEOUT)

    def _start_ack(self, id_: object) -> Event | None:
        if not isinstance(id_, str):
            return Unreadable("a start_ack frame without id")
        if self._phases.get(id_) is not _Phase.STARTING:
            return None
        self._phases[id_] = _Phase.ACTIVE
        return Started(id_)

    def _complete(self, id_: object) -> Event | None:
        if not isinstance(id_, str):
            return Unreadable("a complete frame without id")
        return Ended(id_, Completed()) if self._over(id_) else None

    def _over(self, id_: str) -> bool:
        return self._phases.pop(id_, None) is not None
