"""What is done on a worker thread for one store, and what a caller waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from .single_flight import SharedCall

if TYPE_CHECKING:
    from ..clock import ServerClock
    from ..events import Reason
    from ..exceptions import AppSyncError
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["Attempt", "Job", "JobKind", "Pause"]

JobKind: TypeAlias = Literal["renew", "save", "sign_in", "sign_out"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One piece of work, and the state when it began, which its steps are compared with.

    Attributes:
        kind: what is done.
        reason: why newer tokens are wanted.
        known: the store's tokens when it began; ``None`` if there were none.
        key: whose session it was.
        server: what was known of the server's time.
        began: monotonic seconds.
        call: its end.
    """

    kind: JobKind
    reason: Reason
    known: Tokens | None
    key: SessionKey
    server: ServerClock
    began: float
    call: SharedCall = field(default_factory=SharedCall)

    @property
    def description(self) -> str:
        """What it is, for a log."""
        name = {
            "renew": "a renewal of tokens",
            "save": "saving tokens",
            "sign_in": "a sign-in",
            "sign_out": "a sign-out",
        }[self.kind]
        return f"{name} of {self.key}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to obtain newer tokens.

    Attributes:
        call: to wait for.
        job: to be started by the caller; ``None`` if it is under way already.
    """

    call: SharedCall
    job: Job | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Attempts have failed, and it is too early for another.

    Attributes:
        seconds: until the next one may be made.
        error: why the last one failed.
    """

    seconds: float
    error: AppSyncError
