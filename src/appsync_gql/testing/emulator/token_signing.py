"""RS256 JWTs: the user pool's key, and tokens that it or another key has signed."""

from __future__ import annotations

import functools
import json
from typing import Any

import jwt

from ...extras import require

__all__ = ["KEY_ID", "jwks", "require_extra", "sign_token", "verified_claims"]

KEY_ID = "emulator-1"


def require_extra() -> None:
    """Check that cryptography is installed, which signs the tokens, without importing it.

    Raises:
        MissingExtra: it is not; the message is the pip command.
    """
    require("testing", "cryptography")


@functools.cache
def _private_key(owner: str) -> Any:
    """Generate a key, once for each owner in a process."""
    del owner
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_token(claims: dict[str, Any], *, owner: str = "pool") -> str:
    """Return a signed JWT; an ``owner`` other than ``"pool"`` signs with a key of its own."""
    return jwt.encode(claims, _private_key(owner), algorithm="RS256", headers={"kid": KEY_ID})


@functools.lru_cache(maxsize=4096)
def verified_claims(token: str, *, owner: str = "pool") -> dict[str, Any] | None:
    """Return the claims of a JWT that the owner's key signed; ``None`` if another key did.

    The expiry is not checked, because that depends on the server's clock.

    Raises:
        ValueError: it is not a JWT.
    """
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    options["verify_aud"] = False
    try:
        return dict(jwt.decode(token, _private_key(owner).public_key(), ["RS256"], options=options))
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        return None
    except jwt.PyJWTError as error:
        raise ValueError(type(error).__name__) from None


def jwks(*, owner: str = "pool") -> dict[str, Any]:
    """Return the public key in the form in which issuers publish it (RFC 7517)."""
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415

    key = RSAAlgorithm.to_jwk(_private_key(owner).public_key())
    return {"keys": [{**json.loads(key), "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
