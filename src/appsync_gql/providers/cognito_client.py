"""The boto3 clients of one user pool's provider: region, address, and settings of boto3."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..boto3_client import check_boto3_arguments, client_for
from ..endpoint import check_service_url, is_aws_url
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from .cognito_api import Attempts
from .cognito_settings import check_region, region_of_issuer

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from ..tokens import Tokens

__all__ = ["CognitoClient"]


class CognitoClient:
    """Makes calls of one Cognito endpoint.

    Args:
        region: the user pool's region; ``None`` takes it from the tokens' ``iss``.
        endpoint_url: an emulator's address, checked already; ``None`` for AWS.
        allow_insecure: whether the address may be plain ``http://`` to another machine.
        session: used to make boto3 clients; ``None`` for a new one.
        config: botocore settings that replace this package's.

    Raises:
        ConfigurationError: an argument is wrong.
    """

    def __init__(
        self,
        *,
        region: str | None,
        endpoint_url: str | None,
        allow_insecure: bool,
        session: Session | None,
        config: Config | None,
    ) -> None:
        check_region(region, endpoint_url)
        check_boto3_arguments(session, config)
        self.region = region
        self._endpoint_url = endpoint_url
        self._allow_insecure = allow_insecure
        self._session = session
        self._config = config
        self._url = ""
        self._clients: dict[float, CognitoIdentityProviderClient] = {}

    @property
    def at_aws(self) -> bool:
        """Whether the latest call went to AWS; false for emulators and other servers."""
        return is_aws_url(self._url)

    def attempts(self, tokens: Tokens | None) -> Attempts:
        """Return what makes calls.

        Args:
            tokens: for the region in their ``iss`` if none was configured; ``None`` without.

        Raises:
            ConfigurationError: the region is not known.
        """
        claims = tokens.any_claims if tokens is not None else None
        region = self.region or region_of_issuer(claims.issuer if claims else None)
        if region is None:
            raise ConfigurationError(
                "The user pool's region is not known: pass region= or user_pool_id= to "
                "CognitoProvider.",
                setting="region",
            )
        return Attempts(client=partial(self.client, region))

    def client(self, region: str, read_seconds: float) -> CognitoIdentityProviderClient:
        """Return the boto3 client that waits so many seconds for data of a response.

        Raises:
            ConfigurationError: boto3 can't make one from these settings, or the address, which
                may come from the environment or AWS's configuration file, is not secure.
            RenewalFailed: boto3 failed otherwise.
        """
        client = self._made(region, read_seconds)
        if isinstance(client, AppSyncError):
            raise client
        self._url = client.meta.endpoint_url
        check_service_url(self._url, setting="endpoint_url", allow_insecure=self._allow_insecure)
        # Kept, because boto3 clients with settings of the user's own live only while in use.
        self._clients[read_seconds] = client
        return client

    def _made(
        self, region: str, read_seconds: float
    ) -> CognitoIdentityProviderClient | AppSyncError:
        try:
            client: CognitoIdentityProviderClient = client_for(
                "cognito-idp",
                region,
                self._endpoint_url,
                self._session,
                self._config,
                read_seconds=read_seconds,
                attempts=1,
            )
        except AppSyncError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a session of the user's own may do anything
            return RenewalFailed(f"boto3 could not make a client ({type(error).__name__}).")
        return client
