"""The program ``appsync-gql``: its commands are registered here."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from .. import __version__
from .commands import local, profile, query, schema, session, status, subscribe
from .errors import exit_codes_text, reporting_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["app"]

_VERBATIM = "\b\n"
"""A paragraph that begins with it is not wrapped in --help."""


def _examples(lines: Sequence[str]) -> str:
    return _VERBATIM + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


_EPILOG = "\n\n".join(
    [
        f"{_VERBATIM}Exit codes:\n{exit_codes_text()}",
        _examples(["appsync-gql demo --seconds 5", "appsync-gql query --help"]),
    ]
)

app = typer.Typer(
    name="appsync-gql",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(__version__)
        raise typer.Exit


_Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
    ),
]
_Debug = Annotated[
    bool, typer.Option("--debug", help="Log on standard error what is done. Tokens are not logged.")
]


@app.callback(epilog=_EPILOG)
def _options(*, version: _Version = False, debug: _Debug = False) -> None:
    """Query AWS AppSync, and sign in to its user pools.

    The API is that of ./amplify_outputs.json, of a profile, or of environment variables
    (APPSYNC_URL, …); see 'appsync-gql query --help'.

    demo and emulator need no AWS account.
    """
    del version
    # Not the root logger: gql and botocore would log headers with tokens.
    logger = logging.getLogger("appsync_gql")
    logger.propagate = False
    logger.handlers = [logging.StreamHandler() if debug else logging.NullHandler()]
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)


def _register(
    group: typer.Typer, name: str, function: Callable[..., None], examples: Sequence[str]
) -> None:
    group.command(name, epilog=_examples(examples))(reporting_errors(function))


_profiles = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=profile.__doc__)

_register(app, "sign-in", session.sign_in, session.SIGN_IN_EXAMPLES)
_register(app, "sign-out", session.sign_out, session.SIGN_OUT_EXAMPLES)
_register(app, "status", status.status, status.STATUS_EXAMPLES)
_register(app, "query", query.query, query.EXAMPLES)
_register(app, "subscribe", subscribe.subscribe, subscribe.EXAMPLES)
_register(app, "schema", schema.schema, schema.EXAMPLES)
_register(app, "token", status.token, status.TOKEN_EXAMPLES)
app.add_typer(_profiles, name="profile", help="Save configurations under a name.")
_register(_profiles, "save", profile.save, profile.SAVE_EXAMPLES)
_register(_profiles, "list", profile.list_all, profile.LIST_EXAMPLES)
_register(_profiles, "remove", profile.remove, profile.REMOVE_EXAMPLES)
_register(app, "emulator", local.emulator, local.EMULATOR_EXAMPLES)
_register(app, "demo", local.demo, local.DEMO_EXAMPLES)
