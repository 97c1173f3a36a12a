"""What tools that show local variables in tracebacks (Sentry, rich, cgitb) would show."""

from __future__ import annotations

from pathlib import Path

from appsync_gql.secret import Secret

TESTS = str(Path(__file__).resolve().parent.parent)


def shown_locals(error: BaseException) -> str:
    """Return the ``repr`` of all local variables in an error's traceback and those of its chain.

    Frames of tests are left out: their variables are theirs. Attributes and texts of the errors
    are included.
    """
    parts: list[str] = []
    waiting, known = [error], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in known:
            continue
        known.add(id(current))
        parts += [repr(current), str(current), repr(vars(current))]
        waiting += [e for e in (current.__cause__, current.__context__) if e is not None]
        traceback = current.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            if not frame.f_code.co_filename.startswith(TESTS):
                parts += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
            traceback = traceback.tb_next
    return "\n".join(parts)


def assert_hidden(error: BaseException, *secrets: str | None) -> None:
    """Fail if a secret is shown, without showing it in the failure's own message."""
    shown = shown_locals(error)
    given = [Secret(secret) for secret in secrets if secret]
    assert given, "there is a secret to look for"
    found = [number for number, secret in enumerate(given) if str(secret) in shown]
    assert not found, f"secrets number {found} are in the traceback of {type(error).__name__}"
