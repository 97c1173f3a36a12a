"""Whole programs: nothing is left open, and nothing is closed by another thread."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from support.programs import run_program, unclosed

pytestmark = pytest.mark.slow

USES = {
    "asyncio.run again and again": """
async def main():
    for _ in range(3): await shared.execute_async(QUERY)
for _ in range(3): asyncio.run(main())
""",
    "loops in two threads": """
def run(): asyncio.run(shared.execute_async(QUERY))
in_thread(run)
run()
""",
    "the synchronous client in threads": """
for _ in range(3): in_thread(lambda: shared.execute(QUERY))
""",
    "a loop that is closed without shutdown_asyncgens": """
loop = asyncio.new_event_loop()
loop.run_until_complete(shared.execute_async(QUERY))
loop.close()
del loop
gc.collect()
asyncio.run(shared.execute_async(QUERY))
""",
    "a transport that is dropped while another loop runs": """
loop, mine = asyncio.new_event_loop(), client(server.url)
loop.run_until_complete(mine.execute_async(QUERY))
del mine
gc.collect()
asyncio.run(shared.execute_async(QUERY))
loop.close()
""",
    "many loops that do not run": """
loops = [asyncio.new_event_loop() for _ in range(12)]
for loop in loops: loop.run_until_complete(shared.execute_async(QUERY))
for loop in loops: loop.close()
del loop, loops
asyncio.run(shared.execute_async(QUERY))
""",
    "a transport that is never closed": """
async def main():
    await shared.transport.connect()
    await shared.transport.execute(QUERY)
asyncio.run(main())
del main
""",
    "the synchronous client, until the program ends": """
asyncio.set_event_loop(asyncio.new_event_loop())
for _ in range(3): shared.execute(QUERY)
""",
}
CONNECTIONS = [3, 2, 3, 2, 2, 13, 1, 1]
PROGRAM = """
def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

plain, opened, sides = client, [], [{}, {}]
if sys.argv[1]:
    path = make_certificate(Path(sys.argv[1]) / "server.pem")
    sides = [{"tls": server_context(path)}, {"ssl": trusting(path)}]

def client(url):
    return plain(url, **sides[1])

for number, use in enumerate(json.loads(sys.argv[2])):
    server = EchoServer(**sides[0])
    shared = client(server.url)
    exec(use)
    shared = None
    gc.collect()
    opened.append(server.opened)
    print(f"end of {number}", file=sys.stderr, flush=True)
print(json.dumps(opened))
"""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[int, list[str]]]:
    """Run all uses in one program: how many connections were opened, and what was left open."""
    folder = str(tmp_path_factory.mktemp("tls")) if request.param else ""
    opened, stderr = run_program(PROGRAM, folder, json.dumps(list(USES.values())))
    sections = re.split(r"end of \d+\n", stderr)
    sections[-2:] = ["".join(sections[-2:])]  # the last use ends with the program
    return [(count, unclosed(text)) for count, text in zip(opened, sections, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(USES)), ids=list(USES))
def test_nothing_is_left_open(number: int, outcomes: list[tuple[int, list[str]]]) -> None:
    opened, left = outcomes[number]
    assert left == []
    assert opened == CONNECTIONS[number]


MANY = """
server = EchoServer()
shared = client(server.url)
problems, foreign = [], []

from aiohttp import TCPConnector
made = {}
class Recorded(TCPConnector):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        made[id(self)] = threading.get_ident()
    def close(self, **more):
        if made[id(self)] != threading.get_ident():
            foreign.append(self)
        return super().close(**more)

import aiohttp
aiohttp.TCPConnector = Recorded

def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start(); thread.join()

def watched():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, context: problems.append(str(context)))
    asyncio.set_event_loop(loop)
    shared.execute(QUERY)

def measure():
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(gc.get_objects()), threading.active_count()

