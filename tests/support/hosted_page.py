"""Chromium, and the user pool's web page in it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

__all__ = [
    "chromium",
    "chromium_arguments",
    "chromium_path",
    "missing",
    "problem_on_page",
    "sign_in_on_page",
    "text_of_page",
]

_SECONDS = 30
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(*, debugger_address: str | None = None) -> Iterator[Chrome]:
    """Start Chromium without a window and return its driver; skip the test where it is missing.

    Args:
        debugger_address: of a Chromium that runs already, ``127.0.0.1:PORT``, to drive that one;
            it is ended here too. ``None`` for a new one.
    """
    try:
        # Only the extra "lab" has it.
        from selenium.common.exceptions import WebDriverException  # noqa: PLC0415
        from selenium.webdriver import Chrome, ChromeOptions, ChromeService  # noqa: PLC0415
    except ImportError:
        missing('selenium is not installed: pip install "appsync-gql[lab]"')
    options = ChromeOptions()
    if debugger_address is None:
        options.binary_location = chromium_path()
        for argument in chromium_arguments():
            options.add_argument(argument)
    else:
        options.debugger_address = debugger_address
    driver = Chrome(options, ChromeService(_program("chromedriver")))
    driver.set_page_load_timeout(_SECONDS)
    try:
        yield driver
    finally:
        if debugger_address is not None:
            with suppress(WebDriverException):  # it ends before it responds
                driver.execute_cdp_cmd("Browser.close", {})
        driver.quit()


def chromium_path() -> str:
    """Return Chromium's program; skip the test where it is missing."""
    return _program(*_NAMES)


def chromium_arguments(profile: Path | None = None) -> list[str]:
    """Return what Chromium is started with.

    Args:
        profile: the folder for its data; ``None``: its driver makes one.
    """
    # In containers: no sandbox for root, and a small /dev/shm.
    arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"]
    arguments += ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    return arguments if profile is None else [*arguments, f"--user-data-dir={profile}"]


def sign_in_on_page(driver: Chrome, username: str, password: str) -> None:
    """Fill in the form of the sign-in page, and click.

    Args:
        driver: of a browser whose only page is opening the form.
        username: the user.
        password: the user's password.
    """

    def fill_in(name: str, value: str) -> bool:
        field = _found(driver, f"input[name={name}]")
        field.clear()
        field.send_keys(value)
        return True

    for name, value in (("username", username), ("password", password)):
        _wait(driver).until(lambda _, name=name, value=value: fill_in(name, value))
    button = _found(driver, "button[type=submit]")
    button.click()
    _wait(driver).until(lambda _: _is_gone(button))


def problem_on_page(driver: Chrome) -> str:
    """Return the error that the form shows; ``""`` for none."""
    return _text(driver, "[role=alert]")


def text_of_page(driver: Chrome) -> str:
    """Return the text of the page."""
    return _text(driver, "body")


def _text(driver: Chrome, selector: str) -> str:
    # In a tuple, because an empty text would be waited for.
    found = _wait(driver).until(lambda d: (d.find_element("css selector", selector).text,))
    return str(found[0])


def _found(driver: Chrome, selector: str) -> Any:
    return _wait(driver).until(lambda d: d.find_element("css selector", selector))


def _wait(driver: Chrome) -> Any:
    from selenium.common.exceptions import WebDriverException  # noqa: PLC0415
    from selenium.webdriver.support.wait import WebDriverWait  # noqa: PLC0415

    # While a page is replaced, any question about it may be an error, "unknown error" included.
    return WebDriverWait(driver, _SECONDS, ignored_exceptions=[WebDriverException])


def _is_gone(element: Any) -> bool:
    """Return whether an element's page was replaced by the next one."""
    from selenium.common.exceptions import StaleElementReferenceException  # noqa: PLC0415

    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    return found or missing(f"{names[0]} is not installed")


def missing(reason: str) -> NoReturn:
    """Skip the test; fail if CI is set, because there no browser may be missing."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"this is skipped only where CI is not set: {reason}", pytrace=False)
    pytest.skip(reason)
