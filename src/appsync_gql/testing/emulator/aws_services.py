"""The AWS services beside AppSync, at one address: user pool, identity pool, STS.

Which one a request is for, its headers say (``x-amz-target``), or its form (``Action``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .cognito_error import CognitoError
from .http_responses import HttpResponse, of_cognito, of_cognito_error
from .sts import action_of

if TYPE_CHECKING:
    from .authorization import AuthorizationRequest
    from .identity_pool import IdentityPool
    from .sts import Sts
    from .user_pool import UserPool

__all__ = ["AwsServices"]

_USER_POOL, _IDENTITY_POOL = "AWSCognitoIdentityProviderService.", "AWSCognitoIdentityService."


class AwsServices:
    """Passes requests to the service that they are for.

    Args:
        user_pool: a Cognito user pool.
        identity_pool: a Cognito identity pool.
        sts: AWS STS.

    Attributes:
        user_pool: as given.
    """

    def __init__(self, user_pool: UserPool, identity_pool: IdentityPool, sts: Sts) -> None:
        self.user_pool, self._identity_pool, self._sts = user_pool, identity_pool, sts

    def operation(self, request: AuthorizationRequest) -> str:
        """Return the name of the call; empty if the request does not say."""
        action = action_of(request.body)
        target = request.headers.get("x-amz-target", "")
        return action or target.removeprefix(_USER_POOL).removeprefix(_IDENTITY_POOL)

    def respond(self, request: AuthorizationRequest) -> HttpResponse:
        """Return the response to one call."""
        if action_of(request.body) is not None:
            return self._sts.respond(request)
        target = request.headers.get("x-amz-target", "")
        for_identities = target.startswith(_IDENTITY_POOL)
        service = self._identity_pool if for_identities else self.user_pool
        try:
            return of_cognito(service.call(self.operation(request), _json_or_none(request.body)))
        except CognitoError as error:
            return of_cognito_error(error)


def _json_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw or b"{}")
    except ValueError:
        return None
