"""The server side of Cognito's SRP sign-in (RFC 5054, with Cognito's own key derivation)."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import TYPE_CHECKING

from ...providers.srp import (
    GENERATOR,
    MODULUS,
    MULTIPLIER,
    SrpIdentity,
    claim,
    derived_key,
    mixed,
    verifier,
)
from ...secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SrpServer"]

_PRIVATE_BITS = 256
"""RFC 5054, 2.5.3: at least. A longer value makes each sign-in to the emulator slower."""


class SrpServer:
    """One sign-in: returns the challenge, and checks the proof that the client knows the password.

    Args:
        identity: whose password it is.
        salt: of the verifier.
        verifier: see :func:`~appsync_gql.providers.srp.verifier`.
        client_a: the client's public value (``SRP_A``), in hex.

    Attributes:
        secret_block: a random value by which the sign-in is found again.

    Raises:
        ValueError: ``client_a`` is not hex, or a multiple of the modulus.
    """

    def __init__(self, identity: SrpIdentity, salt: int, verifier: int, client_a: str) -> None:
        self._identity = identity
        self._salt = salt
        self.secret_block = base64.b64encode(secrets.token_bytes(32)).decode()
        big_a = int(client_a or "0", 16)
        if big_a % MODULUS == 0:
            # RFC 5054, 2.5.4: the key would not depend on the password.
            msg = "SRP_A is missing or invalid"
            raise ValueError(msg)
        private = secrets.randbits(_PRIVATE_BITS) | 1
        self._public = (MULTIPLIER * verifier + pow(GENERATOR, private, MODULUS)) % MODULUS
        u = mixed(big_a, self._public)
        shared = pow(big_a * pow(verifier, u, MODULUS), private, MODULUS)
        self._key = derived_key(shared, u)

    @classmethod
    def of_password(cls, identity: SrpIdentity, password: str, client_a: str) -> SrpServer:
        """Return the sign-in of somebody whose password is known; raises as the class."""
        salt = secrets.randbits(128)
        return cls(identity, salt, verifier(identity, Secret(password), salt), client_a)

    def parameters(self) -> dict[str, str]:
        """Return the ``ChallengeParameters``, without the names in them."""
        return {
            "SALT": f"{self._salt:x}",
            "SRP_B": f"{self._public:x}",
            "SECRET_BLOCK": self.secret_block,
        }

    def proves_password(self, responses: Mapping[str, str]) -> bool:
        """Return whether the client's signature is right."""
        block = base64.b64decode(self.secret_block)
        expected = claim(self._identity, self._key, block, responses.get("TIMESTAMP", ""))
        received = responses.get("PASSWORD_CLAIM_SIGNATURE", "")
        return hmac.compare_digest(expected.encode(), received.encode())
