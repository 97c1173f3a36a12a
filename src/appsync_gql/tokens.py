"""The tokens of one signed-in user, as one immutable value."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, NoReturn

from .exceptions import InvalidToken
from .secret import Secret

__all__ = ["TokenClaims", "TokenUse", "Tokens"]

_YEAR_10000 = 253_402_300_800
"""Where ``datetime`` ends. The comparison also keeps out NaN, infinities and huge integers."""

TokenUse = Literal["access", "id"]
"""Which of the two JWTs is sent to AppSync (the claim ``token_use`` of Cognito's tokens)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """What a client needs to know of a JWT. Read without checking the signature: AppSync does that.

    Claim names: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html

    Attributes:
        expires_at: ``exp``, seconds since the epoch in the issuer's time.
        issued_at: ``iat``, likewise; ``None`` when the token does not say.
        issuer: ``iss``, the user pool's URL; ``None`` when the token does not say.
        client_id: ``client_id`` of an access token, ``aud`` of an ID token.
        username: the pool's own name of the user, or ``sub`` where there is none.
        subject: ``sub``.
        signed_in_at: ``auth_time``, when the user signed in: the same through all
            renewals (OpenID Connect Core 1.0, 2); ``None`` when the token does not say.
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
        """Seconds from issue to expiry; ``None`` when the token does not say when it was issued."""
        return None if self.issued_at is None else self.expires_at - self.issued_at

    @classmethod
    def read(cls, token: str, name: str) -> TokenClaims:
        """Read a JWT's claims.

        Args:
            token: the JWT in its compact form.
            name: the argument that it came in, for the error.

        Raises:
            InvalidToken: it is not a JWT, or it has no usable ``exp``.
        """
        claims = _decode(token, name)
        expires_at = _seconds(claims.get("exp"))
        if expires_at is None:
            raise InvalidToken(
                f"{name} has no usable 'exp' claim, so its expiry can't be known.", setting=name
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


@dataclass(frozen=True, slots=True)
class Tokens:
    """Access, ID and refresh token of one user. Immutable; its ``repr`` never shows a token.

    Expiry is read from the JWTs once, here. At least one token must be given;
    a refresh token alone is enough to get the others.

    Args:
        access_token: the JWT with ``token_use: access``.
        id_token: the JWT with ``token_use: id``.
        refresh_token: opaque; ``None`` means that this session can't be renewed.
        device_key: needed to refresh where the pool remembers devices.
        clock_correction: seconds to add to this machine's wall clock to get the
            issuer's time, as measured when the tokens were issued; ``None`` if unknown.
        rotates: whether a refresh retires the refresh token it was made with;
            ``None`` before the first refresh has shown it.
        renewals: how many refreshes lie between the sign-in and these, as far as is known.

    Raises:
        InvalidToken: a token is empty, has blanks in it or (access and ID
            tokens) is not a JWT with an ``exp``; or no token is given at all.
    """

    _: KW_ONLY
    access_token: str | None = None
    id_token: str | None = None
    refresh_token: str | None = None
    device_key: str | None = None
    clock_correction: float | None = None
    rotates: bool | None = None
    renewals: int = 0
    access: TokenClaims | None = field(init=False, repr=False, compare=False)
    id: TokenClaims | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("access_token", "id_token", "refresh_token"):
            put(self, name, _secret(getattr(self, name), name))
        if not (self.access_token or self.id_token or self.refresh_token):
            raise InvalidToken("Tokens needs an access_token, an id_token or a refresh_token.")
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
        """Tell whether these were issued after the others, in the issuer's own time.

        ``iat`` is in whole seconds; within one, the count of renewals decides.
        """
        return other is None or _age_order(self) > _age_order(other)

    @property
    def username(self) -> str | None:
        """The pool's own name of the user; ``None`` when no JWT says."""
        return self.any_claims.username if self.any_claims else None

    @property
    def user_pool_id(self) -> str | None:
        """The user pool, from ``iss``; ``None`` when no JWT says."""
        issuer = self.any_claims.issuer if self.any_claims else None
        return issuer.rstrip("/").rsplit("/", 1)[-1] if issuer else None

    def __repr__(self) -> str:
        parts = [f"user={self.username!r}"]
        for use, claims in (("access", self.access), ("id", self.id)):
            if claims is not None:
                at = datetime.fromtimestamp(claims.expires_at, timezone.utc)
                parts.append(f"{use}=<redacted, expires {at:%Y-%m-%dT%H:%M:%SZ}>")
        if self.refresh_token is not None:
            parts.append("refresh=<redacted>")
        return f"Tokens({', '.join(parts)})"

    def __reduce__(self) -> NoReturn:
        msg = "Tokens are not pickled: hand them over by a persistence"
        raise TypeError(msg)

    def __copy__(self) -> Tokens:
        return self

    def __deepcopy__(self, memo: object) -> Tokens:
        return self


def _age_order(tokens: Tokens) -> tuple[float, int]:
    claims = tokens.any_claims
    return (claims.issued_at or 0.0) if claims else 0.0, tokens.renewals


def _decode(token: str, name: str) -> dict[str, Any]:
    # Imported here: pyjwt brings cryptography with it, which a program that
    # never makes Tokens need not load.
    import jwt  # noqa: PLC0415

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        # pyjwt's own text may quote the token, so it is not passed on.
        raise InvalidToken(
            f"{name} is not a JWT ({type(error).__name__}). Give the token as Cognito returned it, "
            "without 'Bearer'; an opaque token can't tell when it expires.",
            setting=name,
        ) from None
    return claims


def _secret(value: object, name: str) -> Secret | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidToken(f"{name} must be a str, not {type(value).__name__}.", setting=name)
    if not value or not value.isascii() or any(c.isspace() or not c.isprintable() for c in value):
        raise InvalidToken(
            f"{name} is empty or has blanks or other characters that no token has; "
            "give the bare token, without 'Bearer' or a line end.",
            setting=name,
        )
    return Secret(value)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _YEAR_10000 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
