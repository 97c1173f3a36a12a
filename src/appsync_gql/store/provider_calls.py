"""Calls the identity provider; the results are steps of a renewal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..clock import Clock, Instant, ServerClock
from ..exceptions import SessionExpired
from .identity import check_identity, key_of_new_session
from .steps import NewerTokens, NewRefreshToken

if TYPE_CHECKING:
    from ..providers.base import Grant, TokenProvider
    from ..secret import Secret
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["ProviderCalls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCalls:
    """Calls one provider; every method blocks.

    Attributes:
        provider: the identity provider.
        clock: for how long each call takes.
    """

    provider: TokenProvider
    clock: Clock

    def refresh(self, before: Tokens, key: SessionKey) -> NewerTokens | NewRefreshToken:
        """Refresh these tokens.

        Raises:
            SessionExpired: there is no refresh token, or it can't be used any more.
            RenewalFailed: the response contains another user's tokens.
        """
        if before.refresh_token is None:
            raise SessionExpired(
                "The tokens can't be renewed: there is no refresh token. Sign in again, or "
                "pass the refresh token to the store as well."
            )
        sent = self.clock.monotonic()
        grant = self.provider.refresh(before)
        check_identity(grant.tokens, before, key)
        rotates = grant.tokens.refresh_token != before.refresh_token
        renewals = before.renewals + 1
        if grant.tokens.any_claims is None:
            kept = replace(
                before,
                refresh_token=grant.tokens.refresh_token,
                rotates=rotates,
                renewals=renewals,
            )
            return NewRefreshToken(tokens=kept)
        tokens = replace(grant.tokens, rotates=rotates, renewals=renewals)
        return self._newer(grant, tokens, key.with_tokens(tokens), sent)

    def sign_in(
        self, username: str, password: Secret, flow: str | None, before: SessionKey
    ) -> NewerTokens:
        """Sign in; ``before`` is the key of the store's former session."""
        sent = self.clock.monotonic()
        grant = self.provider.sign_in(username, password, flow=flow)
        key = key_of_new_session(before, self.provider.session_key, grant.tokens)
        return self._newer(grant, grant.tokens, key, sent)

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the refresh token."""
        self.provider.revoke(tokens)

    def _newer(self, grant: Grant, tokens: Tokens, key: SessionKey, sent: float) -> NewerTokens:
        """Return the tokens, with what they say about the provider's clock."""
        now, claims = Instant.now(self.clock), tokens.any_claims
        if grant.just_issued and claims is not None and claims.issued_at is not None:
            server = ServerClock.assumed(now).observe_issue(claims.issued_at, sent, now.monotonic)
            tokens = replace(tokens, clock_correction=server.correction(now))
        return NewerTokens(
            tokens=tokens,
            key=key,
            api=grant.api,
            just_issued=grant.just_issued,
            sent=sent,
            received=now.monotonic,
        )
