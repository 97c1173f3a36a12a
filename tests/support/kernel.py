"""A real IPython kernel in a process of its own, and a person who answers its prompts."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import time
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .hosted_page import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Cell", "Kernel", "folders_of", "kernel", "needs_lab"]

_TICK = 0.05
_SECONDS = 30.0


class Cell:
    """A cell that was run.

    Attributes:
        code: its text.
        outputs: as a notebook file keeps them.
        prompts: what the person was asked, and whether the reply was hidden.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.outputs: list[Any] = []
        self.prompts: list[tuple[str, bool]] = []

    @property
    def text(self) -> str:
        """What is displayed below the cell, as text."""
        return "\n".join(filter(None, map(_text_of, self.outputs))).strip()

    @property
    def html(self) -> str:
        """What is displayed below the cell, as HTML."""
        return "\n".join(output.get("data", {}).get("text/html", "") for output in self.outputs)

    @property
    def failed(self) -> bool:
        """Whether the cell ended with an error."""
        return any(output["output_type"] == "error" for output in self.outputs)


def _text_of(output: Any) -> str:
    if output["output_type"] == "stream":
        return str(output["text"]).strip()
    if output["output_type"] == "error":
        return "\n".join(output["traceback"])
    return str(output["data"].get("text/plain", ""))


class Kernel:
    """Runs cells, answers prompts, and keeps the outputs as a notebook does.

    Attributes:
        folder: in which it runs.
        cells: all that were run.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.cells: list[Cell] = []
        self.folder, self._env = folder, {**os.environ, **folders_of(folder), **env}
        self._displays: dict[str, list[Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._manager: Any = None
        self._client: Any = None

    def start(self) -> None:
        """Start the process, and wait until it is ready."""
        from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415

        self._manager = AsyncKernelManager(kernel_name="python3")
        self._wait(self._manager.start_kernel(env=self._env, cwd=str(self.folder)))
        self._client = self._manager.client()
        self._client.start_channels()
        self._wait(self._client.wait_for_ready(timeout=_SECONDS))

    def close(self) -> None:
        """End the process."""
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager is not None and self._manager.has_kernel:
            self._wait(self._manager.shutdown_kernel(now=True))  # cleans up, too

    def end(self) -> None:
        """End the process for good."""
        try:
            self.close()
        finally:
            self._loop.close()

    def _wait(self, coroutine: Any) -> Any:
        # On a loop of its own: Jupyter's synchronous calls leave one open.
        return self._loop.run_until_complete(coroutine)

    def restart(self) -> None:
        """Start the process anew."""
        self.close()
        self.start()

    def interrupt(self) -> None:
        """Interrupt the cell that runs, as Jupyter does; from any thread."""
        os.kill(self._manager.provisioner.pid, signal.SIGINT)

    def run(
        self,
        code: str,
        *,
        replies: tuple[str, ...] | Callable[[Cell], str] = (),
        on_output: Callable[[Cell], None] | None = None,
        asks: bool = True,
        seconds: float = _SECONDS,
    ) -> Cell:
        """Run a cell until it has ended.

        Args:
            code: the cell.
            replies: what the person types, one after the other; or a function of the cell so far.
            on_output: called whenever the cell has displayed something.
            asks: whether the kernel may ask for input.
            seconds: how long it may take.
        """
        cell = Cell(code)
        self.cells.append(cell)
        waiting = list(replies) if isinstance(replies, tuple) else replies
        request = self._client.execute(code, allow_stdin=asks)
        end = time.monotonic() + seconds
        while True:
            assert time.monotonic() < end, f"{code!r} has not ended: {cell.text}"
            try:
                message = self._wait(self._client.get_iopub_msg(timeout=_TICK))
            except queue.Empty:
                self._answer(cell, waiting)  # the person has seen everything by now
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            if self._take(cell, message) and on_output is not None:
                on_output(cell)
        self._wait(self._client.get_shell_msg(timeout=_SECONDS))
        return cell

    def _answer(self, cell: Cell, replies: list[str] | Callable[[Cell], str]) -> None:
        """Type a reply if the kernel asks."""
        try:
            content = self._wait(self._client.get_stdin_msg(timeout=0))["content"]
        except queue.Empty:
            return
        cell.prompts.append((content["prompt"], content["password"]))
        self._client.input(replies(cell) if callable(replies) else replies.pop(0))

    def _take(self, cell: Cell, message: Any) -> bool:
        """Keep an output; return whether the message is one."""
        from nbformat.v4 import output_from_msg  # noqa: PLC0415

        kind, content = message["msg_type"], message["content"]
        display_id = content.get("transient", {}).get("display_id")
        if kind == "update_display_data":
            for output in self._displays.get(display_id, []):
                output["data"], output["metadata"] = content["data"], content["metadata"]
            return True
        if kind not in {"stream", "display_data", "execute_result", "error"}:
            return False
        output = output_from_msg(message)
        cell.outputs.append(output)
        if display_id is not None:
            self._displays.setdefault(display_id, []).append(output)
        return True

    def saved(self) -> str:
        """Return the text of the notebook file with all cells and their outputs."""
        import nbformat  # noqa: PLC0415
        from nbformat import v4  # noqa: PLC0415

        made = [v4.new_code_cell(cell.code, outputs=cell.outputs) for cell in self.cells]
        return str(nbformat.writes(v4.new_notebook(cells=made)))


def folders_of(folder: Path) -> dict[str, str]:
    """Return the variables by which Jupyter, IPython and sessions have folders of their own."""
    names = ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"]
    names += ["JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"]
    return {name: str(folder / name.lower()) for name in names}


def needs_lab(*modules: str) -> None:
    """Skip the test where a package of the extra ``lab`` is missing."""
    for module in modules:
        if find_spec(module) is None:
            missing(f'{module} is not installed: pip install "appsync-gql[lab]"')


@contextmanager
def kernel(folder: Path, env: Mapping[str, str]) -> Iterator[Kernel]:
    """Start a kernel; skip the test where Jupyter is missing.

    Args:
        folder: in which it runs; its own data are there too.
        env: more variables of its environment.
    """
    needs_lab("jupyter_client", "ipykernel", "nbformat")
    made = Kernel(folder, env)
    try:
        made.start()
        yield made
    finally:
        made.end()
