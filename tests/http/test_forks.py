"""A forked child has no connection of its parent's, and the parent does not notice the child."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from support.programs import run_program, unclosed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork"),
]

PROGRAM = """
import warnings
warnings.filterwarnings("ignore", message=".*multi-threaded")
folder, found = sys.argv[1], {}
sides = [{}, {}]
if folder:
    path = make_certificate(Path(folder) / "server.pem")
    sides = [{"tls": server_context(path)}, {"ssl": trusting(path)}]
server = EchoServer(delay=0.05, **sides[0])
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
shared = client(server.url, **sides[1])

def ask(number):
    return shared.execute(numbered(QUERY, number))["a"]

def child(work, end=os._exit):
    # Returns the pid of a child that does some work, writes its result and ends.
    pid = os.fork()
    if not pid:
        os.write(pipe[1], json.dumps([work()]).encode() + b"\\n")
        end(0)
    return pid

def results(*pids):
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0
    lines = os.read(pipe[0], 65536).splitlines()
    return [json.loads(line)[0] for line in lines]

pipe = os.pipe()
ask(0)

# Two children and the parent ask at the same time with the same client.
pids = [child(lambda: [(n, ask(n)) for n in range(s, s + 4)]) for s in (100, 200)]
mine = [(n, ask(n)) for n in range(4)]
theirs = results(*pids)
found["interleaved"] = [mine, *theirs]
found["connections"] = server.opened

# A child ends; the parent's connection and its loop's wake-up by other threads still work.
for name, end in (("exit", sys.exit), ("_exit", os._exit)):
    before = server.opened
    results(child(lambda: ask(300), end))

    async def wake():
        event, running = asyncio.Event(), asyncio.get_running_loop()
        threading.Timer(0.05, running.call_soon_threadsafe, [event.set]).start()
        await asyncio.wait_for(event.wait(), 10)

    started = time.monotonic()
    loop.run_until_complete(wake())
    woken = time.monotonic() - started
    found[name] = [ask(5), woken, server.opened - before]

# A child of a running loop ends while the parent waits for responses.
async def fork_inside(end):
    await asyncio.to_thread(int)  # so that there is an executor, which the loop ends with
    waiting = [asyncio.ensure_future(shared.execute_async(numbered(QUERY, n))) for n in range(9)]
    while not server.numbers:
        await asyncio.sleep(0.001)
    pid = os.fork()
    if not pid:
        end(0)
    answers = [answer["a"] for answer in await asyncio.gather(*waiting)]
    status = await asyncio.wait_for(asyncio.to_thread(os.waitpid, pid, 0), 20)
    return [answers, status[1]]

for name, end in (("exit inside", sys.exit), ("_exit inside", os._exit)):
    server.numbers.clear()
    found[name] = asyncio.run(fork_inside(end))

# A child goes on with the loop that it inherited, and is woken by a thread.
def inherited():
    async def main():
        await asyncio.to_thread(int)
        return (await shared.execute_async(numbered(QUERY, 400)))["a"]
    return loop.run_until_complete(asyncio.wait_for(main(), 10))

found["inherited"] = results(child(inherited)) + [ask(6)]
loop.run_until_complete(loop.shutdown_asyncgens())
loop.close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], str]:
    folder = str(tmp_path_factory.mktemp("tls")) if request.param else ""
    found, stderr = run_program(PROGRAM, folder)
    return found, stderr


Outcome = tuple[dict[str, Any], str]


def test_two_children_and_their_parent_get_their_own_answers(outcome: Outcome) -> None:
    answers = outcome[0]["interleaved"]
    assert [len(one) for one in answers] == [4, 4, 4]
    assert all(asked == answered for one in answers for asked, answered in one)


def test_each_child_opens_a_connection_of_its_own(outcome: Outcome) -> None:
    assert outcome[0]["connections"] == 3


