"""An IPython shell in an empty folder, with an emulator that wrote its configuration there."""

from __future__ import annotations

import atexit
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Notebook"]


class Notebook:
    """Runs cells, and keeps what they display.

    Attributes:
        local: the emulator.
        shell: IPython's.
        replies: what the person types at the next prompts; or a function of what is displayed
            by then, which returns it.
        prompts: what the person was asked.
    """

    def __init__(self, shell: Any, local: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.shell, self.local, self._capsys = shell, local, capsys
        self.replies: list[str | Callable[[str], str]] = []
        self._shown = ""
        self.prompts: list[str] = []

    def reply(self, prompt: str = "") -> str:
        """Stand for the person at the prompt."""
        self.prompts.append(prompt)
        if not self.replies:
            raise EOFError
        reply = self.replies.pop(0)
        if isinstance(reply, str):
            return reply
        self._shown += self._capsys.readouterr().out
        return reply(self._shown)

    def run(self, code: str) -> str:
        """Run a cell and return what is displayed below it as text, an error's text included."""
        self._capsys.readouterr()
        self._shown = ""
        self.shell.run_cell(code, store_history=False)
        return (self._shown + self._capsys.readouterr().out).strip()

    def value(self, name: str) -> Any:
        """Return a variable of the notebook."""
        return self.shell.user_ns[name]

    def sign_in(self) -> None:
        """Connect, and sign ada in."""
        self.run("%appsync connect")
        self.replies = ["correct horse"]
        assert "Signed in as ada" in self.run("%appsync sign-in --username ada")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator.in_thread(api_keys=["da2-key"]) as local:
        yield local


@pytest.fixture
def notebook(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Notebook]:
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", emulator.cognito_url)
    (tmp_path / "amplify_outputs.json").write_text(json.dumps(emulator.amplify_outputs()))
    # The shell's own takes its place, which multiprocessing can't start programs with.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    InteractiveShell.clear_instance()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # IPython's own, of a shell without a history file
        # Without its cache of results, a shell collects no garbage of all tests at its end.
        shell: Any = InteractiveShell.instance(ipython_dir=str(tmp_path), cache_size=0)
    shell.history_manager.enabled = False
    made = Notebook(shell, emulator, capsys)
    monkeypatch.setattr("getpass.getpass", made.reply)
    monkeypatch.setattr("builtins.input", made.reply)
    shell.run_cell("%load_ext appsync_gql")
    yield made
    shell.history_manager.end_session()
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()
