"""Measure everything and print a table; see README.md in this folder.

Example: python benchmarks --only 16 --rounds 3
"""

from __future__ import annotations

# isort: off
import without_fast  # noqa: F401 - must come first: it hides packages

import sys
from pathlib import Path

# The certificate is made by a helper of the tests.
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

# isort: on
import argparse
import asyncio
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import byte_server
import clients
import comparisons
import jwt
import plot
from results import Results, machine, print_results

from support.certificate import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--only",
        action="append",
        choices=list(comparisons.COMPARISONS),
        help="run this comparison and no other; may be repeated",
    )
    add("--rounds", type=int, help="turns of each client (default: 11)")
    add("--turn", type=float, help="seconds of a turn, approximately (default: 1)")
    add("--seconds", type=float, help="of renewals (default: 30)")
    add("--in-flight", type=int, help="requests sent with an expired token (default: 10,000)")
    add("--requests", type=int, help="over which memory is measured (default: 1,000,000)")
    add("--messages", type=int, help="events of a subscription in one burst (default: 20,000)")
    add("--starts", type=int, help="new interpreters (default: 9)")
    add(
        "--without-fast",
        action="store_true",
        help="compare clients in sessions as if msgspec and orjson were not installed",
    )
    add("--json", type=Path, help="write all figures to this file")
    add("--plot", type=Path, help="draw a PNG (needs matplotlib and a full run)")
    add(
        "--short",
        action="store_true",
        help="half a minute instead of ten minutes: checks the counts; the times mean little",
    )
    given = parser.parse_args()
    for name, (full, short) in _DEFAULTS.items():
        if getattr(given, name) is None:
            setattr(given, name, short if given.short else full)
    if given.plot and given.only:
        parser.error("--plot needs a full run, so it can't be combined with --only")
    return given


_DEFAULTS: dict[str, tuple[float, float]] = {
    "rounds": (11, 2),
    "turn": (1.0, 0.05),
    "seconds": (30.0, 5.0),
    "in_flight": (10_000, 2_000),
    "requests": (1_000_000, 10_000),
    "messages": (20_000, 2_000),
    "starts": (9, 1),
}
"""Defaults of a full run and of ``--short``."""


@contextmanager
def server_running(context: comparisons.Context) -> Iterator[None]:
    """Run the byte server, and set the context's targets."""
    now = int(time.time())
    claims = {"iat": now, "exp": now + 86_400, "username": "ada", "pad": "x" * 600}
    token = jwt.encode(claims, "k" * 32)
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder) / "server.pem")
        with byte_server.running(certificate, context.processors[1]) as server:
            context.results.data["server_us"] = asyncio.run(byte_server.microseconds(server))
            context.targets = {
                "small": clients.Target(server.http + "/small", token),
                "large": clients.Target(server.http + "/large", token),
                "tls": clients.Target(server.https + "/small", token, certificate),
            }
            yield


def main() -> int:
    """Run the comparisons; return 1 if a count is wrong."""
    options, results = arguments(), Results()
    results.data["machine"] = machine()
    context = comparisons.Context(results, options, processors=byte_server.part_processors())
    byte_server.pin(context.processors[0])
    names = options.only or list(comparisons.COMPARISONS)
    with_server = [name for name in names if name in comparisons.NEED_SERVER]
    if options.without_fast:
        with server_running(context):
            comparisons.without_fast(context)
        print_results(results, options.json)
        return 0
    if with_server:
        with server_running(context):
            for name in with_server:
                comparisons.COMPARISONS[name](context)
            if options.plot:
                comparisons.curve(context)
    for name in names:
        if name not in with_server:
            comparisons.COMPARISONS[name](context)
    print_results(results, options.json)
    if options.plot:
        plot.draw(results.data, options.plot)
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
