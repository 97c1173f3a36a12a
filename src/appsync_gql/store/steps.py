"""The steps of a renewal, as values: what it found, and how saving went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = [
    "Done",
    "LoadFailed",
    "NewRefreshToken",
    "NewerTokens",
    "SaveFailed",
    "Saved",
    "Step",
    "WaitingFor",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFor:
    """The renewal waits for something that may take long.

    Attributes:
        what: the persistence, the session's lock in it, or the identity provider.
    """

    what: Literal["persistence", "lock", "provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerTokens:
    """There are newer tokens. They are not saved yet, unless they were found saved.

    Attributes:
        tokens: the newer tokens.
        key: whose they are.
        api: the provider's call; ``None`` when another process had saved them.
        just_issued: whether the provider made them for this call.
        sent: monotonic seconds before the provider was called.
        received: monotonic seconds after it had responded.
    """

    tokens: Tokens
    key: SessionKey
    api: str | None
    just_issued: bool
    sent: float
    received: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefreshToken:
    """The provider has rotated the refresh token and issued no usable access or ID token.

    Attributes:
        tokens: the former tokens, with the new refresh token.
    """

    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """These tokens are saved in the persistence."""

    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFailed:
    """These tokens could not be saved in the persistence."""

    tokens: Tokens
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """What is saved could not be read or locked, and the renewal goes on without it."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Done:
    """Only the lock is still to be released: callers do not wait long for that."""


Step: TypeAlias = (
    WaitingFor | NewerTokens | NewRefreshToken | Saved | SaveFailed | LoadFailed | Done
)
