"""A token store for code that runs in threads without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..challenges import Answer, hidden_value
from ..forks import importing
from ..pickling import not_pickled
from ..secret import sealed
from .arguments import check_used, sealed_argument
from .signing_in import sign_in_blocking
from .single_flight import wait_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..challenges import ChallengeHandler, ChallengeRequired
    from ..headers import Headers
    from ..tokens import Tokens
    from .snapshot import TokenSettings
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
        settings: TokenSettings,
    ) -> None:
        self._headers_nowait = headers_nowait
        self._methods = methods
        self._status = status
        self._settings = settings

    __reduce__ = not_pickled

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

    def sign_in(
        self,
        username: str,
        password: str | None = None,
        *,
        flow: str | None = None,
        on_challenge: ChallengeHandler | None = None,
    ) -> Tokens:
        """As :meth:`TokenStore.sign_in`; ``on_challenge`` is called on this thread."""
        read_password = sealed(password)
        del password
        first = self._methods.sign_in(username, read_password, flow)
        return sign_in_blocking(self._methods, first, on_challenge)

    def answer(self, challenge: ChallengeRequired, **answer: Any) -> Tokens:
        """As :meth:`TokenStore.answer`."""
        answer = {name: hidden_value(value) for name, value in answer.items()}
        return wait_in_thread(self._methods.answer(challenge, Answer.of(answer)))

    def sign_in_with_browser(self, domain: str, **options: Any) -> Tokens:
        """As :meth:`TokenStore.sign_in_with_browser`."""
        # Imported here: a program without a browser needs neither its modules nor their time.
        with importing():
            from ..providers.cognito_browser import BrowserSignIn  # noqa: PLC0415

        browser = BrowserSignIn(domain=domain, **options)
        try:
            return wait_in_thread(self._methods.sign_in_with_browser(browser))
        finally:
            browser.interrupt()

    def use(self, tokens: Tokens) -> None:
        """As :meth:`TokenStore.use`."""
        wait_in_thread(self._methods.use(check_used(tokens, self._settings)))

    def sign_up(
        self, username: str, password: str, attributes: Mapping[str, str] | None = None
    ) -> str | None:
        """As :meth:`TokenStore.sign_up`."""
        read_password = sealed_argument(password)
        del password
        found: str | None = wait_in_thread(
            self._methods.account("sign_up", username, read_password, attributes)
        )
        return found

    def confirm_sign_up(self, username: str, code: str) -> None:
        """As :meth:`TokenStore.confirm_sign_up`."""
        read_code = sealed_argument(code)
        del code
        wait_in_thread(self._methods.account("confirm_sign_up", username, read_code))

    def forgot_password(self, username: str) -> str | None:
        """As :meth:`TokenStore.forgot_password`."""
        found: str | None = wait_in_thread(self._methods.account("forgot_password", username))
        return found

    def confirm_forgot_password(self, username: str, code: str, new_password: str) -> None:
        """As :meth:`TokenStore.confirm_forgot_password`."""
        read_code, read_password = sealed_argument(code), sealed_argument(new_password)
        del code, new_password
        wait_in_thread(
            self._methods.account("confirm_forgot_password", username, read_code, read_password)
        )

    def change_password(self, old: str, new: str) -> None:
        """As :meth:`TokenStore.change_password`."""
        read_old, read_new = sealed_argument(old), sealed_argument(new)
        del old, new
        wait_in_thread(self._methods.change_password(read_old, read_new))

    def sign_out(self) -> None:
        """As :meth:`TokenStore.sign_out`."""
        wait_in_thread(self._methods.sign_out())

    def status(self) -> StoreStatus:
        """As :meth:`TokenStore.status`."""
        return self._status()

    def close(self) -> None:
        """As :meth:`TokenStore.aclose`."""
        wait_in_thread(self._methods.close())