@pytest.mark.parametrize("end", ["exit", "_exit"])
def test_a_child_that_ends_leaves_the_parents_connection_and_loop_alone(
    end: str, outcome: Outcome
) -> None:
    answer, woken, opened = outcome[0][end]
    assert answer == 5
    assert woken < 5
    assert opened == 1, "the child's"


@pytest.mark.parametrize("end", ["exit inside", "_exit inside"])
def test_a_child_of_a_running_loop_ends_and_the_parent_gets_its_responses(
    end: str, outcome: Outcome
) -> None:
    answers, status = outcome[0][end]
    assert answers == list(range(9))
    assert status == 0


def test_a_child_can_use_the_loop_that_it_inherited(outcome: Outcome) -> None:
    assert outcome[0]["inherited"] == [400, 6]


def test_nothing_is_logged_as_left_open_by_a_child(outcome: Outcome) -> None:
    assert unclosed(outcome[1]) == []


def test_a_client_that_was_not_used_before_the_fork_works_in_the_child() -> None:
    program = """
server = EchoServer()
shared = client(server.url)
pid = os.fork()
if not pid:
    sys.exit(0 if shared.execute(numbered(QUERY, 7)) == {"a": 7} else 1)
print(json.dumps(os.waitpid(pid, 0)[1]))
"""
    status, stderr = run_program(program)
    assert status == 0
    assert unclosed(stderr) == []


@pytest.mark.slow
@pytest.mark.parametrize("end", ["sys.exit", "os._exit"])
def test_a_child_leaves_a_connection_alone_that_its_parent_is_opening(
    end: str, tmp_path: Path
) -> None:
    program = f"""
end, gate = {end}, threading.Event()
path = make_certificate(Path(sys.argv[1]) / "server.pem")
server = EchoServer(tls=server_context(path), handshakes=gate)
shared = client(server.url, ssl=trusting(path))

async def main():
    waiting = asyncio.ensure_future(shared.execute_async(numbered(QUERY, 7)))
    while not server.opened:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    gate.set()
    time.sleep(0.2)  # the server's part of the handshake arrives, but is not read yet
    await asyncio.sleep(0)  # now the loop has found it, and reads it next: in the child too
    pid = os.fork()
    if not pid:
        end(0)
    assert os.waitpid(pid, 0)[1] == 0
    return (await waiting)["a"]

print(json.dumps([asyncio.run(main()), server.opened]))
"""
    (answer, opened), stderr = run_program(program, str(tmp_path), seconds=30)
    assert answer == 7
    assert opened == 1
    assert unclosed(stderr) == []


@pytest.mark.slow
def test_a_child_leaves_the_connections_of_its_parents_other_threads_alone() -> None:
    program = """
import warnings
from appsync_gql import BlockingAppSyncTransport
warnings.filterwarnings("ignore", message=".*multi-threaded")
server = EchoServer()
blocking = BlockingAppSyncTransport(server.url, auth=FixedAuth())
found = []
for number in range(3):
    found.append(blocking.execute(numbered(QUERY, number)).data["a"])
    pid = os.fork()
    if not pid:
        gc.collect()  # of what the other threads had, nothing is left but garbage
        time.sleep(0.1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
print(json.dumps([found, server.opened]))
"""
    (answers, opened), stderr = run_program(program, seconds=20)
    assert answers == [0, 1, 2]
    assert opened == 1
    assert unclosed(stderr) == []


@pytest.mark.slow
def test_a_child_that_is_forked_while_a_thread_imports_boto3_can_use_it() -> None:
    program = """
from appsync_gql.boto3_client import client_for

def make():
    client_for("cognito-idp", "us-east-1", None, None, None)

thread = threading.Thread(target=make)
thread.start()
while "botocore" not in sys.modules:
    time.sleep(0.001)
pid = os.fork()
if not pid:
    other = threading.Thread(target=make, daemon=True)
    other.start()
    other.join(10)
    os._exit(other.is_alive())
thread.join()
print(json.dumps(os.waitpid(pid, 0)[1]))
"""
    status, stderr = run_program(program)
    assert status == 0
    assert "Exception ignored" not in stderr
