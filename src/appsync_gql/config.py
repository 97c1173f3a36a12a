"""An API's endpoint and authorization modes, from Amplify's files or the environment. Pure.

Formats: ``amplify_outputs.json`` (Amplify Gen 2,
https://docs.amplify.aws/react/reference/amplify_outputs/), ``amplifyconfiguration.json`` and
``aws-exports.js`` (Gen 1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .config_section import ConfigSection
from .exceptions import ConfigurationError
from .secret import Secret

__all__ = ["MODES", "PREFIX", "ApiConfig", "config_of", "config_of_environment", "config_of_text"]

PREFIX = "APPSYNC_"
"""The prefix of the environment variables that :func:`connect` reads."""

MODES = {
    "API_KEY": "api_key",
    "AMAZON_COGNITO_USER_POOLS": "userpool",
    "AWS_IAM": "iam",
    "AWS_LAMBDA": "lambda",
    "OPENID_CONNECT": "oidc",
}
"""AppSync's names of its authorization modes, and this package's."""

_VERSIONS = ("1", "2")
"""The major versions of ``amplify_outputs.json`` that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """What a configuration says about an API.

    Attributes:
        url: the GraphQL endpoint.
        region: the API's region; ``None`` if it is not set.
        default_mode: the API's default authorization mode, by this package's name.
        modes: all of its modes, the default one first.
        api_key: ``None`` without.
        user_pool_id: ``None`` without, as ``client_id``.
        client_id: the user pool's app client.
        user_pool_region: the user pool's region.
        identity_pool_id: ``None`` without.
        sign_in_domain: the domain of the hosted sign-in pages; ``None`` without.
        username: whose session is used, by the pool's name of the user, where those of several
            users are saved; ``None`` for the only one.
        source: the file or the prefix of variables, for errors.
        keys: what the source calls these attributes.
    """

    url: str
    region: str | None = None
    default_mode: str
    modes: tuple[str, ...]
    api_key: Secret | None = field(default=None, repr=False)
    user_pool_id: str | None = None
    client_id: str | None = None
    user_pool_region: str | None = None
    identity_pool_id: str | None = None
    sign_in_domain: str | None = None
    username: str | None = None
    source: str
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    def needed(self, name: str, mode: str) -> str:
        """Return an attribute that a mode needs.

        Raises:
            ConfigurationError: the configuration does not have it.
        """
        value: str | None = getattr(self, name)
        if value is None:
            key = self.keys.get(name, name)
            raise ConfigurationError(
                f"{self.source}: {key} is missing, which the mode {mode!r} needs.", setting=name
            )
        return value


def config_of_text(text: str, source: str) -> ApiConfig:
    """Read a configuration file.

    Args:
        text: the file's content.
        source: its name, for errors.

    Raises:
        ConfigurationError: it is none of the formats, or a key is missing or odd.
    """
    # aws-exports.js assigns one JSON object to a constant.
    exported = re.search(r"=\s*(\{.*\})\s*;?", text, re.DOTALL) if "export" in text else None
    try:
        found = json.loads(exported.group(1) if exported else text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        found = None
    return config_of(found, source)


def config_of(found: object, source: str) -> ApiConfig:
    """Read the content of a configuration file; the arguments are as for ``config_of_text``.

    Raises:
        ConfigurationError: as ``config_of_text``.
    """
    if not isinstance(found, Mapping):
        raise ConfigurationError(f"{source} is no JSON object.", setting="config")
    whole = ConfigSection(found, source)
    if "aws_appsync_graphqlEndpoint" in whole:
        return _of_gen1_exports(whole)
    if "plugins" in whole.optional_section("api"):
        return _of_gen1_mobile(whole)
    if "version" not in whole and "data" not in whole:
        raise whole.error(
            "it has neither 'data' (amplify_outputs.json) nor 'aws_appsync_graphqlEndpoint' "
            "(aws-exports.js, amplifyconfiguration.json) nor 'api.plugins': it is no Amplify "
            "configuration with a GraphQL API"
        )
    version = str(found.get("version", "1"))
    if not version.startswith(_VERSIONS):
        raise whole.error(f"version {version!r} is not known; 1 and 2 are: update appsync-gql")
    return _of_gen2(whole)


def config_of_environment(environment: Mapping[str, str], prefix: str) -> ApiConfig | None:
    """Read a configuration from environment variables; ``None`` without ``{prefix}URL``.

    ``{prefix}URL``, ``{prefix}AUTH`` (a mode of :data:`MODES`), ``{prefix}API_KEY``,
    ``{prefix}REGION``, ``{prefix}USER_POOL_ID``, ``{prefix}CLIENT_ID``,
    ``{prefix}IDENTITY_POOL_ID``, ``{prefix}SIGN_IN_DOMAIN``, ``{prefix}USERNAME``.

    Raises:
        ConfigurationError: the mode is not known.
    """

    def of(name: str) -> str | None:
        return environment.get(f"{prefix}{name}") or None

    url = of("URL")
    if url is None:
        return None
    mode = of("AUTH") or ("userpool" if of("CLIENT_ID") else "api_key" if of("API_KEY") else "iam")
    known = (*MODES.values(), "identity_pool")
    if mode not in known:
        raise ConfigurationError(
            f"{prefix}AUTH is {mode!r}, which is not one of {', '.join(known)}.", setting="auth"
        )
    key, region = of("API_KEY"), of("REGION")
    names = ("api_key", "user_pool_id", "client_id", "identity_pool_id")
    return ApiConfig(
        url=url,
        region=region,
        default_mode=mode,
        modes=(mode,),
        api_key=None if key is None else Secret(key),
        user_pool_id=of("USER_POOL_ID"),
        client_id=of("CLIENT_ID"),
        user_pool_region=region,
        identity_pool_id=of("IDENTITY_POOL_ID"),
        sign_in_domain=of("SIGN_IN_DOMAIN"),
        username=of("USERNAME"),
        source="The environment",
        keys={name: f"{prefix}{name.upper()}" for name in names},
    )


def _of_gen2(whole: ConfigSection) -> ApiConfig:
    data, auth = whole.section("data"), whole.optional_section("auth")
    default = data.text("default_authorization_type")
    modes = _modes((default, *data.texts("authorization_types")), whole)
    return ApiConfig(
        url=data.text("url"),
        region=data.optional_text("aws_region"),
        default_mode=modes[0],
        modes=modes,
        api_key=data.secret("api_key"),
        user_pool_id=auth.optional_text("user_pool_id"),
        client_id=auth.optional_text("user_pool_client_id"),
        user_pool_region=auth.optional_text("aws_region"),
        identity_pool_id=auth.optional_text("identity_pool_id"),
        sign_in_domain=auth.optional_section("oauth").optional_text("domain"),
        source=whole.source,
        keys=_GEN2_KEYS,
    )


_GEN2_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "api_key": "data.api_key",
        "user_pool_id": "auth.user_pool_id",
        "client_id": "auth.user_pool_client_id",
        "identity_pool_id": "auth.identity_pool_id",
    }
)


