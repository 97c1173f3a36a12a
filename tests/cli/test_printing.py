"""What users and servers wrote does not control the terminal, and reaches programs unchanged."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql.cli.output import Format, write
from appsync_gql.cli.printing import print_json, print_text, printable

if TYPE_CHECKING:
    from collections.abc import Callable

tty = pytest.importorskip("tty", reason="Windows has no such terminals")

ODD = "a\x1b[31mb\x1b]0;title\x07c\x9b2Jd\u202ee\rf\x7fg"
PLAIN = "a\ufffd[31mb\ufffd]0;title\ufffdc\ufffd2Jd\ufffde\ufffdf\ufffdg"
EMOJI = "\N{GRINNING FACE}\N{CJK UNIFIED IDEOGRAPH-65E5}\n\t."


def shown_on_a_terminal(action: Callable[[], None]) -> str:
    """Return what is printed while standard output and standard error are a terminal."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with (
        os.fdopen(theirs, "w", encoding="utf-8") as terminal,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", terminal)
        patch.setattr(sys, "stderr", terminal)
        action()
    parts = []
    with contextlib.suppress(OSError):  # the end, on Linux
        while part := os.read(ours, 4096):
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode()


@pytest.mark.parametrize(("text", "expected"), [(ODD, PLAIN), (EMOJI, EMOJI), ("", "")])
def test_each_control_character_is_replaced(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize("err", [False, True])
def test_a_text_is_printable_on_a_terminal(*, err: bool) -> None:
    assert shown_on_a_terminal(lambda: print_text(ODD, err=err)) == f"{PLAIN}\n"


@pytest.mark.parametrize("err", [False, True])
def test_a_text_reaches_a_program_unchanged(
    capsys: pytest.CaptureFixture[str], *, err: bool
) -> None:
    print_text(ODD, err=err)
    captured = capsys.readouterr()
    assert (captured.err if err else captured.out) == f"{ODD}\n"


def test_json_has_the_same_value_on_a_terminal_and_is_printable() -> None:
    value = {"name": ODD + EMOJI + "\U000e0001"}
    text = json.dumps(value, ensure_ascii=False, indent=2)
    shown = shown_on_a_terminal(lambda: print_json(text))
    assert json.loads(shown) == value
    assert shown.replace("\n", "").isprintable()
    assert EMOJI[:2] in shown


@pytest.mark.parametrize("form", list(Format))
def test_no_result_controls_the_terminal(form: Format) -> None:
    result = {"items": [{"name": "a\x1b[2Jb\x9bc\u202e"}]}
    shown = shown_on_a_terminal(lambda: write(result, form))
    assert not [odd for odd in ("\x1b[2J", "\x9b", "\u202e") if odd in shown]
    assert "a" in shown


def test_csv_is_complete_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    write({"items": [{"name": "a\x1b[2Jb"}]}, Format.CSV)
    assert capsys.readouterr().out == "name\na\x1b[2Jb\n"