uses = {
    "threads": lambda: in_thread(watched),
    "loops": lambda: asyncio.run(shared.execute_async(QUERY)),
    "transports": lambda: asyncio.run(client(server.url).execute_async(QUERY)),
    "transports and threads": lambda: in_thread(lambda: client(server.url).execute(QUERY)),
    "no keep_open": lambda: in_thread(
        lambda: client(server.url, keep_open=False).execute(QUERY)
    ),
}
count, found = int(sys.argv[1]), {}
for name, use in uses.items():
    for _ in range(20): use()
    before = measure()
    for _ in range(count): use()
    found[name] = [b - a for a, b in zip(before, measure())]
print(json.dumps([found, problems, len(foreign)]))
"""


@pytest.mark.parametrize("count", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_descriptors_memory_and_threads_do_not_grow(count: int) -> None:
    (found, problems, foreign), stderr = run_program(MANY, str(count))
    for use, (descriptors, objects, threads) in found.items():
        assert descriptors <= 8, use  # the server's threads end a moment later
        assert threads <= 4, use
        assert objects < 1200, f"{use}: no more for 300 than for 30"
    assert (problems, foreign) == ([], 0), "no connector was closed by another thread"
    assert unclosed(stderr) == []


SHARED_BY_THREADS = """
server = EchoServer()
shared, found = client(server.url), []

def work(start):
    for number in range(start, start + 10):
        found.append((number, shared.execute(numbered(QUERY, number))["a"]))

threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps([found, server.opened]))
"""


def test_eight_threads_share_a_client_and_each_gets_its_own_answers() -> None:
    (found, opened), stderr = run_program(SHARED_BY_THREADS)
    assert len(found) == 80
    assert all(asked == answered for asked, answered in found)
    assert opened == 8
    assert unclosed(stderr) == []


HANGING_TLS = """
path = make_certificate(Path(sys.argv[1]) / "server.pem")

class Silent(EchoServer):
    def _serve(self, connection):
        tls = server_context(path).wrap_socket(connection, server_side=True)
        stream, length = tls.makefile("rb"), 0
        while (line := stream.readline().lower()) != b"\\r\\n":
            if line.startswith(b"content-length"):
                length = int(line.split(b":")[1])
        self._respond(tls, json.loads(stream.read(length)))
        time.sleep(60)  # it does not end TLS

silent = Silent()
asyncio.set_event_loop(asyncio.new_event_loop())
client(silent.url.replace("http:", "https:"), ssl=trusting(path)).execute(QUERY)
print(json.dumps(time.time()), flush=True)
"""


@pytest.mark.slow
def test_the_end_of_the_process_waits_two_seconds_at_most_for_tls(tmp_path: Path) -> None:
    ended, _ = run_program(HANGING_TLS, str(tmp_path))
    assert time.time() - ended < 5


def test_a_tracing_library_that_was_started_first_sees_every_request() -> None:
    before = """
import aiohttp
original, traced = aiohttp.ClientSession._request, []

async def trace(self, *arguments, **more):
    headers = more.get("headers") or {}
    headers["traceparent"] = "00-1"
    more["headers"] = headers
    traced.append(arguments[0])
    return await original(self, *arguments, **more)

aiohttp.ClientSession._request = trace
"""
    program = """
server = EchoServer()
asyncio.set_event_loop(loop := asyncio.new_event_loop())
for settings in ({}, {"headers": {"x-app": "1"}}):
    for document in (QUERY, MUTATION):
        assert client(server.url, **settings).execute(numbered(document, 1)) == {"a": 1}
print(json.dumps(traced))
"""
    traced, stderr = run_program(program, before=before)
    assert traced == ["POST"] * 4
    assert unclosed(stderr) == []


def test_a_transport_that_is_dropped_as_its_loop_ends_is_closed_once() -> None:
    program = """
server = EchoServer()

async def main(steps):
    loop = asyncio.get_running_loop()
    dropped = [client(server.url)]
    dropped.append(dropped)  # only the garbage collector finds it
    await dropped[0].execute_async(numbered(QUERY, steps))

    def later(steps):
        if steps:
            loop.call_soon(later, steps - 1)
        else:
            gc.collect()

    later(steps)

gc.disable()
for steps in range(8):
    asyncio.run(main(steps))
print(json.dumps(server.opened))
"""
    opened, stderr = run_program(program)
    assert opened == 8
    assert unclosed(stderr) == []
    assert "RuntimeError" not in stderr
