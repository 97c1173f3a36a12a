"""The steps that an identity provider may ask for during a sign-in, and the answers to them."""

from __future__ import annotations

import importlib
import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .exceptions import ConfigurationError, QueryError
from .extras import require
from .forks import importing
from .secret import Secret, hidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

__all__ = ["Answer", "ChallengeHandler", "ChallengeRequired", "hidden_answer", "hidden_value"]

_ARGUMENTS = {
    "CUSTOM_CHALLENGE": "answer",
    "EMAIL_OTP": "code",
    "MFA_SETUP": "code",
    "NEW_PASSWORD_REQUIRED": "new_password",
    "PASSWORD": "password",
    "PASSWORD_SRP": "password",
    "SELECT_CHALLENGE": "choice",
    "SELECT_MFA_TYPE": "mfa",
    "SMS_MFA": "code",
    "SMS_OTP": "code",
    "SOFTWARE_TOKEN_MFA": "code",
}
_CHOICES = {"MFA_SETUP": "MFAS_CAN_SETUP", "SELECT_MFA_TYPE": "MFAS_CAN_CHOOSE"}
_ATTRIBUTE = "userAttributes."


class ChallengeRequired(QueryError):
    """The identity provider requires one more step of the user before it issues tokens.

    Pass it to ``store.answer``. The names and parameters are Cognito's
    (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html).

    A pickled copy contains no secret: neither ``session`` nor ``secret_code``. It can be answered
    through the provider object that raised the original, which remembers the session for 15
    minutes; in another process, ``store.answer`` raises ``ChallengeExpired``.

    Attributes:
        challenge_name: Cognito's name: ``SOFTWARE_TOKEN_MFA``, ``NEW_PASSWORD_REQUIRED``, …
        parameters: Cognito's description of the challenge, such as where a code was sent.
        session: the opaque string that connects the next step with this one. It is valid for 3
            to 15 minutes. It proves that the first step was done, so keep it secret.
        username: the user name to respond with.
        choices: what can be chosen in ``SELECT_CHALLENGE`` and ``SELECT_MFA_TYPE``, and what can
            be set up in ``MFA_SETUP``; empty for all others.
        secret_code: in ``MFA_SETUP``, what an authenticator application needs to compute codes;
            ``""`` in all others.
        id: by which a provider finds its own state for this challenge.
        problem: why the previous answer was not accepted; ``None`` for the first one. Only set
            for ``on_challenge``.
    """

    def __init__(
        self,
        message: str,
        *,
        challenge_name: str = "",
        parameters: Mapping[str, str] | None = None,
        session: str = "",
        username: str = "",
        choices: tuple[str, ...] = (),
        secret_code: str = "",
        **response: Any,
    ) -> None:
        super().__init__(message, **response)
        self.challenge_name = challenge_name
        self.parameters = dict(parameters or {})
        self.session = Secret(session)
        self.username = username
        self.choices = choices or _texts(self.parameters.get(_CHOICES.get(challenge_name, "")))
        self.secret_code = Secret(secret_code)
        self.id = uuid.uuid4().hex
        self.problem: str | None = None

    @property
    def argument(self) -> str | None:
        """The argument of ``store.answer`` that is needed; ``None`` for an unknown challenge."""
        if (
            self.challenge_name == "MFA_SETUP"
            and "EMAIL_OTP" in self.choices
            and "SOFTWARE_TOKEN_MFA" not in self.choices
        ):
            return "email"
        return _ARGUMENTS.get(self.challenge_name)

    @property
    def destination(self) -> str | None:
        """Where the code was sent, partly hidden by Cognito; ``None`` if none was sent."""
        return self.parameters.get("CODE_DELIVERY_DESTINATION")

    @property
    def required_attributes(self) -> tuple[str, ...]:
        """The attributes that a new password must come with, for ``attributes=``."""
        names = _texts(self.parameters.get("requiredAttributes"))
        return tuple(name.removeprefix(_ATTRIBUTE) for name in names)

    def otpauth_url(self, issuer: str = "AppSync") -> Secret:
        """Return the URL that sets an authenticator application up, in ``MFA_SETUP``.

        https://github.com/google/google-authenticator/wiki/Key-Uri-Format

        Args:
            issuer: shown by the application beside the user's name.

        Raises:
            ConfigurationError: this challenge has no ``secret_code``.
        """
        if not self.secret_code:
            raise ConfigurationError(f"{self.challenge_name} has no secret_code to set up.")
        label = f"{quote(issuer)}:{quote(self.username)}"
        query = urlencode({"secret": self.secret_code, "issuer": issuer}, quote_via=quote)
        return Secret(f"otpauth://totp/{label}?{query}")

    def qr_code(self, issuer: str = "AppSync") -> Secret:
        """Return the QR code of :meth:`otpauth_url` as text for a terminal.

        Raises:
            MissingExtra: segno is needed: ``pip install "appsync-gql[qr]"``.
            ConfigurationError: as :meth:`otpauth_url`.
        """
        url = self.otpauth_url(issuer)
        require("qr", "segno")
        with importing():
            segno: Any = importlib.import_module("segno")
        text = io.StringIO()
        segno.make(url, micro=False).terminal(out=text, compact=True)
        return Secret(text.getvalue())

    def __copy__(self) -> ChallengeRequired:
        made = type(self)(*self.args)
        vars(made).update(vars(self))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        secret = {"session", "secret_code"}
        shown = {name: value for name, value in vars(self).items() if name not in secret}
        return type(self), self.args, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The arguments of ``store.answer``; see there."""

    code: Secret | None = field(default=None, repr=False)
    new_password: Secret | None = field(default=None, repr=False)
    mfa: str | None = None
    choice: str | None = None
    attributes: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    answer: Secret | None = field(default=None, repr=False)
    password: Secret | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, given: object) -> Answer:
        """Return an answer from what :func:`hidden_answer` returned.

        Raises:
            ConfigurationError: it is no answer. The message contains no value.
        """
        if isinstance(given, Answer):
            return given
        names = {field.name for field in fields(cls)}
        if not isinstance(given, Mapping) or given.keys() - names:
            raise ConfigurationError(
                "on_challenge returns a code, or a dict with arguments of answer(): "
                f"{', '.join(sorted(names))}.",
                setting="on_challenge",
            )
        for name, value in given.items():
            expected = Mapping if name == "attributes" else str
            if value is not None and not isinstance(value, expected):
                raise ConfigurationError(f"{name} must be a {expected.__name__}.", setting=name)
        return cls(**{name: value for name, value in given.items() if value is not None})


ChallengeHandler: TypeAlias = "Callable[[ChallengeRequired], object | Awaitable[object]]"
"""What ``on_challenge`` takes. It returns a bare code, a ``dict`` of arguments of ``answer``, or
``None`` to give up."""


def hidden_value(value: object) -> Any:
    """Return a value as one that no traceback shows; the type of what is no text."""
    if isinstance(value, Mapping):
        return {str(name): Secret(item) for name, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return Secret(value)
    return hidden(value)


def hidden_answer(given: object) -> object:
    """Return what a function answered as something that no traceback shows; never raise.

    A bare code becomes the argument ``code``; what is no answer becomes its type.
    """
    if isinstance(given, Mapping):
        return {str(name): hidden_value(value) for name, value in given.items()}
    if isinstance(given, str | int) and not isinstance(given, bool):
        return {"code": Secret(given)}
    return given if given is None or isinstance(given, Answer) else type(given)


def _texts(value: str | None) -> tuple[str, ...]:
    """Return the texts of a JSON array; none if it is something else."""
    try:
        found = json.loads(value or "[]")
    except ValueError:
        return ()
    return tuple(str(item) for item in found) if isinstance(found, list) else ()
