"""The authorization modes of the emulator's API, from the arguments of :class:`Emulator`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .auth_api_key import ApiKeyMode
from .auth_iam import IamMode
from .auth_lambda import LambdaMode
from .auth_oidc import OidcMode
from .auth_user_pool import UserPoolMode
from .authorization import Authorization

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .auth_lambda import LambdaAuthorizer
    from .user_pool import UserPool

__all__ = ["ApiModes", "create_modes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiModes:
    """The modes of one API; ``None`` for those that it does not have."""

    user_pool: UserPoolMode
    api_key: ApiKeyMode | None = None
    iam: IamMode | None = None
    oidc: OidcMode | None = None
    lambda_authorizer: LambdaMode | None = None

    def authorization(self, default_mode: str | None = None) -> Authorization:
        """Return all modes, in the order in which they are asked.

        The user pool's mode recognizes every ``Authorization`` header, so it comes after the
        modes that recognize some of them.

        Args:
            default_mode: see :class:`Authorization`.

        Raises:
            ValueError: the API has no such mode.
        """
        modes = (self.iam, self.oidc, self.lambda_authorizer, self.user_pool, self.api_key)
        return Authorization([mode for mode in modes if mode is not None], default_mode)


def create_modes(
    pool: UserPool,
    *,
    region: str,
    api_keys: Collection[str] | Mapping[str, float | None],
    iam_credentials: Mapping[str, str] | None,
    oidc_issuer: str | None,
    lambda_authorizer: LambdaAuthorizer | None,
) -> ApiModes:
    """Return the modes that the arguments of :class:`Emulator` ask for."""
    now = pool.now
    return ApiModes(
        user_pool=UserPoolMode(issuer=pool.issuer, client_id=pool.client_id, now=now),
        api_key=ApiKeyMode(api_keys, now=now) if api_keys else None,
        iam=None if iam_credentials is None else IamMode(iam_credentials, region=region, now=now),
        oidc=None if oidc_issuer is None else OidcMode(oidc_issuer, now=now),
        lambda_authorizer=(
            None if lambda_authorizer is None else LambdaMode(lambda_authorizer, now=now)
        ),
    )
