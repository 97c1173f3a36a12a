"""Asks from a thread pool, and from a new thread for each question."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from hosts.load import ask_in_threads
from hosts.own_measurement import measure_own_process
from hosts.settings import Settings
from hosts.users import Users

users = Users(Settings.from_environment())
pool = ThreadPoolExecutor(8)


def ask_in_the_pool(user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
    """Ask from a thread of the pool, which lives on."""
    return pool.submit(users.ask_blocking, user, text, mutation).result(25)


def ask_in_a_new_thread(user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
    """Ask from a thread that ends after it, with gql's own synchronous ``execute``."""
    answers: list[tuple[str, str] | Exception] = []

    def work() -> None:
        try:
            answers.append(users.ask_sync(user, text, mutation))
        except Exception as error:  # noqa: BLE001 - raised below
            answers.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(25)
    answer = answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


def ask(user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
    """Ask in either way."""
    way = ask_in_a_new_thread if hash(text) % 3 == 0 else ask_in_the_pool
    return way(user, text, mutation)


if __name__ == "__main__":
    users.warm_up(users.ask_blocking)
    measure_own_process(
        len(users.names),
        lambda seconds: ask_in_threads(ask, users.names, seconds=seconds),
    )
    pool.shutdown()
