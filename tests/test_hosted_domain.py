"""What is needed before a sign-in with a browser."""

from __future__ import annotations

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.hosted_domain import domain_of, has_no_browser


@pytest.mark.parametrize(
    ("asked", "configured", "expected"),
    [
        ("https://a.example", None, "https://a.example"),
        ("a.example", "b.example", "https://a.example"),
        (None, "b.example", "https://b.example"),
        ("http://127.0.0.1:9", None, "http://127.0.0.1:9"),
    ],
)
def test_the_users_domain_comes_before_the_configurations(
    asked: str | None, configured: str | None, expected: str
) -> None:
    assert domain_of(asked, configured) == expected


@pytest.mark.parametrize("asked", [None, ""])
def test_without_a_domain_it_says_which_option_is_missing(asked: str | None) -> None:
    with pytest.raises(ConfigurationError, match="add --domain"):
        domain_of(asked, None)


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ":0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "w"}, "linux", False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", True),
        ({"BROWSER": "firefox", "SSH_CONNECTION": "x"}, "linux", False),
        ({}, "darwin", False),
        ({}, "win32", False),
        ({"SSH_TTY": "x"}, "darwin", True),
        ({"JUPYTERHUB_USER": "ada", "DISPLAY": ":0"}, "linux", True),
    ],
)
def test_a_browser_is_used_where_somebody_sees_it(
    environment: dict[str, str], platform: str, expected: object
) -> None:
    assert has_no_browser(environment, platform) is expected
