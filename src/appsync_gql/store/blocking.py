"""A token store for code that runs in threads without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..secret import sealed
from .single_flight import wait_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..headers import Headers
    from ..tokens import Tokens
    from .status import StoreStatus
    from .waiting import StoreMethods

__all__ = ["BlockingTokenStore"]


class BlockingTokenStore:
    """The methods of a token store, blocking: the same names and behaviour.

    Made by :attr:`TokenStore.blocking`. Not for a thread whose event
    loop is running: the loop would stop meanwhile.
    """

    def __init__(
        self,
        headers_nowait: Callable[[], Headers | None],
        methods: StoreMethods,
        status: Callable[[], StoreStatus],
    ) -> None:
        self._headers_nowait = headers_nowait
        self._methods = methods
        self._status = status

    def headers(self) -> Headers:
        """As :meth:`TokenStore.headers`."""
        headers = self._headers_nowait()
        return wait_in_thread(self._methods.headers()) if headers is None else headers

    def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """As :meth:`TokenStore.renew`."""
        return wait_in_thread(self._methods.renew(rejected, denied=denied))

    def tokens(self) -> Tokens:
        """As :meth:`TokenStore.tokens`."""
        return wait_in_thread(self._methods.tokens())

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Tokens:
        """As :meth:`TokenStore.sign_in`."""
        read_password = sealed(password)
        del password
        return wait_in_thread(self._methods.sign_in(username, read_password, flow))

    def sign_out(self) -> None:
        """As :meth:`TokenStore.sign_out`."""
        wait_in_thread(self._methods.sign_out())

    def status(self) -> StoreStatus:
        """As :meth:`TokenStore.status`."""
        return self._status()

    def close(self) -> None:
        """As :meth:`TokenStore.aclose`."""
        wait_in_thread(self._methods.close())
