from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from appsync_gql import ConfigurationError, RenewalFailed, SignInFailed
from appsync_gql.providers.oauth import AuthorizationRequest, code_of, error_of_token_response
from appsync_gql.secret import Secret
from support.tracebacks import assert_hidden

REQUEST = AuthorizationRequest(
    url="https://x", redirect_uri="http://127.0.0.1:1/", state=Secret("st4te"), verifier=Secret("v")
)


def test_a_request_proves_itself_by_a_hash_of_its_verifier() -> None:
    pytest.importorskip("oauthlib")
    scopes = ["openid", "email"]
    made = AuthorizationRequest.new("https://d.example/", "client", "http://127.0.0.1:1/", scopes)
    assert made.url.startswith("https://d.example/oauth2/authorize?")
    query = {name: values[0] for name, values in parse_qs(urlsplit(made.url).query).items()}
    digest = hashlib.sha256(made.verifier.encode()).digest()
    assert query == {
        "client_id": "client",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "redirect_uri": "http://127.0.0.1:1/",
        "response_type": "code",
        "scope": "openid email",
        "state": str(made.state),
    }
    assert str(made.verifier) not in repr(made)
    again = AuthorizationRequest.new("https://d.example", "client", "http://127.0.0.1:1/", scopes)
    assert again.state != made.state
    assert again.verifier != made.verifier


def returned(**query: str) -> Secret:
    return Secret(f"http://127.0.0.1:1/?{urlencode(query)}")


def test_the_code_is_in_the_url() -> None:
    code = code_of(returned(code="c0de", state="st4te"), REQUEST)
    assert code == "c0de"
    assert repr(code) == "<redacted>"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (returned(code="c0de-1", state="other"), "state differs"),
        (returned(code="c0de-1", state="ståte"), "state differs"),
        (returned(code="c0de-1"), "state differs"),
        (Secret("http://[c0de-1"), "state differs"),
        (Secret(""), "state differs"),
        (returned(state="st4te"), "Copy the whole address"),
        (returned(state="st4te", error="access_denied", error_description="no"), "denied: no"),
        (returned(state="st4te", error="access_denied"), "access_denied"),
    ],
)
def test_a_url_without_a_code_for_this_request_is_refused(url: Secret, text: str) -> None:
    with pytest.raises(SignInFailed, match=text) as caught:
        code_of(url, REQUEST)
    assert_hidden(caught.value, "c0de-1", "st4te")


@pytest.mark.parametrize(
    ("status", "body", "kind", "setting"),
    [
        (400, {"error": "invalid_grant"}, SignInFailed, None),
        (400, {"error": "invalid_client"}, ConfigurationError, "client_secret"),
        (400, {"error": "unauthorized_client"}, ConfigurationError, "client_id"),
        (400, {"error": "invalid_request"}, ConfigurationError, None),
        (500, {"error": "server"}, RenewalFailed, None),
        (503, None, RenewalFailed, None),
        (200, ["no object"], RenewalFailed, None),
    ],
)
def test_an_error_of_the_token_endpoint_says_who_must_act(
    status: int, body: Any, kind: type[Exception], setting: str | None
) -> None:
    error = error_of_token_response(status, body)
    assert type(error) is kind
    assert error.status == status
    assert getattr(error, "setting", None) == setting
