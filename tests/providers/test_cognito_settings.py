from __future__ import annotations

import pytest

from appsync_gql import ConfigurationError, InsecureEndpoint
from appsync_gql.providers.cognito_settings import (
    check_optional_text,
    check_region,
    check_text,
    checked_endpoint_url,
    checked_secret,
    region_of_issuer,
    region_of_pool,
)
from appsync_gql.secret import Secret, hidden
from support.tracebacks import assert_hidden


@pytest.mark.parametrize("value", ["", " ", "a b", "a\n", "\t", b"bytes", 42, None])
def test_a_text_has_no_blanks_and_line_ends_and_is_a_str(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_text(value, "client_id")
    assert caught.value.setting == "client_id"
    assert "client_id" in str(caught.value)


def test_an_optional_text_may_be_left_out() -> None:
    check_optional_text(None, "device_key")
    check_optional_text("key", "device_key")
    with pytest.raises(ConfigurationError):
        check_optional_text("", "device_key")


def test_a_secret_is_checked_and_not_shown() -> None:
    assert checked_secret(None, "client_secret") is None
    assert checked_secret(Secret("s"), "client_secret") == "s"
    for value in ("hush-hush\n", b"hush-hush", ["hush-hush"], ""):
        with pytest.raises(ConfigurationError) as caught:
            checked_secret(hidden(value), "client_secret")
        assert caught.value.setting == "client_secret"
        assert_hidden(caught.value, "hush-hush")


def test_a_secret_of_a_wrong_type_is_refused_with_the_type_that_was_passed() -> None:
    with pytest.raises(ConfigurationError, match=r"must be a str, not bytes\.$"):
        checked_secret(hidden(b"hush-hush"), "client_secret")


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        "eu-west-1",
        "ap-southeast-7",
        "us-gov-west-1",
        "us-iso-east-1",
        "eu-isoe-west-1",
        "cn-north-1",
        "eusc-de-east-1",
    ],
)
def test_names_of_regions_in_every_partition_are_accepted(region: str) -> None:
    check_region(region, None)
    check_region(None, None)


@pytest.mark.parametrize(
    "region", ["", "Ireland", "eu_west_1", "EU-WEST-1", "eu-west", "eu-west-1a", "eu-west-1\n", 1]
)
def test_what_is_no_name_of_a_region_is_refused_at_once(region: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_region(region, None)
    assert caught.value.setting == "region"


def test_with_an_emulators_address_any_host_label_is_a_region() -> None:
    check_region("local", "http://127.0.0.1:9229")
    for region in ("eu_west_1", "a.b", "-x", 1):
        with pytest.raises(ConfigurationError):
            check_region(region, "http://127.0.0.1:9229")


def test_an_endpoint_on_this_machine_or_with_tls_is_accepted() -> None:
    for url in ("http://127.0.0.1:9229", "https://cognito.example.com"):
        assert checked_endpoint_url(Secret(url), allow_insecure=False) == url
    assert checked_endpoint_url(None, allow_insecure=False) is None


def test_plain_http_to_another_machine_must_be_allowed() -> None:
    url = Secret("http://10.0.0.5:9229")
    with pytest.raises(InsecureEndpoint) as caught:
        checked_endpoint_url(url, allow_insecure=False)
    assert caught.value.setting == "endpoint_url"
    assert checked_endpoint_url(url, allow_insecure=True) == url


@pytest.mark.parametrize(
    ("pool", "region"),
    [
        ("eu-west-1_AbC123", "eu-west-1"),
        ("us-gov-west-1_AbC", "us-gov-west-1"),
        ("eusc-de-east-1_AbC", "eusc-de-east-1"),
        ("local_AbC", None),
        ("eu-west-1_", None),
        ("eu-west-1_AbC.evil", None),
        (None, None),
    ],
)
def test_the_region_in_a_pools_id(pool: str | None, region: str | None) -> None:
    assert region_of_pool(pool) == region


@pytest.mark.parametrize(
    ("issuer", "region"),
    [
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", "eu-west-1"),
        ("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", "eu-west-1"),
        ("https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC", "cn-north-1"),
        ("https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_A", "eusc-de-east-1"),
        ("https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbC", None),
        ("https://evil.example/cognito-idp.eu-west-1.amazonaws.com/x", None),
        ("http://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", None),
        (None, None),
    ],
)
def test_the_region_in_either_form_of_an_issuer(issuer: str | None, region: str | None) -> None:
    assert region_of_issuer(issuer) == region
