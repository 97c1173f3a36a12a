from __future__ import annotations

import ssl
from typing import Any

import aiohttp
import pytest

from appsync_gql import ConfigurationError, InsecureEndpoint
from appsync_gql.endpoint import (
    ApiHosts,
    check_endpoint,
    check_service_url,
    check_ssl,
    is_aws_url,
    is_loopback,
    is_region,
)
from support.tracebacks import assert_hidden


@pytest.mark.parametrize(
    "url",
    [
        "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
        "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
        "https://ABC.APPSYNC-API.EU-WEST-1.AMAZONAWS.COM/graphql",
        "https://vpce-1-x.appsync-api.eu-west-1.vpce.amazonaws.com/graphql",
        "https://api.example.com/graphql",
        "https://api.example.com",
        "https://bücher.example/graphql",
        "http://localhost:20002/graphql",
        "http://LOCALHOST:20002/graphql",
        "http://app.localhost/graphql",
        "http://127.0.0.1:8080",
        "http://127.9.9.9/",
        "http://[::1]:8080/graphql",
        "https://api.example.com:65535/graphql",
    ],
)
def test_https_and_this_machine_are_accepted(url: str) -> None:
    check_endpoint(url)


INSECURE = [
    "http://api.example.com/graphql",
    "http://10.0.0.1/graphql",
    "http://0.0.0.0/graphql",
    "http://localhost.example.com/graphql",
    "http://localhost.evil/graphql",
    "http://127.0.0.1.example.com/graphql",
    "http://127.0.0.1%.evil.example/graphql",
    "http://127.0.0.1%25.evil.example/graphql",
    "http://127.0.0.1%2eevil.example/graphql",
    "http://[fe80::1]/graphql",
    "http://[::1%25evil]/graphql",
    "http://[::ffff:10.0.0.1]/graphql",
    "HTTP://API.EXAMPLE.COM/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://xlocalhost/",
    "http://-.localhost/",
]


@pytest.mark.parametrize("url", INSECURE)
def test_plain_http_to_another_machine_must_be_allowed_explicitly(url: str) -> None:
    with pytest.raises(InsecureEndpoint, match="allow_insecure=True"):
        check_endpoint(url)
    check_endpoint(url, allow_insecure=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "graphql",
        "/graphql",
        "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
        "https://",
        "https://[::1/graphql",
        "http://[::1].evil.example/graphql",
        "http://[::1]evil/graphql",
        "http://127.0.0.1:80:evil/graphql",
        "http://127.0.0.1\n.evil.example/graphql",
        "http://127.0.0.1\\.evil.example/graphql",
        "http://127.0.0.1 .evil.example/graphql",
        "https://example.com:notaport/graphql",
        "https://example.com:65536/graphql",
        "https://:443/graphql",
        "ftp://example.com",
        b"https://example.com/graphql",
        None,
    ],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_endpoint(url, allow_insecure=True)
    assert caught.value.setting == "url"


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@example.com/graphql",
        "http://hunter2@127.0.0.1/graphql",
        "https://user:hunter2\u2100@example.com/graphql",
        "https://user:hunter2/graphql@example.com",
        "https://user:hunter2@@127.0.0.1",
        "http://127.0.0.1:hunter2",
    ],
)
def test_a_password_in_a_url_is_refused_and_shown_nowhere(url: str) -> None:
    for check in (check_endpoint, lambda u: check_service_url(u, setting="endpoint_url")):
        with pytest.raises(ConfigurationError) as caught:
            check(url)
        assert_hidden(caught.value, "hunter2")


@pytest.mark.parametrize(
    "url",
    [
        "https://abc.appsync-api.eu-west-1.amazonaws.com",
        "https://abc.appsync-api.eu-west-1.amazonaws.com/",
        "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql/",
        "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/event",
        "https://ABC.AppSync-API.eu-west-1.amazonaws.com/GraphQL",
    ],
)
def test_appsyncs_own_hosts_have_the_path_graphql(url: str) -> None:
    with pytest.raises(ConfigurationError, match="/graphql") as caught:
        check_endpoint(url)
    assert caught.value.setting == "url"
    check_service_url(url, setting="endpoint_url")


