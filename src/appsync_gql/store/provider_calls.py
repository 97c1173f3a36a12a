"""Calls the identity provider; the results are steps of a renewal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..clock import Clock, Instant, ServerClock
from ..exceptions import ConfigurationError, SessionExpired
from .identity import check_identity, key_of_new_session
from .steps import NewerTokens, NewRefreshToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..challenges import Answer, ChallengeRequired
    from ..providers.base import Grant, TokenProvider
    from ..providers.cognito_browser import BrowserSignIn
    from ..secret import Secret
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["ProviderCalls", "optional_method"]


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
        self,
        username: str,
        password: Secret | None,
        flow: str | None,
        before: SessionKey,
        former: Tokens | None = None,
    ) -> NewerTokens:
        """Sign in.

        Args:
            username: the user.
            password: the user's password; ``None`` without.
            flow: the provider's name of the way to sign in; ``None`` for its default.
            before: the key of the store's former session.
            former: its tokens, whose remembered device signs in again; ``None`` without.
        """
        sent = self.clock.monotonic()
        sign_in: Any = self.provider.sign_in
        if former is not None and former.device_password is not None:
            sign_in = partial(sign_in, before=former)
        return self._first(sign_in(username, password, flow=flow), before, sent)

    def answer(
        self, challenge: ChallengeRequired, answer: Answer, before: SessionKey
    ) -> NewerTokens:
        """Answer a challenge of a sign-in; ``before`` as for :meth:`sign_in`.

        Raises:
            ConfigurationError: the provider has no method for that.
        """
        sent = self.clock.monotonic()
        grant = optional_method(self.provider, "answer")(challenge, answer)
        return self._first(grant, before, sent)

    def sign_in_with_browser(self, browser: BrowserSignIn, before: SessionKey) -> NewerTokens:
        """Sign in by a web page; ``before`` as for :meth:`sign_in`.

        Raises:
            ConfigurationError: the provider has no method for that.
        """
        grant = optional_method(self.provider, "sign_in_with_browser")(browser)
        # Not the time before the call: the user may have taken minutes on the page.
        return self._first(grant, before, self.clock.monotonic())

    def given(self, tokens: Tokens, before: SessionKey) -> NewerTokens:
        """Return tokens of a session that began elsewhere as a step; no call is made."""
        now = self.clock.monotonic()
        return NewerTokens(
            tokens=tokens,
            key=key_of_new_session(before, self.provider.session_key, tokens),
            api=None if tokens.any_claims is None else "use",
            just_issued=False,
            sent=now,
            received=now,
        )

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the refresh token."""
        self.provider.revoke(tokens)

    def _first(self, grant: Grant, before: SessionKey, sent: float) -> NewerTokens:
        """Return the first tokens of a session."""
        key = key_of_new_session(before, self.provider.session_key, grant.tokens)
        return self._newer(grant, grant.tokens, key, sent)

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


def optional_method(provider: object, name: str) -> Callable[..., Any]:
    """Return a method that not every provider has.

    Raises:
        ConfigurationError: this one does not have it.
    """
    method: Callable[..., Any] | None = getattr(provider, name, None)
    if method is None:
        raise ConfigurationError(
            f"{type(provider).__name__} has no method {name}(); CognitoProvider has.",
            setting="provider",
        )
    return method
