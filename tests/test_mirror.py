"""Each module of the package has a test module of its own, at the same path below ``tests/``."""

from __future__ import annotations

from pathlib import Path

import appsync_gql

SOURCE, TESTS = Path(appsync_gql.__file__).parent, Path(__file__).parent

TESTED_ELSEWHERE = {
    "__init__.py": "test_public_names.py",
    "__main__.py": "cli/test_init.py runs it",
    "bundled.py": "test_public_names.py",
    "compat/__init__.py": "only a docstring",
    "events.py": "only values; store/test_outcomes.py and realtime/test_pool.py compare them",
    "headers.py": "only a type",
    "persistence/base.py": "only a Protocol; testing/contract.py is its test",
    "providers/cognito_app_client.py": "providers/test_cognito.py and test_cognito_sign_in.py",
    "providers/cognito_devices.py": "providers/test_cognito_sign_in.py",
    "store/steps.py": "only values; store/test_renewal.py checks their content",
    "testing/contract.py": "is made of tests, which persistence/test_contract.py runs",
    "testing/emulator/addresses.py": "testing/emulator/test_emulator.py",
    "testing/emulator/api.py": "testing/emulator/test_http_server.py",
    "testing/emulator/auth_user_pool.py": "testing/emulator/test_authorization.py",
    "testing/emulator/aws_controls.py": "modes/ and testing/emulator/test_sigv4.py",
    "testing/emulator/challenge_parameters.py": "providers/test_cognito_sign_in.py",
    "testing/emulator/cognito_error.py": "only an exception",
    "testing/emulator/default_schema.py": "testing/emulator/test_http_server.py",
    "testing/emulator/parameters.py": "testing/emulator/test_sign_in.py",
    "testing/emulator/pending_challenges.py": "providers/test_cognito_sign_in.py",
    "testing/emulator/realtime_connection.py": "testing/emulator/test_realtime.py",
    "testing/emulator/realtime_control.py": "testing/emulator/test_realtime.py",
    "testing/emulator/resolvers.py": "only types",
    "testing/emulator/token_claims.py": "testing/emulator/test_user_pool.py",
    "testing/emulator/user_controls.py": "testing/emulator/test_user_pool.py",
    "testing/emulator/users.py": "testing/emulator/test_accounts.py",
}
"""Modules without a test module of their own: where they are tested, or why not."""


def mirrored(path: Path) -> Path:
    """Return the path of a module's test module, below ``tests/``."""
    name = path.stem.strip("_") if path.stem.startswith("__") else path.stem
    return path.parent / f"test_{name}.py"


def test_every_module_has_a_test_module_or_a_reason() -> None:
    without = [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        if len(path.read_text("utf-8").splitlines()) > 1  # an __init__ of one docstring
        and not (TESTS / mirrored(path.relative_to(SOURCE))).exists()
    ]
    assert without == sorted(TESTED_ELSEWHERE)
