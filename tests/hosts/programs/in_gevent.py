"""Asks from greenlets, with everything that blocks replaced by gevent."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

from hosts.load import ask_in_threads  # noqa: E402
from hosts.own_measurement import measure_own_process  # noqa: E402
from hosts.settings import Settings  # noqa: E402
from hosts.users import Users  # noqa: E402

users = Users(Settings.from_environment())

if __name__ == "__main__":
    users.warm_up(users.ask_blocking)
    # The threads of the load are greenlets here.
    measure_own_process(
        len(users.names),
        lambda seconds: ask_in_threads(users.ask_blocking, users.names, seconds=seconds),
    )
