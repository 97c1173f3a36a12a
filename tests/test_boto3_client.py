"""boto3's clients: few, shared, and gone with who asked for them."""

from __future__ import annotations

import gc
import weakref

from botocore.config import Config

from appsync_gql.boto3_client import client_for
from support.backends import aws_session

PLAIN = ("cognito-idp", "eu-west-1", "http://127.0.0.1:1", None, None)


def test_equal_settings_share_one_client() -> None:
    assert client_for(*PLAIN) is client_for(*PLAIN)


def test_a_plain_client_is_kept_for_who_comes_next() -> None:
    seen = weakref.ref(client_for(*PLAIN))
    gc.collect()
    assert seen() is not None


def test_a_client_made_with_a_users_own_session_or_settings_goes_with_its_user() -> None:
    """A server may make a session for each of its customers, for months."""
    for session, config in ((aws_session(), None), (None, Config(read_timeout=1))):
        client = client_for("dynamodb", "eu-west-1", "http://127.0.0.1:1", session, config)
        seen = weakref.ref(client)
        del client
        gc.collect()
        assert seen() is None
