"""The tokens of one signed-in user, as one immutable value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, NoReturn

from .exceptions import InvalidToken
from .secret import Secret, hidden

__all__ = ["TokenClaims", "TokenUse", "Tokens"]

_YEAR_10000 = 253_402_300_800
"""The end of ``datetime``. The comparison also excludes NaN, infinities and huge integers."""

TokenUse = Literal["access", "id"]
"""Which of the two JWTs is sent to AppSync (the claim ``token_use`` of Cognito's tokens)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """The claims of a JWT that a client needs. AppSync checks the signature; this package doesn't.

    Claim names: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html

    Attributes:
        expires_at: ``exp``, seconds since the epoch in the issuer's time.
        issued_at: ``iat``, likewise; ``None`` when the token has none.
        issuer: ``iss``, the user pool's URL; ``None`` when the token has none.
        client_id: ``client_id`` of an access token, ``aud`` of an ID token.
        username: the name that the user pool itself uses, or ``sub`` where there is none.
        subject: ``sub``.
        signed_in_at: ``auth_time``, when the user signed in: the same after all renewals
            (OpenID Connect Core 1.0, 2); ``None`` when the token has none.
    """

    expires_at: float
    issued_at: float | None = None
    issuer: str | None = None
    client_id: str | None = None
    username: str | None = None
    subject: str | None = None
    signed_in_at: float | None = None

    @property
    def lifetime(self) -> float | None:
        """Seconds from issue to expiry; ``None`` when the token has no ``iat``."""
        return None if self.issued_at is None else self.expires_at - self.issued_at

    @classmethod
    def read(cls, token: str, name: str) -> TokenClaims:
        """Return the claims of a JWT.

        Args:
            token: the JWT in its compact form.
            name: the argument that it was passed in, for the error.

        Raises:
            InvalidToken: it is not a JWT, or it has no usable ``exp``.
        """
        claims = _decode(token, name)
        expires_at = _seconds(claims.get("exp"))
        if expires_at is None:
            raise InvalidToken(
                f"{name} has no usable 'exp' claim, so its expiry is unknown.", setting=name
            )
        username = claims.get("username") or claims.get("cognito:username") or claims.get("sub")
        return cls(
            expires_at=expires_at,
            issued_at=_seconds(claims.get("iat")),
            issuer=_text(claims.get("iss")),
            client_id=_text(claims.get("client_id")) or _text(claims.get("aud")),
            username=_text(username),
            subject=_text(claims.get("sub")),
            signed_in_at=_seconds(claims.get("auth_time")),
        )


@dataclass(frozen=True, slots=True, init=False)
class Tokens:
    """Access, ID and refresh token of one user. Immutable; its ``repr`` never shows a token.

    The expiry is read from the JWTs once, when the object is made. At least one token is
    required; a refresh token alone is enough to get the others.

    Args:
        access_token: the JWT with ``token_use: access``.
        id_token: the JWT with ``token_use: id``.
        refresh_token: opaque; ``None`` means that this session can't be renewed.
        device_key: needed to refresh where the user pool remembers devices.
        device_group_key: with ``device_password``, lets a remembered device sign in again.
        device_password: likewise; made at random when the device was confirmed.
        clock_correction: seconds to add to this machine's wall clock to get the issuer's time,
            as measured when the tokens were issued; ``None`` if unknown.
        rotates: whether a refresh invalidates the refresh token it was made with; ``None``
            until the first refresh has shown it.
        renewals: how many refreshes happened between the sign-in and these tokens, as far as
            is known.

    Raises:
        InvalidToken: a token is not a string, is empty, contains blanks, or (access and ID
            tokens) is not a JWT with an ``exp``; or there is no token at all; or another
            argument has a wrong type.
    """

    access_token: str | None
    id_token: str | None
    refresh_token: str | None
    device_key: str | None
    device_group_key: str | None
    device_password: str | None
    # Not compared: a saved copy without it has the same tokens.
    clock_correction: float | None = field(compare=False)
    rotates: bool | None
    renewals: int
    access: TokenClaims | None = field(init=False, repr=False, compare=False)
    id: TokenClaims | None = field(init=False, repr=False, compare=False)

    # Not the dataclass's own __init__: its frame would show the tokens as they were passed.
    def __init__(
        self,
        *,
        access_token: str | None = None,
        id_token: str | None = None,
        refresh_token: str | None = None,
        device_key: str | None = None,
        device_group_key: str | None = None,
        device_password: str | None = None,
        clock_correction: float | None = None,
        rotates: bool | None = None,
        renewals: int = 0,
    ) -> None:
        given = {
            "access_token": hidden(access_token),
            "id_token": hidden(id_token),
            "refresh_token": hidden(refresh_token),
        }
        hidden_password = hidden(device_password)
        del access_token, id_token, refresh_token, device_password
        put = object.__setattr__
        for name, value in given.items():
            put(self, name, _checked_token(value, name))
        if not any(given.values()):
            raise InvalidToken("Tokens needs an access_token, an id_token or a refresh_token.")
        put(self, "device_password", _checked_device(hidden_password, "device_password"))
        put(self, "device_key", _checked_device(device_key, "device_key"))
        put(self, "device_group_key", _checked_device(device_group_key, "device_group_key"))
        put(self, "clock_correction", _checked_seconds(clock_correction))
        put(self, "rotates", _checked_flag(rotates))
        put(self, "renewals", _checked_count(renewals))
        access, id_ = self.access_token, self.id_token
        put(self, "access", access and TokenClaims.read(access, "access_token"))
        put(self, "id", id_ and TokenClaims.read(id_, "id_token"))

    def token(self, use: TokenUse) -> str | None:
        """Return the JWT of that use, or ``None``."""
        return self.access_token if use == "access" else self.id_token

    def claims(self, use: TokenUse) -> TokenClaims | None:
        """Return the claims of the JWT of that use, or ``None``."""
        return self.access if use == "access" else self.id

    @property
    def any_claims(self) -> TokenClaims | None:
        """The claims of whichever JWT there is; ``None`` for a refresh token alone."""
        return self.access or self.id

    def newer_than(self, other: Tokens | None) -> bool:
        """Return whether these were issued after the others, by the issuer's clock.

        ``iat`` is in whole seconds; within the same second, the number of renewals decides.
        """
        return other is None or _age_order(self) > _age_order(other)

    @property
    def username(self) -> str | None:
        """The name that the user pool itself uses; ``None`` when no JWT contains it."""
        return self.any_claims.username if self.any_claims else None

    @property
    def user_pool_id(self) -> str | None:
        """The user pool, from ``iss``; ``None`` when no JWT contains it."""
        issuer = self.any_claims.issuer if self.any_claims else None
        return issuer.rstrip("/").rsplit("/", 1)[-1] if issuer else None

    def __repr__(self) -> str:
        # getattr: an object whose construction failed is shown in that error's traceback.
        uses = (("access", getattr(self, "access", None)), ("id", getattr(self, "id", None)))
        username = next((claims.username for _, claims in uses if claims is not None), None)
        parts = [f"user={username!r}"]
        for use, claims in uses:
            if claims is not None:
                at = datetime.fromtimestamp(claims.expires_at, timezone.utc)
                parts.append(f"{use}=<redacted, expires {at:%Y-%m-%dT%H:%M:%SZ}>")
        if getattr(self, "refresh_token", None) is not None:
            parts.append("refresh=<redacted>")
        return f"Tokens({', '.join(parts)})"

    def __reduce__(self) -> NoReturn:
        msg = "Tokens are not pickled: pass them on through a persistence"
        raise TypeError(msg)

    def __copy__(self) -> Tokens:
        return self

    def __deepcopy__(self, memo: object) -> Tokens:
        return self


def _age_order(tokens: Tokens) -> tuple[float, int]:
    claims = tokens.any_claims
    return (claims.issued_at or 0.0) if claims else 0.0, tokens.renewals


def _decode(token: str, name: str) -> dict[str, Any]:
    # Imported here: pyjwt imports cryptography, which a program without Tokens need not load.
    import jwt  # noqa: PLC0415

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        reason = type(error).__name__
    else:
        return claims
    # Raised here, outside the handler: pyjwt's own error and its frames quote the token.
    raise InvalidToken(
        f"{name} is not a JWT ({reason}). Pass the token as Cognito returned it, without "
        "'Bearer'; the expiry of an opaque token can't be read.",
        setting=name,
    )


def _checked_token(value: Secret | type | None, name: str) -> Secret | None:
    if value is None:
        return None
    if isinstance(value, type):
        raise InvalidToken(f"{name} must be a str, not {value.__name__}.", setting=name)
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidToken(
            f"{name} is empty or contains blanks or other characters that no token contains; "
            "pass the bare token, without 'Bearer' or a line end.",
            setting=name,
        )
    return value


def _checked_device(value: object, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
        raise InvalidToken(f"{name} must be a str without blanks, or None.", setting=name)
    return value


def _checked_seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise InvalidToken(
            "clock_correction must be a finite number of seconds, or None.",
            setting="clock_correction",
        )
    return value


def _checked_flag(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise InvalidToken("rotates must be a bool or None.", setting="rotates")
    return value


def _checked_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidToken("renewals must be an int of 0 or more.", setting="renewals")
    return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond the range of floats
        return False


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _YEAR_10000 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
