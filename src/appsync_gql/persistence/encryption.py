"""Encryption at rest, by Fernet of the ``cryptography`` package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..exceptions import ConfigurationError
from ..extras import require
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.fernet import MultiFernet

__all__ = ["Cipher", "cipher_of"]

_START = b"gAAAAA"
"""Every Fernet token begins so: a version byte and the time (https://github.com/fernet/spec)."""


class Cipher(Protocol):
    """Hides what is kept from whoever reads the place where it is kept."""

    def encrypt(self, plain: bytes) -> bytes:
        """Hide it."""
        ...

    def decrypt(self, kept: bytes) -> bytes:
        """Show it; what is kept in clear is passed on.

        Raises:
            ConfigurationError: it was encrypted with a key that is not at hand.
        """
        ...


class _Clear:
    def encrypt(self, plain: bytes) -> bytes:
        return plain

    def decrypt(self, kept: bytes) -> bytes:
        if kept.startswith(_START):
            raise ConfigurationError(
                "The saved sessions are encrypted: give encryption_key=.", setting="encryption_key"
            )
        return kept


class _Fernet:
    """Encrypts with the first key. Keys are made ready at first use, on a worker thread."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = keys

    def encrypt(self, plain: bytes) -> bytes:
        return self._fernet().encrypt(plain)

    def decrypt(self, kept: bytes) -> bytes:
        if not kept.startswith(_START):
            return kept
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._fernet().decrypt(kept)
        except InvalidToken:
            raise ConfigurationError(
                "The saved sessions can't be decrypted: none of the keys in encryption_key= is the "
                "one they were encrypted with, or they were changed by somebody else.",
                setting="encryption_key",
            ) from None

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

        return MultiFernet([Fernet(str(key)) for key in self._keys])


def cipher_of(encryption_key: str | bytes | Sequence[str | bytes] | None) -> Cipher:
    """Make the cipher for what a user gave.

    Args:
        encryption_key: a key of ``Fernet.generate_key()``, or several: the first
            encrypts, all decrypt. To change the key, put the new one in front; once
            every session has been renewed, take the old one away. ``None``: no encryption.

    Raises:
        ConfigurationError: it is not a Fernet key.
        MissingExtra: ``pip install "appsync-gql[encryption]"`` is needed.
    """
    if encryption_key is None:
        return _Clear()
    given = [encryption_key] if isinstance(encryption_key, str | bytes) else list(encryption_key)
    require("encryption", "cryptography")
    from cryptography.fernet import Fernet  # noqa: PLC0415

    keys = [Secret(key.decode() if isinstance(key, bytes) else key) for key in given]
    try:
        for key in keys:
            Fernet(str(key))
    except ValueError:
        keys = []
    if not keys:
        raise ConfigurationError(
            "encryption_key must be what cryptography's Fernet.generate_key() gives, or several.",
            setting="encryption_key",
        ) from None
    return _Fernet(keys)
