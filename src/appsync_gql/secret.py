"""A string that is sent, never shown."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["Secret", "SecretBytes"]


class Secret(str):
    """A ``str`` whose ``repr`` is redacted and which refuses to be pickled.

    Wherever Python shows values by ``repr`` (a dict of headers, the locals of a
    traceback, a dataclass, a debugger) the text does not appear. ``str()``,
    formatting and sending give the real text: that is what it is for.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<redacted>"

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not pickled: hand it over by a persistence"
        raise TypeError(msg)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class SecretBytes(bytes):
    """``bytes`` whose ``repr`` is redacted: saved sessions, before and after encryption."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<redacted>"

    def __reduce__(self) -> NoReturn:
        msg = "saved sessions are not pickled"
        raise TypeError(msg)
