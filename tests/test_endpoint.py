from __future__ import annotations

import pytest

from appsync_gql import ConfigurationError, InsecureEndpoint
from appsync_gql.endpoint import check_endpoint, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
        "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
        "https://api.example.com/graphql",
        "http://localhost:20002/graphql",
        "http://app.localhost/graphql",
        "http://127.0.0.1:8080",
        "http://127.9.9.9/",
        "http://[::1]:8080/graphql",
    ],
)
def test_https_and_this_machine_are_accepted(url: str) -> None:
    check_endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/graphql",
        "http://10.0.0.1/graphql",
        "http://0.0.0.0/graphql",
        "http://localhost.example.com/graphql",
        "http://127.0.0.1.example.com/graphql",
        "http://[fe80::1]/graphql",
        "HTTP://API.EXAMPLE.COM/",
    ],
)
def test_plain_http_to_another_machine_needs_a_word_of_consent(url: str) -> None:
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
        "https://example.com:notaport/graphql",
        "ftp://example.com",
    ],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_endpoint(url, allow_insecure=True)
    assert caught.value.setting == "url"


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_endpoint("https://user:hunter2@example.com/graphql")
    assert "hunter2" not in str(caught.value)


def test_loopback_is_told_by_name_and_number() -> None:
    assert is_loopback("LOCALHOST.")
    assert not is_loopback("example.com")
