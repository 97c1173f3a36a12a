"""Secure Remote Password in Cognito's variant: a proof of a password that does not send it. Pure.

The protocol is SRP-6a (https://www.rfc-editor.org/rfc/rfc5054) with SHA-256. Cognito derives the
key of the proof by HKDF. User passwords and the passwords of remembered devices are proven alike;
they differ only in whose password it is, see :class:`SrpIdentity`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = [
    "GENERATOR",
    "MODULUS",
    "MULTIPLIER",
    "SrpChallenge",
    "SrpIdentity",
    "claim",
    "derived_key",
    "mixed",
    "new_private_key",
    "padded",
    "public_key",
    "session_key",
    "timestamp",
    "verifier",
]

MODULUS = int(
    # The 3072-bit group of RFC 5054, appendix A, which is group 15 of RFC 3526.
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
    "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
    "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
    "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
    "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
    "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
    "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
    "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
    "4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2

_INFO = b"Caldera Derived Key"
_KEY_BYTES = 16
_PRIVATE_BITS = 1024
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class SrpIdentity:
    """Whose password is proven.

    Attributes:
        group: the part of the user pool's id after ``_``, or a device's group key.
        name: the pool's own name of the user, or a device's key.
    """

    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SrpChallenge:
    """What Cognito sends in ``PASSWORD_VERIFIER`` and ``DEVICE_PASSWORD_VERIFIER``.

    Attributes:
        salt: of the password's verifier.
        public: the server's public value.
        secret_block: an opaque value that is a part of the signed text.
    """

    salt: int = field(repr=False)
    public: int = field(repr=False)
    secret_block: bytes = field(repr=False)

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> SrpChallenge:
        """Return a challenge from ``ChallengeParameters``.

        Raises:
            KeyError, ValueError: it is not of the documented form, or unsafe to respond to.
        """
        public = int(parameters["SRP_B"], 16)
        if public % MODULUS == 0:
            # RFC 5054, 2.5.3: the key would not depend on the password.
            msg = "SRP_B is a multiple of the modulus"
            raise ValueError(msg)
        block = base64.b64decode(parameters["SECRET_BLOCK"], validate=True)
        return cls(salt=int(parameters["SALT"], 16), public=public, secret_block=block)


def padded(number: int) -> bytes:
    """Return a number as the shortest big-endian bytes whose first bit is 0."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hashed(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


MULTIPLIER = _hashed(padded(MODULUS), padded(GENERATOR))
"""``k`` of RFC 5054, 2.5.3."""


def new_private_key() -> int:
    """Return a random private value."""
    return secrets.randbits(_PRIVATE_BITS) | 1


def public_key(private: int) -> int:
    """Return the client's public value, ``SRP_A``."""
    return pow(GENERATOR, private, MODULUS)


def mixed(client_public: int, server_public: int) -> int:
    """Return ``u``, the hash of both public values."""
    return _hashed(padded(client_public), padded(server_public))


def _private_of_password(identity: SrpIdentity, password: Secret, salt: int) -> int:
    text = f"{identity.group}{identity.name}:{password}".encode()
    return _hashed(padded(salt), hashlib.sha256(text).digest())


def verifier(identity: SrpIdentity, password: Secret, salt: int) -> int:
    """Return what a server keeps in place of a password."""
    return pow(GENERATOR, _private_of_password(identity, password, salt), MODULUS)


def derived_key(shared: int, mixed_value: int) -> bytes:
    """Return the key of the proof, by HKDF (RFC 5869) with SHA-256."""
    pseudorandom = hmac.new(padded(mixed_value), padded(shared), hashlib.sha256).digest()
    return hmac.new(pseudorandom, _INFO + b"\x01", hashlib.sha256).digest()[:_KEY_BYTES]


def session_key(
    identity: SrpIdentity, password: Secret, private: int, challenge: SrpChallenge
) -> bytes:
    """Return the key with which the client proves that it knows the password.

    Args:
        identity: whose password it is.
        password: the password.
        private: the client's private value.
        challenge: the server's challenge to the public value of ``private``.
    """
    u = mixed(public_key(private), challenge.public)
    x = _private_of_password(identity, password, challenge.salt)
    base = challenge.public - MULTIPLIER * pow(GENERATOR, x, MODULUS)
    return derived_key(pow(base, private + u * x, MODULUS), u)


def claim(identity: SrpIdentity, key: bytes, secret_block: bytes, at: str) -> Secret:
    """Return the signature that proves the key.

    Args:
        identity: whose password it is.
        key: see :func:`session_key`.
        secret_block: of the challenge.
        at: the timestamp that is sent along.
    """
    text = f"{identity.group}{identity.name}".encode() + secret_block + at.encode()
    return Secret(base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode())


def timestamp(now: datetime) -> str:
    """Return a time in UTC as Cognito requires it: English, and the day without a zero."""
    day, month = _DAYS[now.weekday()], _MONTHS[now.month - 1]
    return f"{day} {month} {now.day} {now:%H:%M:%S} UTC {now.year}"
