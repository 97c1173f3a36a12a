"""Checks that a provider returned tokens of the right user. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, RenewalFailed
from ..session_key import SessionKey

if TYPE_CHECKING:
    from ..tokens import TokenClaims, Tokens, TokenUse

__all__ = ["check_identity", "key_of_new_session"]

_USES: tuple[TokenUse, ...] = ("access", "id")


def check_identity(found: Tokens, before: Tokens, key: SessionKey) -> None:
    """Compare the tokens of a provider's response with the session that was renewed.

    Args:
        found: the tokens in the response.
        before: the tokens that were renewed.
        key: whose session it is.

    Raises:
        RenewalFailed: they belong to another user, app client or user pool.
    """
    expected = [key.with_tokens(before), _key_of_id_token(before), _key_of_user(found)]
    answered = [SessionKey.of(found), _key_of_id_token(found), _key_of_user(_id_token(found))]
    for wanted, given in zip(expected, answered, strict=True):
        if not wanted.fits(given):
            raise RenewalFailed(
                f"The identity provider responded with tokens of {given}, and this session is of "
                f"{wanted}. They are neither used nor saved. A proxy or a cache may have mixed up "
                "the answers; if a name was configured, it must be the user pool's own.",
                kind="identity",
            )
    if any(_is_another_subject(found.claims(use), before.claims(use)) for use in _USES):
        raise RenewalFailed(
            "The identity provider answered with tokens of another user who has the same name: "
            '"sub" differs. They are neither used nor saved.',
            kind="identity",
        )


def key_of_new_session(before: SessionKey, asked: SessionKey, tokens: Tokens) -> SessionKey:
    """Return the key of a session that begins with these tokens.

    The refresh token that programs were configured with finds the new session only
    if that is certainly the same user's.

    Args:
        before: the key of the store's former session.
        asked: what the provider knows of its sessions.
        tokens: the first tokens of the new session.

    Raises:
        ConfigurationError: they belong to another user pool or app client than the provider's.
    """
    found = replace(SessionKey.of(tokens), username=None)
    if not asked.fits(found):
        provider = replace(asked, username=None)
        raise ConfigurationError(
            f"These are tokens of {found}, and the provider is for {provider}. They are neither "
            "used nor saved. The page's domain=, the endpoint_url= or the tokens that were passed "
            "belong to another user pool or app client.",
            setting="provider",
        )
    new = asked.with_tokens(tokens)
    same = before.username is not None and _user(before) == _user(new)
    digest = before.first_token_digest
    return replace(new, first_token_digest=digest) if same and digest is not None else new


def _is_another_subject(found: TokenClaims | None, before: TokenClaims | None) -> bool:
    """Return whether both tokens name a ``sub``, which never changes, and not the same one."""
    subjects = {claims.subject for claims in (found, before) if claims is not None}
    return len(subjects - {None}) > 1


def _user(key: SessionKey) -> tuple[str | None, str | None, str | None]:
    return key.user_pool_id, key.client_id, key.username


def _id_token(tokens: Tokens) -> Tokens | None:
    """Return the tokens without the access token; ``None`` if there is no ID token."""
    return None if tokens.id_token is None else replace(tokens, access_token=None)


def _key_of_id_token(tokens: Tokens) -> SessionKey:
    found = _id_token(tokens)
    return SessionKey() if found is None else SessionKey.of(found)


def _key_of_user(tokens: Tokens | None) -> SessionKey:
    # The app client is left out: outside of Cognito, "aud" of an access token may be the API.
    return SessionKey() if tokens is None else replace(SessionKey.of(tokens), client_id=None)
