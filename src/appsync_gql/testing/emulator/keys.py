"""The user pool's signing key: RS256 JWTs, made and checked."""

from __future__ import annotations

import functools
import importlib.util
import json
from typing import Any

import jwt

from ...exceptions import MissingExtra

__all__ = ["KEY_ID", "jwks", "mint", "require_extra", "verified"]

KEY_ID = "emulator-1"


def require_extra() -> None:
    """Make sure, early and cheaply, that tokens can be signed.

    Raises:
        MissingExtra: cryptography is not installed; the message is the pip line.
    """
    if importlib.util.find_spec("cryptography") is None:
        raise MissingExtra(
            'The emulator signs tokens with cryptography: pip install "appsync-gql[testing]"'
        )


@functools.cache
def _key(owner: str) -> Any:
    """Make a key once a process; ``owner`` tells the pool's from a forger's."""
    del owner
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def mint(claims: dict[str, Any], *, owner: str = "pool") -> str:
    """Sign a JWT; with another ``owner`` it is well formed and forged."""
    return jwt.encode(claims, _key(owner), algorithm="RS256", headers={"kid": KEY_ID})


@functools.lru_cache(maxsize=4096)
def verified(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT of the pool's key; ``None`` for a forged one.

    Expiry is not looked at: that depends on the server's clock.

    Raises:
        ValueError: it is not a JWT.
    """
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    options["verify_aud"] = False
    try:
        return dict(jwt.decode(token, _key("pool").public_key(), ["RS256"], options=options))
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        return None
    except jwt.PyJWTError as error:
        raise ValueError(type(error).__name__) from None


def jwks() -> dict[str, Any]:
    """Give the public key as Cognito publishes it (RFC 7517)."""
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415

    key = RSAAlgorithm.to_jwk(_key("pool").public_key())
    return {"keys": [{**json.loads(key), "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
