"""What blocks, done for a session on a worker thread: renew, save, sign in, sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, RenewalFailed, SignedOut
from .renewal import signed_in

if TYPE_CHECKING:
    from .. import events
    from ..session_key import SessionKey
    from ..tokens import Tokens
    from .renewal import Renewal
    from .snapshot import Held
    from .state import Session

__all__ = ["Errands"]


class Errands:
    """Walks each errand of one session to its end and tells the session what came of it."""

    def __init__(self, session: Session, renewal: Renewal) -> None:
        self._session = session
        self._renewal = renewal

    def renew(self, known: Tokens | None, key: SessionKey, reason: events.Reason) -> None:
        """Get newer tokens than the known ones.

        Raises:
            AppSyncError: there are none this time.
        """
        session, began = self._session, self._renewal.clock.monotonic()
        try:
            unsaved = self._renewal.renew(
                known, key, lambda renewed: session.publish(renewed, known, reason, began)
            )
            session.saved(unsaved)
            session.check_alive()
        except Exception as error:
            ours = _ours(error)
            session.failed(reason, ours)
            if ours is error:
                raise
            raise ours from error
        session.succeeded()

    def settle(self, held: Held) -> None:
        """Save what is not saved yet, or take what is saved if that is newer."""
        session, tokens = self._session, held.tokens
        if tokens is None:
            return
        began = self._renewal.clock.monotonic()
        try:
            error = self._renewal.settle(
                tokens,
                session.key,
                lambda renewed: session.publish(renewed, tokens, "newer_saved", began),
            )
        except SignedOut as signed_out:
            session.failed("newer_saved", signed_out)
        else:
            session.saved(error, tokens)

    def sign_in(self, username: str, password: str, flow: str | None) -> None:
        """Sign in and take the new session into use.

        Raises:
            AppSyncError: the provider did not let the user in.
        """
        session, renewal = self._session, self._renewal
        began = renewal.clock.monotonic()
        try:
            grant = renewal.provider.sign_in(username, password, flow=flow)
        except Exception as error:
            ours = _ours(error)
            if ours is error:
                raise
            raise ours from error
        renewed = signed_in(grant, began, renewal.clock)
        session.publish(renewed, session.tokens, "signed_in", began)
        session.succeeded(signed_in=True)
        session.saved(renewal.save(renewed.tokens, session.key))

    def sign_out(self) -> None:
        """End the session here, at the provider and in the persistence.

        Raises:
            AppSyncError: it could not be done, and nothing is changed.
        """
        session = self._session
        try:
            self._renewal.end(session.tokens, session.key)
        except Exception as error:
            ours = _ours(error)
            if ours is error:
                raise
            raise ours from error
        session.drop()
        session.succeeded(signed_in=True)


def _ours(error: Exception) -> AppSyncError:
    """Give an error of anybody's provider or persistence as one of ours: transient."""
    if isinstance(error, AppSyncError):
        return error
    return RenewalFailed(
        f"No newer tokens this time: {type(error).__name__} in the identity provider's adapter. "
        "The present ones are kept."
    )