def _of_gen1_exports(whole: ConfigSection) -> ApiConfig:
    modes = _modes((whole.text("aws_appsync_authenticationType"),), whole)
    keys = {
        "api_key": "aws_appsync_apiKey",
        "user_pool_id": "aws_user_pools_id",
        "client_id": "aws_user_pools_web_client_id",
        "identity_pool_id": "aws_cognito_identity_pool_id",
    }
    return ApiConfig(
        url=whole.text("aws_appsync_graphqlEndpoint"),
        region=whole.optional_text("aws_appsync_region"),
        default_mode=modes[0],
        modes=modes,
        api_key=whole.secret(keys["api_key"]),
        user_pool_id=whole.optional_text(keys["user_pool_id"]),
        client_id=whole.optional_text(keys["client_id"]),
        user_pool_region=whole.optional_text("aws_cognito_region"),
        identity_pool_id=whole.optional_text(keys["identity_pool_id"]),
        sign_in_domain=whole.optional_section("oauth").optional_text("domain"),
        source=whole.source,
        keys=keys,
    )


def _of_gen1_mobile(whole: ConfigSection) -> ApiConfig:
    apis = whole.section("api").section("plugins").section("awsAPIPlugin").sections()
    api = next((one for one in apis if one.optional_text("endpointType") == "GraphQL"), None)
    if api is None:
        raise whole.error("it has no API of endpointType GraphQL")
    plugins = whole.optional_section("auth").optional_section("plugins")
    cognito = plugins.optional_section("awsCognitoAuthPlugin")
    pool = cognito.optional_section("CognitoUserPool").optional_section("Default")
    provider = cognito.optional_section("CredentialsProvider").optional_section("CognitoIdentity")
    identities = provider.optional_section("Default")
    modes = _modes((api.text("authorizationType"),), whole)
    return ApiConfig(
        url=api.text("endpoint"),
        region=api.optional_text("region"),
        default_mode=modes[0],
        modes=modes,
        api_key=api.secret("apiKey"),
        user_pool_id=pool.optional_text("PoolId"),
        client_id=pool.optional_text("AppClientId"),
        user_pool_region=pool.optional_text("Region"),
        identity_pool_id=identities.optional_text("PoolId"),
        source=whole.source,
        keys={
            "api_key": api.name("apiKey"),
            "user_pool_id": pool.name("PoolId"),
            "client_id": pool.name("AppClientId"),
            "identity_pool_id": identities.name("PoolId"),
        },
    )


def _modes(names: tuple[str, ...], whole: ConfigSection) -> tuple[str, ...]:
    """Return this package's names of modes, each once, the default one first."""
    for name in names:
        if name not in MODES:
            known = ", ".join(MODES)
            raise whole.error(f"the authorization type {name!r} is not one of {known}")
    return tuple(dict.fromkeys(MODES[name] for name in names))
