"""An API's endpoint and authorization modes, from Amplify's files or the environment. Pure.

Formats: ``amplify_outputs.json`` (Amplify Gen 2,
https://docs.amplify.aws/react/reference/amplify_outputs/), ``amplifyconfiguration.json`` and
``aws-exports.js`` (Gen 1).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exceptions import ConfigurationError
from .secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MODES", "PREFIX", "ApiConfig", "config_of_environment", "config_of_text"]

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
        source: the file or prefix that said it, for errors.
    """

    url: str
    region: str | None = None
    default_mode: str
    modes: tuple[str, ...]
    api_key: str | None = field(default=None, repr=False)
    user_pool_id: str | None = None
    client_id: str | None = None
    user_pool_region: str | None = None
    identity_pool_id: str | None = None
    sign_in_domain: str | None = None
    username: str | None = None
    source: str


def config_of_text(text: str, source: str) -> ApiConfig:
    """Read a configuration file.

    Args:
        text: the file's content.
        source: its name, for errors.

    Raises:
        ConfigurationError: it is none of the formats, or a key that is needed is missing.
    """
    found = _json_of(text, source)
    if "aws_appsync_graphqlEndpoint" in found:
        return _of_gen1_exports(found, source)
    if "plugins" in (found.get("api") or {}):
        return _of_gen1_mobile(found, source)
    if "version" not in found and "data" not in found:
        raise ConfigurationError(
            f"{source} has neither 'data' (amplify_outputs.json) nor "
            "'aws_appsync_graphqlEndpoint' (aws-exports.js, amplifyconfiguration.json) nor "
            "'api.plugins': it is no Amplify configuration with a GraphQL API.",
            setting="config",
        )
    return _of_gen2(found, source)


def config_of_environment(environment: Mapping[str, str], prefix: str) -> ApiConfig | None:
    """Read a configuration from environment variables; ``None`` without ``{prefix}URL``.

    ``{prefix}URL``, ``{prefix}AUTH`` (a mode of :data:`MODES`), ``{prefix}API_KEY``,
    ``{prefix}REGION``, ``{prefix}USER_POOL_ID``, ``{prefix}CLIENT_ID``,
    ``{prefix}IDENTITY_POOL_ID``, ``{prefix}SIGN_IN_DOMAIN``, ``{prefix}USERNAME``.

    Raises:
        ConfigurationError: the mode is not known, or a variable that it needs is missing.
    """

    def get(name: str) -> str | None:
        return environment.get(prefix + name) or None

    url = get("URL")
    if url is None:
        return None
    mode = get("AUTH") or _likely_mode(get("CLIENT_ID"), get("API_KEY"))
    region = get("REGION")
    return _checked(
        ApiConfig(
            url=url,
            region=region,
            default_mode=mode,
            modes=(mode,),
            api_key=_secret(get("API_KEY")),
            user_pool_id=get("USER_POOL_ID"),
            client_id=get("CLIENT_ID"),
            user_pool_region=region,
            identity_pool_id=get("IDENTITY_POOL_ID"),
            sign_in_domain=get("SIGN_IN_DOMAIN"),
            username=get("USERNAME"),
            source=f"the environment ({prefix}…)",
        )
    )


def _likely_mode(client_id: str | None, api_key: str | None) -> str:
    return "userpool" if client_id else "api_key" if api_key else "iam"


