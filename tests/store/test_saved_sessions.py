"""The persistence of any maker, with errors of this package only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from appsync_gql import (
    ConfigurationError,
    LockTimeout,
    MemoryPersistence,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
    Tokens,
)
from appsync_gql.store.saved_sessions import SavedSessions
from support.store import ANYBODY, NOON, tokens_at

ADA = tokens_at(NOON)
DOWN = OSError(5, "Input/output error")


class Failing(MemoryPersistence):
    """Raises the errors that a test sets."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__()
        self.errors = errors

    def _use(self, what: str) -> None:
        if what in self.errors:
            raise self.errors[what]

    def load(self, key: SessionKey) -> Tokens | None:
        self._use("load")
        return super().load(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        self._use("save")
        super().save(key, tokens)

    def delete(self, key: SessionKey) -> None:
        self._use("delete")
        super().delete(key)

    def lock(self, key: SessionKey) -> Any:
        self._use("lock")
        return super().lock(key)


def saved(persistence: MemoryPersistence, waits: list[float] | None = None) -> SavedSessions:
    slept: list[float] = [] if waits is None else waits
    return SavedSessions(
        persistence=persistence, lock_delays=lambda: iter([0.1, 0.2, 0.4]), sleep=slept.append
    )


def test_what_is_saved_is_loaded_and_deleted() -> None:
    sessions = saved(MemoryPersistence())
    assert sessions.load(ANYBODY) is None
    assert sessions.save(ANYBODY, ADA) is None
    assert sessions.load(ANYBODY) == ADA
    sessions.delete(ANYBODY.with_tokens(ADA))
    assert sessions.persistence.load(SessionKey(username="bob")) is None


@pytest.mark.parametrize("step", ["load", "delete", "lock"])
def test_errors_of_any_maker_are_storage_failures(step: str) -> None:
    sessions = saved(Failing(**{step: DOWN}))
    method: Callable[[SessionKey], object] = getattr(sessions, step)
    with pytest.raises(StorageFailed, match="OSError") as caught:
        method(ANYBODY)
    assert caught.value.__cause__ is DOWN


def test_errors_of_this_package_are_raised_as_they_are() -> None:
    error = ConfigurationError("The table is missing.")
    with pytest.raises(ConfigurationError) as caught:
        saved(Failing(load=error)).load(ANYBODY)
    assert caught.value is error


def test_a_failed_save_is_returned() -> None:
    assert saved(Failing(save=DOWN)).save(ANYBODY, ADA) is DOWN


def test_something_else_is_done_without_if_there_are_tokens() -> None:
    corrupt = StorageCorrupt("The file x has no saved sessions in it.")
    sessions = saved(Failing(load=corrupt))
    assert sessions.load_or_error(ANYBODY, ADA) == (None, corrupt)
    with pytest.raises(StorageCorrupt):
        sessions.load_or_error(ANYBODY, None)


def test_another_sessions_tokens_are_refused() -> None:
    class Careless(MemoryPersistence):
        def load(self, key: SessionKey) -> Tokens | None:
            del key
            return ADA

    with pytest.raises(StorageFailed, match=r"user ada.*user bob"):
        saved(Careless()).load(SessionKey(username="bob"))


def test_the_lock_is_waited_for_and_released() -> None:
    persistence = MemoryPersistence()
    waits: list[float] = []
    sessions = saved(persistence, waits)
    with persistence.lock(ANYBODY):
        assert sessions.try_lock(ANYBODY) is None
        with pytest.raises(LockTimeout):
            sessions.lock(ANYBODY)
    assert waits == [0.1, 0.2, 0.4]
    with sessions.lock(ANYBODY):
        assert sessions.try_lock(ANYBODY) is None
    assert sessions.try_lock(ANYBODY) is not None


def test_the_wait_for_the_lock_can_be_shorter() -> None:
    persistence = MemoryPersistence()
    waits: list[float] = []
    with persistence.lock(ANYBODY), pytest.raises(LockTimeout):
        saved(persistence, waits).lock(ANYBODY, 0.2)
    assert sum(waits) == pytest.approx(0.2)


def test_a_lock_that_can_not_be_released_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck:
        def __enter__(self) -> None: ...

        def __exit__(self, *exc: object) -> None:
            raise DOWN

    class FailingPersistence(MemoryPersistence):
        def lock(self, key: SessionKey) -> Any:
            del key
            return Stuck()

    with saved(FailingPersistence()).lock(ANYBODY):
        pass
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DOWN, StorageFailed),
        (LockTimeout("locked"), StorageFailed),
        (ConfigurationError("no table", setting="table"), ConfigurationError),
    ],
)
def test_the_error_about_unsaved_tokens_names_the_persistence_and_the_cause(
    error: Exception, kind: type[Exception]
) -> None:
    found = saved(MemoryPersistence()).unsaved_error("The user is signed in", error)
    assert type(found) is kind
    assert str(error) in str(found)
    assert "MemoryPersistence" in str(found)
    if isinstance(found, ConfigurationError):
        assert found.setting == "table"