def test_the_argument_of_any_services_url_is_named() -> None:
    check_service_url("http://127.0.0.1:8000", setting="endpoint_url")
    check_service_url("http://10.0.0.1:8000", setting="endpoint_url", allow_insecure=True)
    for url in ("http://10.0.0.1:8000", "redis://127.0.0.1", "https://u@example.com"):
        with pytest.raises(ConfigurationError) as caught:
            check_service_url(url, setting="endpoint_url")
        assert caught.value.setting == "endpoint_url"


@pytest.mark.parametrize(
    ("host", "certain"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.b.localhost", True),
        ("localhost..", False),
        (".localhost", False),
        ("x%2elocalhost", False),
        ("example.com", False),
        ("127.0.0.1", True),
        ("127.0.0.1.", False),
        ("127.0.0.1%lo", False),
        ("127.0.0.01", False),
        ("::1", True),
        ("0:0:0:0:0:0:0:1", True),
        ("::1%lo", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%lo", False),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("::", False),
        ("", False),
    ],
)
def test_a_host_is_loopback_only_where_there_is_no_doubt(host: str, *, certain: bool) -> None:
    assert is_loopback(host) is certain


@pytest.mark.parametrize(
    ("url", "aws"),
    [
        ("https://cognito-idp.eu-west-1.amazonaws.com", True),
        ("https://COGNITO-IDP.EU-WEST-1.AMAZONAWS.COM./", True),
        ("https://cognito-idp.cn-north-1.amazonaws.com.cn", True),
        ("https://cognito-idp.eusc-de-east-1.amazonaws.eu", True),
        ("https://vpce-1.cognito-idp.eu-west-1.vpce.amazonaws.com", True),
        ("https://cognito-idp.eu-west-1.api.aws", True),
        ("https://notamazonaws.com", False),
        ("https://amazonaws.com.evil.example", False),
        ("http://127.0.0.1:9229", False),
        ("nonsense", False),
    ],
)
def test_a_url_is_of_aws_by_the_end_of_its_host(url: str, *, aws: bool) -> None:
    assert is_aws_url(url) is aws


@pytest.mark.parametrize("given", ["no", "", 1, None])
def test_whether_plain_http_is_allowed_is_a_bool(given: Any) -> None:
    """``allow_insecure="no"`` would allow it otherwise."""
    with pytest.raises(ConfigurationError, match="True or False") as caught:
        check_endpoint("http://api.example.com/graphql", allow_insecure=given)
    assert caught.value.setting == "allow_insecure"


@pytest.mark.parametrize("value", [True, False, ssl.create_default_context()])
def test_tls_settings_of_aiohttp_are_accepted(value: object) -> None:
    check_ssl(value)
    check_ssl(aiohttp.Fingerprint(b"x" * 32))


@pytest.mark.parametrize("value", [None, 0, "ca.pem"])
def test_what_aiohttp_would_take_for_no_verification_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="SSLContext"):
        check_ssl(value)


def test_the_names_of_an_api_are_those_of_its_url() -> None:
    url = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql"
    assert ApiHosts.of(url, api_host=None, realtime_url=None) == (url, None, {}, {})
    assert ApiHosts.of(url, api_host=None, realtime_url="wss://x").realtime_url == "wss://x"


@pytest.mark.parametrize("tail", ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"])
def test_a_private_api_has_an_endpoint_and_a_host_of_its_own(tail: str) -> None:
    url = f"https://vpce-1.appsync-api.eu-west-1.vpce.{tail}/graphql"
    host = f"abc.appsync-api.eu-west-1.{tail}"
    found = ApiHosts.of(url, api_host=host, realtime_url=None)
    assert found.url == f"https://{host}/graphql"
    assert found.realtime_url == f"wss://vpce-1.appsync-api.eu-west-1.vpce.{tail}/graphql"
    assert found.request_headers == {"Host": host}
    domain = f"abc.appsync-realtime-api.eu-west-1.{tail}"
    assert found.handshake_headers == {"x-appsync-domain": domain}


@pytest.mark.parametrize(
    "name", ["eu-west-1", "us-gov-east-1", "cn-north-1", "eusc-de-east-1", "ap-southeast-12"]
)
def test_regions_of_all_partitions_are_regions(name: str) -> None:
    assert is_region(name)


@pytest.mark.parametrize("name", ["", "Ireland", "eu-west", "eu-west-1a", "EU-WEST-1", "a\n"])
def test_other_names_are_no_regions(name: str) -> None:
    assert not is_region(name)
