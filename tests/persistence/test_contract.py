"""The contract of persistences, run for each of ours on the real storage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from appsync_gql import (
    DynamoDBPersistence,
    FilePersistence,
    KeyringPersistence,
    MemoryPersistence,
    RedisPersistence,
)
from appsync_gql.testing import PersistenceContract
from appsync_gql.testing.contract import sample_tokens
from support.backends import aws_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from appsync_gql import TokenPersistence

    Opened = Callable[[], TokenPersistence]

KEY = Fernet.generate_key()


class TestMemory(PersistenceContract):
    @pytest.fixture
    def opened(self) -> Opened:
        """Return the same object: it is shared by passing it on."""
        persistence = MemoryPersistence()
        return lambda: persistence

    def test_the_clock_correction_of_the_machine_that_saved_is_not_loaded(
        self, opened: Opened
    ) -> None:
        """It is loaded: memory does not leave the machine."""
        tokens = sample_tokens(clock_correction=-120.0)
        self.put(opened(), tokens)
        assert opened().load(self.key) is tokens


class TestFile(PersistenceContract):
    @pytest.fixture(params=[None, KEY], ids=["clear", "encrypted"])
    def opened(self, tmp_path: Path, request: pytest.FixtureRequest) -> Opened:
        path = tmp_path / "new folder" / "sessions.json"
        return partial(FilePersistence, path, encryption_key=request.param)


@pytest.mark.usefixtures("data_home")
class TestKeyring(PersistenceContract):
    """On the encrypted file of keyrings.alt, a real backend that needs no desktop."""

    @pytest.fixture(params=[None, 1_200], ids=["whole", "in parts"])
    def opened(self, file_keyring: KeyringBackend, request: pytest.FixtureRequest) -> Opened:
        assert file_keyring.get_password("app", "session") is None
        return partial(KeyringPersistence, "app", "session", characters=request.param)


@pytest.mark.peer("redis")
class TestRedis(PersistenceContract):
    @pytest.fixture(params=[None, KEY], ids=["clear", "encrypted"])
    def opened(self, redis_url: str, name: str, request: pytest.FixtureRequest) -> Opened:
        return partial(RedisPersistence, redis_url, key=name, encryption_key=request.param)


@pytest.mark.peer("moto")
class TestDynamoDB(PersistenceContract):
    @pytest.fixture(params=[None, KEY], ids=["clear", "encrypted"])
    def opened(self, dynamodb_url: str, name: str, request: pytest.FixtureRequest) -> Opened:
        return partial(
            DynamoDBPersistence,
            "sessions",
            key=name,
            endpoint_url=dynamodb_url,
            boto3_session=aws_session(),
            encryption_key=request.param,
        )
