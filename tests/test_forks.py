"""What a forked child creates anew."""

from __future__ import annotations

import gc
import os
import threading
import time

import pytest

from appsync_gql import forks
from appsync_gql.forks import Imports, after_fork_in_child, importing

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


class Thing:
    resets = 0

    def reset(self) -> None:
        self.resets += 1


def in_child(thing: Thing) -> int:
    """Fork; return how often the thing was reset in the child."""
    child = os.fork()
    if child == 0:
        os._exit(thing.resets)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_resets_each_thing_once_and_the_parent_does_not() -> None:
    thing = Thing()
    after_fork_in_child(thing, Thing.reset)
    assert in_child(thing) == 1
    assert thing.resets == 0


def test_a_thing_that_is_gone_is_forgotten() -> None:
    thing = Thing()
    after_fork_in_child(thing, Thing.reset)
    before = len(forks._resets)
    del thing
    gc.collect()
    assert len(forks._resets) < before


def test_a_thing_that_can_not_be_reset_does_not_keep_the_others_from_it() -> None:
    class Broken:
        def reset(self) -> None:
            raise OSError

    broken, thing = Broken(), Thing()
    after_fork_in_child(broken, Broken.reset)
    after_fork_in_child(thing, Thing.reset)
    assert in_child(thing) == 1


def test_a_fork_waits_until_another_thread_has_imported() -> None:
    imported: list[str] = []
    started = threading.Event()

    def slow_import() -> None:
        with importing():
            started.set()
            time.sleep(0.1)
            imported.append("a module")

    thread = threading.Thread(target=slow_import)
    thread.start()
    started.wait()
    child = os.fork()
    if child == 0:
        os._exit(len(imported))
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_a_fork_does_not_wait_for_ever() -> None:
    imports, started, end = Imports(seconds=0.01), threading.Event(), threading.Event()

    def hang() -> None:
        with imports.importing():
            started.set()
            end.wait()

    thread = threading.Thread(target=hang)
    thread.start()
    started.wait()
    imports.before_fork()
    imports.after_fork_in_parent()
    assert thread.is_alive(), "its import has not ended"
    end.set()
    thread.join()


def can_another_thread_import(imports: Imports) -> bool:
    imported = threading.Event()

    def import_something() -> None:
        with imports.importing():
            imported.set()

    threading.Thread(target=import_something, daemon=True).start()
    return imported.wait(20)


def test_a_thread_that_forks_while_it_imports_does_not_wait_for_itself() -> None:
    imports = Imports(seconds=3600)
    with imports.importing():
        imports.before_fork()
        imports.after_fork_in_parent()
        assert can_another_thread_import(imports)


def test_a_child_that_was_forked_during_an_import_waits_for_none() -> None:
    imports = Imports(seconds=3600)
    with imports.importing():
        imports.before_fork()
        imports.after_fork_in_child()
    imports.before_fork()
    imports.after_fork_in_parent()
    assert can_another_thread_import(imports)
