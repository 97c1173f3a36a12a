from __future__ import annotations

from appsync_gql import CognitoProvider, Grant, TokenProvider, Tokens


def test_tokens_of_a_grant_are_just_issued_unless_it_says_otherwise() -> None:
    grant = Grant(tokens=Tokens(refresh_token="r"), api="Call")
    assert grant.just_issued
    assert "refresh=<redacted>" in repr(grant)


def test_cognito_is_a_provider() -> None:
    provider: TokenProvider = CognitoProvider("client", region="eu-west-1")
    assert provider.session_key.client_id == "client"