def _json_of(text: str, source: str) -> dict[str, Any]:
    # aws-exports.js assigns one JSON object to a constant.
    exported = re.search(r"=\s*(\{.*\})\s*;?", text, re.DOTALL) if "export" in text else None
    try:
        found = json.loads(exported.group(1) if exported else text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{source} is no JSON object.", setting="config")
    return found


def _of_gen2(found: dict[str, Any], source: str) -> ApiConfig:
    version = str(found.get("version", "1"))
    if not version.startswith(("1", "2")):
        raise ConfigurationError(
            f"{source} has version {version!r}; versions 1 and 2 are known. Update appsync-gql.",
            setting="config",
        )
    data, auth = _object(found, "data", source), found.get("auth") or {}
    default = _mode(_text(data, "default_authorization_type", f"{source}: data."), source)
    others = (_mode(name, source) for name in data.get("authorization_types") or ())
    return _checked(
        ApiConfig(
            url=_text(data, "url", f"{source}: data."),
            region=data.get("aws_region"),
            default_mode=default,
            modes=tuple(dict.fromkeys((default, *others))),
            api_key=_secret(data.get("api_key")),
            user_pool_id=auth.get("user_pool_id"),
            client_id=auth.get("user_pool_client_id"),
            user_pool_region=auth.get("aws_region"),
            identity_pool_id=auth.get("identity_pool_id"),
            sign_in_domain=(auth.get("oauth") or {}).get("domain"),
            source=source,
        )
    )


def _of_gen1_exports(found: dict[str, Any], source: str) -> ApiConfig:
    default = _mode(_text(found, "aws_appsync_authenticationType", f"{source}: "), source)
    return _checked(
        ApiConfig(
            url=_text(found, "aws_appsync_graphqlEndpoint", f"{source}: "),
            region=found.get("aws_appsync_region"),
            default_mode=default,
            modes=(default,),
            api_key=_secret(found.get("aws_appsync_apiKey")),
            user_pool_id=found.get("aws_user_pools_id"),
            client_id=found.get("aws_user_pools_web_client_id"),
            user_pool_region=found.get("aws_cognito_region"),
            identity_pool_id=found.get("aws_cognito_identity_pool_id"),
            sign_in_domain=(found.get("oauth") or {}).get("domain"),
            source=source,
        )
    )


def _of_gen1_mobile(found: dict[str, Any], source: str) -> ApiConfig:
    apis = _object(_object(found["api"], "plugins", source), "awsAPIPlugin", source)
    graphql = [api for api in apis.values() if api.get("endpointType") == "GraphQL"]
    if not graphql:
        raise ConfigurationError(f"{source} has no API of endpointType GraphQL.", setting="config")
    api = graphql[0]
    plugins = (found.get("auth") or {}).get("plugins") or {}
    cognito = plugins.get("awsCognitoAuthPlugin") or {}
    pool = (cognito.get("CognitoUserPool") or {}).get("Default") or {}
    provider = (cognito.get("CredentialsProvider") or {}).get("CognitoIdentity") or {}
    default = _mode(_text(api, "authorizationType", f"{source}: awsAPIPlugin."), source)
    return _checked(
        ApiConfig(
            url=_text(api, "endpoint", f"{source}: awsAPIPlugin."),
            region=api.get("region"),
            default_mode=default,
            modes=(default,),
            api_key=_secret(api.get("apiKey")),
            user_pool_id=pool.get("PoolId"),
            client_id=pool.get("AppClientId"),
            user_pool_region=pool.get("Region"),
            identity_pool_id=(provider.get("Default") or {}).get("PoolId"),
            source=source,
        )
    )


def _checked(config: ApiConfig) -> ApiConfig:
    """Check that the default mode has what it needs."""
    known = (*MODES.values(), "identity_pool")
    if config.default_mode not in known:
        names = ", ".join(known)
        raise ConfigurationError(
            f"{config.source}: the authorization mode {config.default_mode!r} is not one of "
            f"{names}.",
            setting="auth",
        )
    needed = {
        "api_key": ("api_key",),
        "userpool": ("user_pool_id", "client_id"),
        "identity_pool": ("identity_pool_id",),
    }
    for name in needed.get(config.default_mode, ()):
        if getattr(config, name) is None:
            raise ConfigurationError(
                f"{config.source}: the mode {config.default_mode!r} needs the {name}, which is "
                "missing.",
                setting=name,
            )
    return config


def _mode(name: object, source: str) -> str:
    try:
        return MODES[str(name)]
    except KeyError:
        known = ", ".join(MODES)
        raise ConfigurationError(
            f"{source}: the authorization type {name!r} is not one of {known}.", setting="config"
        ) from None


def _object(found: dict[str, Any], key: str, source: str) -> dict[str, Any]:
    value = found.get(key)
    if not isinstance(value, dict):
        raise ConfigurationError(f"{source} has no object {key!r}.", setting="config")
    return value


def _text(found: dict[str, Any], key: str, where: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}{key} is missing.", setting="config")
    return value


def _secret(value: object) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None
