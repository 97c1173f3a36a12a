"""Real hosts: each response reaches its asker, renewals included, and nothing is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .host_program import skip_without
from .matrix import HOSTS

if TYPE_CHECKING:
    from pathlib import Path

    from .matrix import Host

pytestmark = pytest.mark.slow


def _parameter(host: Host) -> object:
    marks = [pytest.mark.peer(host.needs[0])] if host.needs else []
    return pytest.param(host, id=host.name, marks=marks)


@pytest.mark.parametrize("host", [_parameter(host) for host in HOSTS])
def test_users_get_their_own_answers_under_load(host: Host, tmp_path: Path) -> None:
    skip_without(host.missing())
    measured = host.measure(tmp_path)
    assert host.problems(measured) == []
