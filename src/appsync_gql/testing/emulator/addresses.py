"""The part of :class:`Emulator` that says where its endpoints are."""

from __future__ import annotations

__all__ = ["Addresses"]


class Addresses:
    """URLs of an emulator; not known before it is started, unless it was given a port."""

    _port: int

    @property
    def cognito_url(self) -> str:
        """The endpoint of Cognito and STS, for ``CognitoProvider(endpoint_url=…)``."""
        if not self._port:
            msg = "start the emulator first: its port is not known before"
            raise RuntimeError(msg)
        return f"http://127.0.0.1:{self._port}"

    @property
    def graphql_url(self) -> str:
        """AppSync's endpoint, for ``AppSyncTransport``."""
        return f"{self.cognito_url}/graphql"

    @property
    def realtime_url(self) -> str:
        """The real-time endpoint, at the path that custom domains have."""
        return f"{self.graphql_url}/realtime".replace("http", "ws", 1)

    @property
    def oidc_url(self) -> str:
        """The URL below which the OpenID Connect issuer publishes its configuration and keys."""
        return f"{self.cognito_url}/oidc"

    @property
    def aws_environment(self) -> dict[str, str]:
        """Environment variables by which boto3 finds the emulator in the place of AWS.

        They are read when a client is made, ``AWS_ENDPOINT_URL_STS`` for assumed roles too
        (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
        """
        services = ("COGNITO_IDENTITY", "COGNITO_IDENTITY_PROVIDER", "STS")
        return {f"AWS_ENDPOINT_URL_{name}": self.cognito_url for name in services}
