"""The error that every part of the emulated Cognito raises."""

from __future__ import annotations

__all__ = ["CognitoError", "wrong_password"]


class CognitoError(Exception):
    """An error of a Cognito call.

    Args:
        name: Cognito's name of the error.
        message: Cognito's text.
        status: HTTP status; Cognito responds with 400 to every mistake of the caller.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


def wrong_password() -> CognitoError:
    """Return the error for a wrong name or password.

    An unknown user gets the same one: ``PreventUserExistenceErrors`` is Cognito's default.
    """
    return CognitoError("NotAuthorizedException", "Incorrect username or password.")
