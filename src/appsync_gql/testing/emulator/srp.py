"""The server side of Cognito's SRP sign-in (RFC 5054, with Cognito's own key derivation)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from ...exceptions import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SrpServer"]


class SrpServer:
    """One sign-in: returns the challenge, and checks the proof that the client knows the password.

    The protocol's constants and paddings are pycognito's, so that a client that uses
    pycognito is compatible; this class adds the check of the password.

    Args:
        pool_id: of the user pool; its part after the ``_`` goes into the key.
        username: the pool's own name of the user.
        password: the right one.
        client_a: the client's public value (``SRP_A``), in hex.

    Raises:
        ValueError: ``client_a`` is not hex, or a multiple of the modulus.
        MissingExtra: pycognito is not installed.
    """

    def __init__(self, pool_id: str, username: str, password: str, client_a: str) -> None:
        try:
            from pycognito import aws_srp as srp  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtra(
                'SRP in the emulator needs pycognito: pip install "appsync-gql[testing]"'
            ) from error
        self._pool_name = pool_id.split("_", 1)[1]
        self._username = username
        self._salt = secrets.token_hex(16)
        self.secret_block = base64.b64encode(secrets.token_bytes(32)).decode()
        modulus, generator = srp.hex_to_long(srp.N_HEX), srp.hex_to_long(srp.G_HEX)
        multiplier = srp.hex_to_long(srp.hex_hash("00" + srp.N_HEX + "0" + srp.G_HEX))
        identity = srp.hash_sha256(f"{self._pool_name}{username}:{password}".encode())
        private = srp.hex_to_long(srp.hex_hash(srp.pad_hex(self._salt) + identity))
        verifier = pow(generator, private, modulus)
        secret = secrets.randbelow(modulus)
        self._public = (multiplier * verifier + pow(generator, secret, modulus)) % modulus
        big_a = srp.hex_to_long(client_a or "0")
        if big_a % modulus == 0:
            # RFC 5054, 2.5.4: the key would not depend on the password.
            msg = "SRP_A is missing or invalid"
            raise ValueError(msg)
        mixed = srp.calculate_u(big_a, self._public)
        shared = pow(big_a * pow(verifier, mixed, modulus), secret, modulus)
        self._key = srp.compute_hkdf(
            bytearray.fromhex(srp.pad_hex(shared)),
            bytearray.fromhex(srp.pad_hex(srp.long_to_hex(mixed))),
        )

    def parameters(self) -> dict[str, str]:
        """Return the ``ChallengeParameters``."""
        return {
            "USERNAME": self._username,
            "USER_ID_FOR_SRP": self._username,
            "SALT": self._salt,
            "SRP_B": f"{self._public:x}",
            "SECRET_BLOCK": self.secret_block,
        }

    def proves_password(self, responses: Mapping[str, str]) -> bool:
        """Return whether the client's signature is right."""
        text = (
            self._pool_name.encode()
            + self._username.encode()
            + base64.b64decode(self.secret_block)
            + responses.get("TIMESTAMP", "").encode()
        )
        expected = base64.b64encode(hmac.new(self._key, text, hashlib.sha256).digest())
        return hmac.compare_digest(expected, responses.get("PASSWORD_CLAIM_SIGNATURE", "").encode())
