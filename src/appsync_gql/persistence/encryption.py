"""Encryption of saved sessions, by Fernet of the ``cryptography`` package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..exceptions import ConfigurationError
from ..extras import require
from ..forks import importing
from ..secret import Secret, SecretBytes
from .session_json import NotSessions

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["ENCRYPTED_START", "Cipher", "EncryptionKey", "cipher_for", "secret_keys"]

EncryptionKey: TypeAlias = str | bytes | Sequence[str | bytes] | None
"""What users pass as ``encryption_key=``."""

ENCRYPTED_START = b"gAAAAA"
"""Every Fernet token begins so: a version byte and the time (https://github.com/fernet/spec)."""


class Cipher(Protocol):
    """Encrypts what is saved and decrypts what is loaded."""

    def encrypt(self, plain: SecretBytes) -> SecretBytes:
        """Return the bytes to store."""
        ...

    def decrypt(self, stored: SecretBytes) -> SecretBytes:
        """Return the argument of :meth:`encrypt`.

        Raises:
            ConfigurationError: it was encrypted with a key that is not among these.
            NotSessions: it is not encrypted, and must not be used.
        """
        ...


class _NoCipher:
    """Stores plain text."""

    def encrypt(self, plain: SecretBytes) -> SecretBytes:
        return plain

    def decrypt(self, stored: SecretBytes) -> SecretBytes:
        if stored.startswith(ENCRYPTED_START):
            raise ConfigurationError(
                "The saved sessions are encrypted: pass encryption_key=.", setting="encryption_key"
            )
        return stored


class _FernetCipher:
    """Encrypts with the first key, and decrypts with any of them."""

    def __init__(self, keys: Sequence[Secret], *, accept_unencrypted: bool) -> None:
        self._keys = keys
        self._accept_unencrypted = accept_unencrypted

    def encrypt(self, plain: SecretBytes) -> SecretBytes:
        return SecretBytes(self._fernet().encrypt(plain))

    def decrypt(self, stored: SecretBytes) -> SecretBytes:
        if not stored.startswith(ENCRYPTED_START):
            if self._accept_unencrypted:
                return stored
            raise NotSessions(
                "it is not encrypted, so anybody who can write there may have put it there. If "
                "sessions were saved there before encryption_key= was set, pass "
                "accept_unencrypted=True until they have been saved again"
            )
        plain = self._decrypted(stored)
        if plain is None:
            raise ConfigurationError(
                "The saved sessions can't be decrypted: they were encrypted with a key that is not "
                "in encryption_key=, or they were changed by somebody else.",
                setting="encryption_key",
            )
        return plain

    def _decrypted(self, stored: SecretBytes) -> SecretBytes | None:
        with importing():
            from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return SecretBytes(self._fernet().decrypt(stored))
        except InvalidToken:
            return None

    def _fernet(self) -> MultiFernet:
        with importing():
            from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

        return MultiFernet([Fernet(str(key)) for key in self._keys])


def secret_keys(encryption_key: EncryptionKey) -> list[Secret] | None:
    """Return the user's keys as secrets, so that no traceback shows them.

    Never raises, since a traceback would show the argument: a list that has anything else
    in it becomes an empty one, which :func:`cipher_for` refuses.
    """
    if encryption_key is None:
        return None
    given = (encryption_key,) if isinstance(encryption_key, str | bytes) else encryption_key
    try:
        return [_secret(key) for key in given]
    except (TypeError, ValueError):
        return []


def _secret(key: object) -> Secret:
    if isinstance(key, bytes):
        return Secret(key.decode())
    if isinstance(key, str):
        return Secret(key)
    raise TypeError


def cipher_for(encryption_key: list[Secret] | None, *, accept_unencrypted: bool = False) -> Cipher:
    """Return the cipher for these keys.

    Args:
        encryption_key: keys of ``Fernet.generate_key()``: the first encrypts, all
            decrypt. To change the key, put the new one in front; once every session has
            been renewed, remove the old one. ``None`` for no encryption.
        accept_unencrypted: whether sessions that were saved without encryption are used
            until they are saved again.

    Raises:
        ConfigurationError: it is not a Fernet key.
        MissingExtra: ``pip install "appsync-gql[encryption]"`` is needed.
    """
    if encryption_key is None:
        return _NoCipher()
    require("encryption", "cryptography")
    if not encryption_key or not all(_is_fernet_key(key) for key in encryption_key):
        raise ConfigurationError(
            "encryption_key must be what cryptography's Fernet.generate_key() returns, or a list "
            "of such keys.",
            setting="encryption_key",
        )
    return _FernetCipher(encryption_key, accept_unencrypted=accept_unencrypted)


def _is_fernet_key(key: Secret) -> bool:
    from cryptography.fernet import Fernet  # noqa: PLC0415

    try:
        Fernet(str(key))
    except ValueError:
        return False
    return True
