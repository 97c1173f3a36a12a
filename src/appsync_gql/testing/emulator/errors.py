"""The error in which a Cognito call ends. One class, so that the rooms need not know each other."""

from __future__ import annotations

__all__ = ["CognitoError"]


class CognitoError(Exception):
    """An error in Cognito's shape.

    Args:
        name: Cognito's name of it.
        message: Cognito's text.
        status: HTTP status; Cognito answers 400 to whatever is the caller's fault.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status
