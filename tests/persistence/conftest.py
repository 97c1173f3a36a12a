from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import keyring
import pytest
from keyrings.alt.file import EncryptedKeyring

from appsync_gql import DynamoDBPersistence
from support.backends import aws_session, dynamodb_server, in_ci, redis_program, redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend


@pytest.fixture(scope="session")
def redis_installed() -> None:
    """Skip the test without Redis, except in CI."""
    if redis_program() is None:
        if in_ci():
            pytest.fail("CI is set, so this may not be skipped: redis-server is not installed")
        pytest.skip("redis-server is not installed")


@pytest.fixture(scope="session")
def redis_url(redis_installed: None) -> Iterator[str]:
    del redis_installed
    with redis_server() as url:
        yield url


@pytest.fixture
def own_redis_url(redis_installed: None) -> Iterator[str]:
    """The URL of a Redis that no other test uses."""
    del redis_installed
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    with dynamodb_server() as url:
        DynamoDBPersistence(
            "sessions", key="any", endpoint_url=url, boto3_session=aws_session()
        ).create_table()
        yield url


@pytest.fixture
def name() -> str:
    """A key that no other test uses."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
def data_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the user's data folder below a temporary one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def file_keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyringBackend]:
    """Make the keyring package use an encrypted file, whose password is known."""
    folder = tmp_path_factory.mktemp("keyring")
    backend = EncryptedKeyring()
    backend.file_path = str(folder / "keys.cfg")
    backend.keyring_key = "correct horse"
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)
