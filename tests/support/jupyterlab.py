"""JupyterLab in a process of its own, and notebooks in it in a headless Chromium."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from .hosted_page import chromium
from .kernel import folders_of, needs_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from selenium.webdriver import Chrome

__all__ = ["Lab", "Notebook", "jupyterlab"]

T = TypeVar("T")

_SECONDS = 60.0
_TICK = 0.05
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "codeCellConfig": {}},
    "docmanager-extension/plugin": {"autosave": False},
}
_OPTIONS = ["--no-browser", "--allow-root", "--ServerApp.port_retries=0"]
_OPTIONS += ["--LabApp.expose_app_in_browser=True", "--ServerApp.ip=127.0.0.1"]


class Lab:
    """JupyterLab, and a Chromium that shows it.

    Attributes:
        folder: of the notebooks.
        driver: of the browser.
    """

    def __init__(self, folder: Path, driver: Chrome, url: str, token: str) -> None:
        self.folder, self.driver = folder, driver
        self._url, self._token = url, token
        driver.set_window_size(1100, 900)

    def open(self, name: str, cells: Sequence[str]) -> Notebook:
        """Write a notebook file, and open it in the browser; its kernel has started then."""
        from nbformat import v4, write  # noqa: PLC0415

        made = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        write(made, self.folder / f"{name}.ipynb")
        self.driver.get(f"{self._url}/lab/tree/{name}.ipynb?token={self._token}&reset")
        notebook = Notebook(self, self.folder / f"{name}.ipynb")
        notebook.until(lambda: notebook.kernel_state() == "idle", "the kernel is ready")
        notebook.until(lambda: len(notebook.cells()) == len(cells), "all cells are shown")
        return notebook

    def theme(self, name: str) -> None:
        """Change the theme to ``Light`` or ``Dark``."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        dark = "true" if name == "Light" else "false"
        wanted = f"return document.body.dataset.jpThemeLight === '{dark}'"
        _until(lambda: self.driver.execute_script(wanted), f"the theme is {name}")
        _until(lambda: not _elements(self.driver, "#jupyterlab-splash"), "it is drawn")

    @contextmanager
    def new_tab(self, click: Callable[[], None]) -> Iterator[Chrome]:
        """Click on a link that opens a tab, and return the driver, which is in that tab."""
        first = self.driver.current_window_handle
        click()
        _until(lambda: len(self.driver.window_handles) > 1, "the tab has opened")
        other = next(tab for tab in self.driver.window_handles if tab != first)
        self.driver.switch_to.window(other)
        try:
            yield self.driver
        finally:
            self.driver.close()
            self.driver.switch_to.window(first)

    def command(self, command: str, **arguments: Any) -> None:
        """Execute a command of JupyterLab, as its menus do."""
        script = """
const [command, args, done] = arguments;
window.jupyterapp.commands.execute(command, args).then(() => done(null), e => done(String(e)));
"""
        self.driver.set_script_timeout(_SECONDS)
        error = self.driver.execute_async_script(script, command, arguments)
        assert error is None, error


