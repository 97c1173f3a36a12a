"""The part of :class:`Emulator` for AWS credentials, identity providers and configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .addresses import Addresses
from .amplify_outputs import amplify_outputs

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from .api_modes import ApiModes
    from .auth_iam import IamCredentials
    from .identity_pool import IdentityPool

__all__ = ["AwsControls"]


class AwsControls(Addresses):
    """Methods for tests. They may be called from any thread."""

    region: str
    user_pool_id: str
    client_id: str
    _modes: ApiModes
    _identity_pool: IdentityPool
    _default_mode: str | None
    _guests: bool

    def issue_iam_credentials(
        self, *, lifetime: float = 3600, issued_ago: float = 0.0
    ) -> IamCredentials:
        """Return new temporary AWS credentials with a session token, as ``AssumeRole`` does.

        Args:
            lifetime: seconds for which they are valid.
            issued_ago: seconds by which they are older than now.

        Raises:
            RuntimeError: the emulator was created without ``iam_credentials``.
        """
        if self._modes.iam is None:
            msg = "this API has no mode IAM: create Emulator(iam_credentials={})"
            raise RuntimeError(msg)
        return self._modes.iam.issue(lifetime, issued_ago)

    def issue_oidc_token(
        self,
        subject: str = "ada",
        *,
        lifetime: int = 3600,
        issued_ago: float = 0.0,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Return an ID token of the OpenID Connect issuer.

        Args:
            subject: the claim ``sub``.
            lifetime: seconds for which it is valid.
            issued_ago: seconds by which it is older than now.
            claims: added to the others, or replacing them; ``None`` for none.

        Raises:
            RuntimeError: the emulator was created without ``oidc_issuer``.
        """
        if self._modes.oidc is None:
            msg = 'this API has no mode OpenID Connect: create Emulator(oidc_issuer="https://…")'
            raise RuntimeError(msg)
        return self._modes.oidc.issue(subject, lifetime, issued_ago, claims or {})

    def delete_identities(self) -> None:
        """Delete all identities of the identity pool, as its owner can."""
        self._identity_pool.delete_identities()

    @property
    def identity_pool_id(self) -> str:
        """The identity pool of an API with ``iam_credentials``."""
        return self._identity_pool.pool_id

    def amplify_outputs(self) -> dict[str, Any]:
        """Return what an ``amplify_outputs.json`` for this emulator contains.

        Amplify's format has no place for Cognito's address; see :attr:`aws_environment`.
        """
        key = self._modes.api_key
        return amplify_outputs(
            url=self.graphql_url,
            region=self.region,
            default_mode=self._default_mode,
            modes=self._modes.authorization().names,
            api_key=None if key is None else key.valid_key,
            user_pool_id=self.user_pool_id,
            client_id=self.client_id,
            identity_pool_id=None if self._modes.iam is None else self.identity_pool_id,
            guests=self._guests,
        )

    def write_amplify_outputs(self, path: str | os.PathLike[str]) -> None:
        """Write an ``amplify_outputs.json`` for this emulator, for ``connect(path)``."""
        Path(path).write_text(json.dumps(self.amplify_outputs(), indent=2), encoding="utf-8")
