"""What tests have other processes do."""

from __future__ import annotations

import resource
import signal
import time
from typing import TYPE_CHECKING

import pytest

from appsync_gql import FilePersistence, SessionKey, StorageFailed
from appsync_gql.testing.contract import sample_tokens

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event
    from pathlib import Path

CLIENT = SessionKey(client_id="client")


def save_on_a_full_disk(path: Path) -> None:
    """Try on the nearest thing to a full disk: no file of this process may exceed 100 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    place = FilePersistence(path)
    with place.lock(CLIENT), pytest.raises(StorageFailed, match="File too large"):
        place.save(CLIENT, sample_tokens(renewals=1))


def hold_the_lock(path: Path, held: Event) -> None:
    """Hold it until killed, for a minute at most."""
    with FilePersistence(path).lock(CLIENT):
        held.set()
        time.sleep(60)