class Notebook:
    """A notebook that is shown.

    Attributes:
        path: of its file.
    """

    def __init__(self, lab: Lab, path: Path) -> None:
        self.path, self._lab, self._driver = path, lab, lab.driver

    def cells(self) -> list[Any]:
        """Return the elements of the cells."""
        return _elements(self._driver, ".jp-Notebook .jp-CodeCell")

    def kernel_state(self) -> str | None:
        """Return what the kernel does: ``idle``, ``busy``, …; ``None`` before it is known."""
        script = """
const widget = window.jupyterapp?.shell?.currentWidget;
return widget?.sessionContext?.session?.kernel?.status ?? null;
"""
        found: str | None = self._driver.execute_script(script)
        return found

    def begin(self, number: int) -> None:
        """Run a cell by the keyboard, and do not wait for its end."""
        from selenium.webdriver import ActionChains, Keys  # noqa: PLC0415

        def focus() -> None:
            editor = self.cells()[number].find_element("css selector", ".cm-content")
            self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", editor)
            editor.click()

        self.drawn(focus)
        chain = ActionChains(self._driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER)
        chain.key_up(Keys.CONTROL).perform()

    def run(self, number: int, shows: str = "") -> str:
        """Run a cell by the keyboard; see :meth:`ended`."""
        before = self.drawn(lambda: self.prompt(number))
        self.begin(number)
        return self.ended(number, shows, before=before)

    def ended(self, number: int, shows: str = "", *, before: str = "") -> str:
        """Wait until a cell has ended, and return what is displayed below it.

        Args:
            number: of the cell.
            shows: a text to wait for: JupyterLab draws outputs also after the end of a cell.
            before: the cell's prompt before it ran.
        """

        def has_ended() -> bool:
            shown = self.prompt(number)
            return bool(re.fullmatch(r"\[\d+\]:", shown)) and shown != before

        self.until(has_ended, f"cell {number} has ended")
        return self.wait_for(number, shows)

    def prompt(self, number: int) -> str:
        """Return the number of a cell's run: ``[ ]:``, ``[*]:``, ``[3]:``."""
        found = self.cells()[number].find_element("css selector", ".jp-InputPrompt")
        return str(found.text).strip()

    def output(self, number: int) -> Any:
        """Return the element of a cell's outputs."""
        return self.cells()[number].find_element("css selector", ".jp-Cell-outputWrapper")

    def text(self, number: int) -> str:
        """Return what is displayed below a cell."""

        def read() -> str:
            found = _elements(self.output(number), ".jp-OutputArea-output")
            return "\n".join(str(element.text) for element in found).strip()

        return self.drawn(read)

    def wait_for(self, number: int, text: str) -> str:
        """Wait until a text is displayed below a cell, and return all that is displayed then."""
        shown = ""

        def is_shown() -> bool:
            nonlocal shown
            shown = self.text(number)
            return text in shown

        self.until(is_shown, f"{text!r} is below cell {number}")
        return shown

    def color(self, number: int, selector: str) -> str:
        """Return the color of the text of an element below a cell."""

        def read() -> str:
            found = self.output(number).find_element("css selector", selector)
            return str(found.value_of_css_property("color"))

        return self.drawn(read)

    def click_link(self, number: int) -> None:
        """Click on the link below a cell."""
        self.drawn(lambda: self.output(number).find_element("css selector", "a[href]").click())

    def asks(self, number: int) -> Any:
        """Wait for the prompt below a cell, and return its field."""

        def fields() -> list[Any]:
            return _elements(self.output(number), "input.jp-Stdin-input")

        self.until(lambda: bool(fields()), f"cell {number} asks")
        return fields()[0]

    def reply(self, number: int, text: str) -> str:
        """Type into the prompt below a cell, and return the type of its field."""
        from selenium.webdriver import Keys  # noqa: PLC0415

        kind = self.drawn(lambda: str(self.asks(number).get_attribute("type")))
        self.asks(number).send_keys(text, Keys.ENTER)
        return kind

    def interrupt(self) -> None:
        """Click on the toolbar's button that interrupts the kernel."""
        selector = ".jp-NotebookPanel-toolbar [data-jp-item-name=interrupt] jp-button"
        self.drawn(lambda: self._driver.find_element("css selector", selector).click())

    def menu(self, menu: str, item: str) -> None:
        """Choose an item of a menu."""
        for kind, text in (("lm-MenuBar-itemLabel", menu), ("lm-Menu-itemLabel", item)):
            path = f"//*[contains(@class, '{kind}') and starts-with(., '{text}')]"

            def click(path: str = path) -> None:
                self._driver.find_element("xpath", path).click()

            self.drawn(click)

    def restart(self) -> None:
        """Restart the kernel, and clear all outputs."""
        script = """
const done = arguments[arguments.length - 1];
window.jupyterapp.shell.currentWidget.sessionContext.restartKernel().then(() => done());
"""
        self._driver.execute_async_script(script)
        self.until(lambda: self.kernel_state() == "idle", "the kernel is ready")
        self._lab.command("notebook:clear-all-cell-outputs")

    def shut_down(self) -> None:
        """End the kernel, and close the notebook without saving it."""
        self._lab.command("notebook:shutdown-kernel")

    def save(self) -> str:
        """Save the notebook, and return the text of its file."""
        self._lab.command("docmanager:save")
        return self.path.read_text("utf-8")

    def scroll_up(self) -> None:
        """Show the first cell."""
        self._driver.execute_script(
            "arguments[0].scrollTop = 0",
            self._driver.find_element("css selector", ".jp-Notebook .jp-WindowedPanel-outer"),
        )

    def picture(self, path: Path) -> Path:
        """Write what the window shows."""
        assert self._driver.save_screenshot(str(path))
        return path

    def drawn(self, action: Callable[[], T]) -> T:
        """Return what an action returns; repeat it while its elements are missing or redrawn."""
        found: list[T] = []

        def was_done() -> bool:
            found.append(action())
            return True

        self.until(was_done, "the page is drawn")
        return found[0]

    def until(self, condition: Any, what: str) -> None:
        """Wait until a condition holds."""
        _until(condition, what, lambda: self._driver.find_element("css selector", "body").text)


def _elements(within: Any, selector: str) -> list[Any]:
    found: list[Any] = within.find_elements("css selector", selector)
    return found


def _until(condition: Any, what: str, shown: Any = lambda: "") -> None:
    from selenium.common.exceptions import (  # noqa: PLC0415
        ElementClickInterceptedException,
        ElementNotInteractableException,
        NoSuchElementException,
        StaleElementReferenceException,
    )

    drawing = (NoSuchElementException, StaleElementReferenceException, IndexError)
    covered = (ElementClickInterceptedException, ElementNotInteractableException)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (*drawing, *covered):
            pass  # the page is being drawn
        time.sleep(_TICK)
    pytest.fail(f"waited in vain until {what}: {shown()}")


@contextmanager
def jupyterlab(folder: Path, env: Mapping[str, str]) -> Iterator[Lab]:
    """Start JupyterLab and Chromium; skip the test where they are missing.

    Args:
        folder: of the notebooks.
        env: more variables of the environment of its kernels.
    """
    needs_lab("jupyterlab", "nbformat")
    own = folder.parent / f"{folder.name}-jupyter"
    folders = folders_of(own)
    for name, setting in _SETTINGS.items():
        path = own / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    token = secrets.token_hex()
    more = {"JUPYTER_TOKEN": token, "JUPYTERLAB_SETTINGS_DIR": str(own / "settings")}
    more |= {"JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (own / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - JupyterLab
            [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--ServerApp.port={port}"],
            cwd=folder,
            env={**os.environ, **folders, **more, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with chromium() as driver:  # which starts while the server does
            _until(lambda: _answers(f"{url}/api"), "JupyterLab answers", (own / "log").read_text)
            yield Lab(folder, driver, url, token)
    finally:
        _end(process)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - a loopback address
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End JupyterLab and its kernels, which are in the same group of processes or ended by it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
