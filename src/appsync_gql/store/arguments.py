"""What a store is constructed with, checked before anything is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ..exceptions import ConfigurationError
from ..secret import Secret
from ..tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from .snapshot import TokenSettings

__all__ = [
    "call_with_secrets",
    "check_objects",
    "check_rejected",
    "check_seconds",
    "check_settings",
    "check_used",
    "sealed_argument",
    "secret",
    "tokens_given",
]

_METHODS = {
    "provider": (("refresh", "sign_in", "revoke"), "CognitoProvider(…)"),
    "persistence": (("load", "save", "delete", "lock"), 'FilePersistence("sessions.json")'),
    "clock": (("wall", "monotonic"), "appsync_gql.testing.FakeClock()"),
}

_OPTIONAL = {"persistence", "clock", "on_event"}


def check_objects(**given: object) -> None:
    """Check that objects have the methods that they need, and that functions can be called.

    Raises:
        ConfigurationError: one is of a wrong type, or ``None`` without having a default.
    """
    for name, value in given.items():
        if value is None and name in _OPTIONAL:
            continue
        if name not in _METHODS:
            if not callable(value):
                _fail(name, f"{name}= takes a function, not {type(value).__name__}.")
            continue
        methods, example = _METHODS[name]
        if isinstance(value, type):
            _fail(name, f"{name}= is the class {value.__name__}; pass an instance of it.")
        missing = [method for method in methods if not callable(getattr(value, method, None))]
        if missing:
            _fail(
                name,
                f"{name}= takes an object with the methods {', '.join(methods)}, such as "
                f"{example}; {type(value).__name__} has no {missing[0]}.",
            )


def check_seconds(name: str, value: object) -> None:
    """Check a number of seconds.

    Raises:
        ConfigurationError: it is no number, or below 0, or not finite.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and value >= 0)
    ):
        _fail(name, f"{name} is a number of seconds, 0 or more; not {value!r}.")


def check_settings(settings: TokenSettings, tokens: Tokens | None) -> None:
    """Check how tokens are to be sent.

    Raises:
        ConfigurationError: a setting is wrong, or does not fit the tokens.
    """
    check_seconds("refresh_window", settings.window)
    if settings.use not in ("access", "id"):  # a tuple: it may be unhashable
        _fail("token_use", 'token_use is "access" or "id".')
    if settings.scheme not in (None, "Bearer"):  # likewise
        _fail("scheme", 'scheme is None, for the bare token, or "Bearer".')
    if tokens is not None and not tokens.refresh_token and not tokens.token(settings.use):
        _fail(
            "token_use",
            f'token_use="{settings.use}" needs an {settings.use} token, or a refresh token to '
            "get one.",
        )


def check_rejected(rejected: object) -> None:
    """Check what ``renew`` is to replace.

    Raises:
        ConfigurationError: it is neither ``None`` nor headers.
    """
    if rejected is not None and not isinstance(rejected, Mapping):
        _fail(
            "rejected",
            "renew() takes the headers that were sent, {'Authorization': …}, or None; not "
            f"{type(rejected).__name__}.",
        )


def tokens_given(tokens: object, refresh_token: object) -> Tokens | None:
    """Return the tokens to begin with.

    Raises:
        ConfigurationError: both arguments are given, or ``tokens`` is not a ``Tokens``.
        InvalidToken: ``refresh_token`` is not a token.
    """
    if tokens is not None and refresh_token is not None:
        _fail("tokens", "Pass tokens= or refresh_token=, not both.")
    if refresh_token is not None:
        return Tokens(refresh_token=refresh_token)  # type: ignore[arg-type] # it checks that
    if tokens is None or isinstance(tokens, Tokens):
        return tokens
    raise ConfigurationError(
        "tokens= takes appsync_gql.Tokens(access_token=…, id_token=…, refresh_token=…), not "
        f"{type(tokens).__name__}.",
        setting="tokens",
    )


def check_used(tokens: object, settings: TokenSettings) -> Tokens:
    """Return the tokens that a store is to use from now on.

    Raises:
        ConfigurationError: they are no ``Tokens``, or do not fit the settings.
    """
    given = tokens_given(tokens, None)
    if given is None:
        _fail("tokens", "use() takes appsync_gql.Tokens(…), not None; sign_out() removes tokens.")
    check_settings(settings, given)
    return given


def secret(value: str | None) -> Secret | None:
    """Return a string as one that no traceback shows; anything else as it is."""
    return Secret(value) if isinstance(value, str) else value


def sealed_argument(value: str | None) -> Callable[[], Any]:
    """Return a function that returns a string as a ``Secret``, and anything else as it is.

    See :func:`appsync_gql.secret.sealed`.
    """
    found = secret(value)
    return lambda: found


def call_with_secrets(method: Callable[..., Any], arguments: tuple[object, ...]) -> Any:
    """Call a method with these arguments, and with what those return that are functions."""
    return method(*(found() if callable(found) else found for found in arguments))


def _fail(setting: str, message: str) -> NoReturn:
    raise ConfigurationError(message, setting=setting)
