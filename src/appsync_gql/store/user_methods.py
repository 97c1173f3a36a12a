"""The methods of a store by which users sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..challenges import Answer, hidden_value
from ..forks import importing
from ..secret import sealed
from .arguments import check_used, sealed_argument
from .signing_in import sign_in_in_task
from .single_flight import wait_in_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..challenges import ChallengeHandler, ChallengeRequired
    from ..tokens import Tokens
    from .snapshot import TokenSettings
    from .waiting import StoreMethods

__all__ = ["UserMethods"]


class UserMethods:
    """A part of :class:`TokenStore`."""

    _methods: StoreMethods
    _settings: TokenSettings

    async def sign_in(
        self,
        username: str,
        password: str | None = None,
        *,
        flow: str | None = None,
        on_challenge: ChallengeHandler | None = None,
    ) -> Tokens:
        """Sign a user in; the store uses the new session from then on.

        Args:
            username: the user.
            password: the user's password; it is not kept. ``None`` for ways to sign in without.
            flow: ``"USER_SRP_AUTH"`` (the default: the password itself is not sent),
                ``"USER_PASSWORD_AUTH"``, ``"USER_AUTH"`` (the user chooses; with a password, SRP
                is preferred) or ``"CUSTOM_AUTH"`` (challenges of the user pool's own).
            on_challenge: a function, sync or async, that is called with each
                ``ChallengeRequired``. It returns the arguments of :meth:`answer` as a ``dict``,
                or a bare code, or ``None`` to give up. After a wrong answer it is called again
                with the same challenge, whose ``problem`` says why: three times at most. A sync
                function is called on a worker thread, so it may ask the user. ``None``:
                challenges are raised.

        Raises:
            SignInFailed: wrong name or password, or (with ``on_challenge``) wrong answers.
            ChallengeRequired: one more step is needed; pass the error to :meth:`answer`.
            RenewalFailed: the provider can't be reached now, or has not responded for 90 s.
            StorageFailed: the user is signed in and the tokens are in use, but not saved.
            ConfigurationError: the settings of the provider are wrong; or those of the
                persistence, and the user is signed in as with ``StorageFailed``.
        """
        read_password = sealed(password)
        del password  # before anything can raise, and show local variables
        first = self._methods.sign_in(username, read_password, flow)
        return await sign_in_in_task(self._methods, first, on_challenge)

    async def answer(
        self,
        challenge: ChallengeRequired,
        *,
        code: str | None = None,
        new_password: str | None = None,
        mfa: str | None = None,
        choice: str | None = None,
        attributes: Mapping[str, str] | None = None,
        answer: str | None = None,
        password: str | None = None,
        email: str | None = None,
    ) -> Tokens:
        """Answer a challenge; the store uses the new session from then on.

        Args:
            challenge: what :meth:`sign_in` or this method raised.
            code: for a code that was sent or computed, and for ``MFA_SETUP`` the first code of
                the authenticator application.
            new_password: for ``NEW_PASSWORD_REQUIRED``.
            mfa: for ``SELECT_MFA_TYPE``: one of ``challenge.choices``.
            choice: for ``SELECT_CHALLENGE``: one of ``challenge.choices``.
            attributes: with ``new_password``: at least ``challenge.required_attributes``.
            answer: for ``CUSTOM_CHALLENGE``; ``code`` is taken too.
            password: with ``choice="PASSWORD"`` or ``"PASSWORD_SRP"``.
            email: for ``MFA_SETUP`` with ``"EMAIL_OTP"`` among ``challenge.choices``: where codes
                are sent from then on. The next challenge asks for the first one.

        Raises:
            WrongAnswer: the same challenge can be answered again.
            ChallengeExpired: its time is over; the user starts to sign in again.
            ChallengeRequired: another step is needed.
            ConfigurationError: an argument that this challenge needs is missing.
            AppSyncError: as :meth:`sign_in`.
        """
        given = {
            "code": hidden_value(code),
            "new_password": hidden_value(new_password),
            "mfa": mfa,
            "choice": choice,
            "attributes": hidden_value(attributes),
            "answer": hidden_value(answer),
            "password": hidden_value(password),
            "email": email,
        }
        del code, new_password, attributes, answer, password  # no traceback shows them
        return await wait_in_task(self._methods.answer(challenge, Answer.of(given)))

    async def sign_in_with_browser(self, domain: str, **options: Any) -> Tokens:
        """Let the user sign in by a web page: managed login, or any provider behind it.

        It is the authorization code flow with PKCE. The app client must allow it, and have
        ``http://127.0.0.1:8400/`` (or those of ``ports``) among its callback URLs.

        Args:
            domain: of the page, ``"https://….auth.eu-west-1.amazoncognito.com"``; ``http://``
                only for this machine.
            options: ``timeout``: seconds that the user may take, 300 by default. ``ports``: of
                127.0.0.1, tried in order; 8400, 8401 and 8402 by default. ``scopes``.
                ``open_browser``: a function of the URL, ``webbrowser.open`` by default; if it
                returns false, the URL is shown and the final URL read from standard input.
                ``paste``: a function that is called with the URL, in place of a browser on this
                machine, and returns the final URL.

        Raises:
            SignInFailed: the page answered with an error, or the time is over.
            MissingExtra: ``pip install "appsync-gql[browser]"`` is needed.
            AppSyncError: as :meth:`sign_in`.
        """
        # Imported here: a program without a browser needs neither its modules nor their time.
        with importing():
            from ..providers.cognito_browser import BrowserSignIn  # noqa: PLC0415

        browser = BrowserSignIn(domain=domain, **options)
        try:
            return await wait_in_task(self._methods.sign_in_with_browser(browser))
        finally:
            browser.interrupt()  # if this task was cancelled, the port is free for the next one

    async def use(self, tokens: Tokens) -> None:
        """Use a session that began elsewhere, and save it; no call is made.

        Args:
            tokens: of any sign-in to the user pool: a web page, managed login, another program.

        Raises:
            StorageFailed: they are in use, but not saved.
            ConfigurationError: they are no ``Tokens``, or have no token of the kind that is sent.
        """
        await wait_in_task(self._methods.use(check_used(tokens, self._settings)))

    # -- accounts ---------------------------------------------------------------------

    async def sign_up(
        self, username: str, password: str, attributes: Mapping[str, str] | None = None
    ) -> str | None:
        """Create a user, who then signs in by :meth:`sign_in`.

        Args:
            username: the new user.
            password: the user's password.
            attributes: such as ``{"email": "ada@example.com"}``; ``None`` for none.

        Returns:
            Where the code for :meth:`confirm_sign_up` was sent, partly hidden; ``None`` if the
            user is confirmed already.

        Raises:
            AccountFailed: by this and the next four methods: the user must act, and the message
                says how.
            RenewalFailed, ConfigurationError: as :meth:`sign_in`.
        """
        read_password = sealed_argument(password)
        del password
        found: str | None = await wait_in_task(
            self._methods.account("sign_up", username, read_password, attributes)
        )
        return found

    async def confirm_sign_up(self, username: str, code: str) -> None:
        """Confirm a new user with the code that was sent."""
        read_code = sealed_argument(code)
        del code
        await wait_in_task(self._methods.account("confirm_sign_up", username, read_code))

    async def forgot_password(self, username: str) -> str | None:
        """Send a code for :meth:`confirm_forgot_password`; return where, partly hidden."""
        found: str | None = await wait_in_task(self._methods.account("forgot_password", username))
        return found

    async def confirm_forgot_password(self, username: str, code: str, new_password: str) -> None:
        """Set a new password with the code that was sent."""
        read_code, read_password = sealed_argument(code), sealed_argument(new_password)
        del code, new_password
        await wait_in_task(
            self._methods.account("confirm_forgot_password", username, read_code, read_password)
        )

    async def change_password(self, old: str, new: str) -> None:
        """Replace the password of the user who is signed in; the session goes on.

        Raises:
            NotSignedIn: no user is.
        """
        read_old, read_new = sealed_argument(old), sealed_argument(new)
        del old, new
        await wait_in_task(self._methods.change_password(read_old, read_new))
