"""A string that is sent but never shown."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from gql.transport.exceptions import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, SupportsIndex

    P = ParamSpec("P")

__all__ = ["Secret", "SecretBytes", "arguments_hidden", "hidden", "sealed"]

T = TypeVar("T")


class Secret(str):
    """A ``str`` whose ``repr`` is redacted and which refuses to be pickled.

    Wherever Python shows values by ``repr`` (a dict of headers, the local variables of a
    traceback, a dataclass, a debugger) the text does not appear. ``str()``, formatting and
    sending return the real text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<redacted>"

    def __getitem__(self, key: SupportsIndex | slice) -> Secret:
        # Tools that shorten long strings (rich) call repr on a slice.
        return Secret(super().__getitem__(key))

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not pickled: pass it on through a persistence"
        raise TypeError(msg)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class SecretBytes(bytes):
    """``bytes`` with a redacted ``repr``: saved sessions, before and after encryption."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<redacted>"

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        # See Secret; a single byte is a number.
        found = super().__getitem__(key)
        return SecretBytes(found) if isinstance(found, bytes) else found

    def __reduce__(self) -> NoReturn:
        msg = "saved sessions are not pickled"
        raise TypeError(msg)


def hidden(value: object) -> Secret | type | None:
    """Return what replaces an argument that should be a secret text, before it is checked.

    If the check raises an error, tracebacks that show local variables then show no secret,
    even where the argument was wrong (bytes, a token with a line end).

    Args:
        value: what the caller passed.

    Returns:
        A string as a ``Secret``, ``None`` as it is, and the type of anything else.
    """
    if value is None:
        return None
    return Secret(value) if isinstance(value, str) else type(value)


@overload
def sealed(text: str) -> Callable[[], Secret]: ...
@overload
def sealed(text: str | None) -> Callable[[], Secret | None]: ...
def sealed(text: str | None) -> Callable[[], Secret | None]:
    """Return a function that returns a secret text.

    It is for local variables of frames that errors carry to the caller: some agents copy what
    is a ``str`` by its type, whatever its ``repr`` is.
    """
    secret = None if text is None else Secret(text)
    return lambda: secret


def arguments_hidden(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function whose errors, if they are of this package, show no arguments.

    For constructors: what was passed may be a secret in a wrong place, such as a password in a
    URL or a token as ``auth``, and tools show the local variables of each frame of a traceback.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except TransportError as error:  # the base of all errors of this package
            failed = error.with_traceback(None)
        del args, kwargs
        raise failed

    return call
