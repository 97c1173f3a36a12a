"""Prints texts, of which a terminal obeys no control character."""

from __future__ import annotations

import json
import sys

import typer

__all__ = ["print_json", "print_text", "printable"]


def printable(text: str) -> str:
    """Return a text with a replacement for each character that a terminal would obey.

    Line ends and tabs stay. Control characters could change the terminal's title or clear the
    screen, and those that turn the direction of writing hide what a text says.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def print_text(text: str, *, err: bool = False) -> None:
    """Print a text and a line end: on a terminal a printable one, elsewhere exactly this one.

    Args:
        text: may contain what users and servers sent.
        err: whether to print it on standard error.
    """
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        text = printable(text)
    typer.echo(text, err=err, color=True)  # without color, it leaves escape sequences out


def print_json(text: str) -> None:
    """Print JSON and a line end: the same value everywhere, with more escapes on a terminal."""
    if sys.stdout.isatty():
        text = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    typer.echo(text)
