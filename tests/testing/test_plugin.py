"""The pytest plugin: its fixture, and that loading it imports nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]


def test_the_plugin_does_not_import_the_emulator_before_the_fixture_is_used(
    python: Callable[[str], str],
) -> None:
    code = """
import sys, appsync_gql.testing.plugin
print([m for m in sys.modules if m.startswith("appsync_gql.testing.")])
"""
    assert python(code) == "['appsync_gql.testing.plugin']"


@pytest.mark.slow
def test_the_fixture_works_in_synchronous_and_asynchronous_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import asyncio, urllib.error, urllib.request, pytest

        def ask(emulator):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(emulator.graphql_url, b"{}")
            caught.value.close()
            assert caught.value.code == 401

        def test_one(appsync_emulator):
            ask(appsync_emulator)
            assert appsync_emulator.counters["graphql"] == 1

        async def test_other(appsync_emulator):
            await asyncio.to_thread(ask, appsync_emulator)
            assert appsync_emulator.counters["graphql"] == 1
    """)
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
    outcome.assert_outcomes(passed=2)


@pytest.mark.slow
def test_without_the_extra_the_fixture_says_what_to_install(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import importlib.util
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: (
            None if name == "cryptography" else found(name, *a))
    """)
    pytester.makepyfile("def test_one(appsync_emulator): pass")
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(['*UsageError*pip install "appsync-gql?testing?"*'])
