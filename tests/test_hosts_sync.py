"""How programs fork, end and are interrupted: synchronous calls in programs of their own."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql.testing import Emulator
from support.spawned import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork"),
]

PRELUDE = """
import asyncio, atexit, gc, os, signal, sys, threading, time
URL, MODE = sys.argv[1:3]
from gql import GraphQLRequest, gql
import botocore.session
from appsync_gql import ApiKeyAuth, IamAuth, connect

def auth():
    if MODE == "api key":
        return ApiKeyAuth("da2-key")
    session = botocore.session.Session()
    session.set_credentials("AKIAEXAMPLE", "secret")
    return IamAuth(region="us-east-1", session=session)

client = connect(url=URL, auth=auth())
ITEM = gql("query Item($id: ID!) { item(id: $id) { id } }")
CREATED = gql("subscription { onCreateItem { id } }")
CREATE = gql('mutation { createItem(key: "tea", name: "n") { id name } }')

def ask(number):
    found = client.execute(GraphQLRequest(ITEM, variable_values={"id": str(number)}))
    return int(found["item"]["id"])

def child(work, end=sys.exit):
    pid = os.fork()
    if not pid:
        end(work())
    return pid

def code(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
NOISE = ("Traceback", "Exception ignored", "nclosed", "never awaited", "never retrieved", "Error")


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    credentials = {"AKIAEXAMPLE": "secret"}
    with Emulator.in_thread(api_keys=["da2-key"], iam_credentials=credentials) as api:
        yield api


@pytest.fixture(params=["api key", pytest.param("IAM", marks=pytest.mark.slow)])
def run(api: Emulator, request: pytest.FixtureRequest) -> Run:
    return Run(api.graphql_url, request.param)


class Run:
    """Runs programs that end with code 0 and without a word on standard error."""

    def __init__(self, url: str, mode: str) -> None:
        self._arguments = url, mode

    def __call__(self, program: str, code: int = 0) -> str:
        """Return what the program printed; its own exit code must be the one expected."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-X", "dev", "-c", PRELUDE + program, *self._arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if any(word in line for word in NOISE)]
        assert (done.returncode, lines) == (code, []), done.stderr
        return done.stdout.strip()


# -- ends ------------------------------------------------------------------------------


def test_a_script_closes_nothing_by_hand(run: Run) -> None:
    assert run("print(ask(7))") == "7"


def test_an_exit_code_is_the_programs_own(run: Run) -> None:
    assert run("print(ask(1)); sys.exit(7)", code=7) == "1"


def test_a_subscription_may_be_open_at_the_end(run: Run) -> None:
    program = """
def create():
    while client.execute(CREATE) and not got: time.sleep(0.05)
got = []
threading.Thread(target=create).start()
events = client.subscribe(CREATED)
got.append(next(events))
print(got)
"""
    assert run(program) == "[{'onCreateItem': {'id': 'tea'}}]"


@pytest.mark.slow
def test_a_subscription_that_is_collected_in_the_loops_own_thread_ends(run: Run) -> None:
    program = """
from appsync_gql.background_loop import background_loop
class Node: pass
def leave():
    node = Node()
    node.itself, node.events = node, client.subscribe(CREATED)
    def create():
        while client.execute(CREATE) and not got: time.sleep(0.05)
    got = []
    thread = threading.Thread(target=create)
    thread.start()
    got.append(next(node.events))
    thread.join()
gc.disable()
leave()
async def collect(): gc.collect()
background_loop.run(collect())
print(ask(1))
"""
    assert run(program) == "1"


@pytest.mark.slow
def test_daemon_threads_end_in_the_middle_of_a_call(run: Run) -> None:
    program = """
def work():
    while True: client.execute(gql("{ slow(seconds: 2) }"))
for _ in range(4): threading.Thread(target=work, daemon=True).start()
time.sleep(0.5)
print("end")
"""
    assert run(program) == "end"


def test_a_request_at_the_very_end_is_made(run: Run) -> None:
    """In a function of ``atexit`` that was registered before this package was imported."""
    found = subprocess.run(  # noqa: S603
        [
            sys.executable,
            "-X",
            "dev",
            "-c",
            "import atexit\natexit.register(lambda: print(ask(7)))\n" + PRELUDE + "ask(1)",
            *run._arguments,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.stdout.strip(), found.returncode) == ("7", 0), found.stderr
    assert not [line for line in found.stderr.splitlines() if "Traceback" in line]


# -- Ctrl-C ----------------------------------------------------------------------------


def test_ctrl_c_ends_a_call_and_not_the_program(run: Run) -> None:
    program = """
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    client.execute(gql("{ slow(seconds: 5) }"))
except KeyboardInterrupt:
    print(time.monotonic() - began < 4, ask(1))
"""
    assert run(program) == "True 1"


@pytest.mark.slow
def test_ctrl_c_ends_a_for_loop_over_a_subscription(run: Run) -> None:
    program = """
threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    for event in client.subscribe(CREATED): pass
except KeyboardInterrupt:
    print(ask(1))
"""
    assert run(program) == "1"


# -- forks -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["sys.exit", "os._exit"])
def test_children_and_their_parent_get_their_own_answers(run: Run, end: str) -> None:
    """The connections belong to the thread of the background loop, which no child has."""
    program = f"""
ask(0)
def work(first):
    numbers = list(range(first, first + 5))
    return 7 if [ask(number) for number in numbers] == numbers else 1
pids = [child(lambda: work(first), {end}) for first in (100, 200, 300)]
mine = work(400)
print(mine, [code(pid) for pid in pids], ask(5))
print(code(child(lambda: 8, {end})), ask(6))
"""
    assert run(program) == "7 [7, 7, 7] 5\n8 6"


@pytest.mark.slow
def test_forks_while_threads_have_requests_under_way_and_a_subscription_is_open(run: Run) -> None:
    program = """
stop, wrong, events, done = threading.Event(), [], [], [0]
def work(first):
    number = first
    while not stop.is_set():
        number += 1
        done[0] += 1
        if ask(number) != number: wrong.append(number)
def listen():
    for event in client.subscribe(CREATED):
        events.append(event)
        break
threads = [threading.Thread(target=work, args=(n * 1_000_000,)) for n in range(3)]
threads.append(threading.Thread(target=listen))
for thread in threads: thread.start()
time.sleep(0.5)
def child_work():
    stop.set()
    return 7 if [ask(n) for n in range(5)] == list(range(5)) else 1
codes = [code(pid) for pid in [child(child_work) for _ in range(3)]]
before = done[0]
while done[0] < before + 20: time.sleep(0.01)
while not events: client.execute(CREATE); time.sleep(0.05)
stop.set()
for thread in threads: thread.join(20)
print(codes, wrong, events, [thread.is_alive() for thread in threads])
"""
    event = "{'onCreateItem': {'id': 'tea'}}"
    assert run(program) == f"[7, 7, 7] [] [{event}] [False, False, False, False]"


def test_a_pool_of_processes(run: Run) -> None:
    program = """
import multiprocessing
ask(0)
with multiprocessing.get_context("fork").Pool(3) as pool:
    print(pool.map(ask, range(20)) == list(range(20)), ask(7))
"""
    assert run(program) == "True 7"


# -- threads and loops -------------------------------------------------------------------


@pytest.mark.slow
def test_sixteen_threads_share_a_client(run: Run) -> None:
    program = """
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(list(pool.map(ask, range(200))) == list(range(200)))
"""
    assert run(program) == "True"


def test_inside_a_running_loop_beside_its_own_requests(run: Run) -> None:
    program = """
async def main():
    later = asyncio.ensure_future(client.execute_async(ITEM, variable_values={"id": "1"}))
    await asyncio.sleep(0)
    now = ask(2)
    return now, (await later)["item"]["id"]
print(asyncio.run(main()))
"""
    assert run(program) == "(2, '1')"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_of_every_kind(api: Emulator, method: str) -> None:
    context = multiprocessing.get_context(method)
    ask(api.graphql_url, 0)
    with context.Pool(2) as pool:
        found = pool.starmap(ask, [(api.graphql_url, number) for number in range(10)])
    assert found == list(range(10))
    assert ask(api.graphql_url, 7) == 7
