"""AWS STS: temporary credentials of a role, in the query protocol with XML responses.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from .auth_iam import ACCOUNT_ID
from .authorization import AuthorizationFailed
from .http_responses import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .auth_iam import IamCredentials, IamMode
    from .authorization import AuthorizationRequest

__all__ = ["Sts", "action_of"]

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_SECONDS = 3600.0
"""Seconds that a role's credentials live if the request does not say."""

_NAMES = {
    "BadRequestException": "SignatureDoesNotMatch",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""AppSync's names of the errors of a signature, and those of STS."""


class Sts:
    """The calls ``AssumeRole`` and ``GetCallerIdentity``. Every role may be assumed.

    Args:
        iam: knows the credentials; ``None`` if the API has no mode IAM.
        lifetime: seconds that the credentials of a role live, whatever a request asks for;
            ``None``: what it asks for, which AWS limits to 900 at least.
    """

    def __init__(self, iam: IamMode | None, lifetime: float | None) -> None:
        self._iam, self._lifetime = iam, lifetime

    def respond(self, request: AuthorizationRequest) -> HttpResponse:
        """Return the response to one call."""
        parameters = dict(parse_qsl(request.body.decode(errors="replace")))
        action = parameters.get("Action", "")
        if self._iam is None:
            return _error("InvalidClientTokenId", "The emulator has no iam_credentials.", 403)
        try:
            caller = self._iam.verified(request, service="sts")
        except AuthorizationFailed as failed:
            return _error(_NAMES.get(failed.error_type, failed.error_type), failed.message, 403)
        if action == "GetCallerIdentity":
            return _response(action, _caller(caller))
        if action != "AssumeRole":
            return _error("InvalidAction", f"Could not find operation {action}", 400)
        return self._assume_role(self._iam, parameters)

    def _assume_role(self, iam: IamMode, parameters: Mapping[str, str]) -> HttpResponse:
        try:
            role = parameters["RoleArn"].rpartition("/")[2]
            session = parameters["RoleSessionName"]
            asked = float(parameters.get("DurationSeconds", _SECONDS))
        except (KeyError, ValueError) as error:
            return _error("ValidationError", f"A parameter is missing or wrong: {error}", 400)
        arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/{session}"
        name = f"AROAEMULATOR:{session}"
        claims = {"accountId": ACCOUNT_ID, "userArn": arn, "username": name}
        issued = iam.issue(asked if self._lifetime is None else self._lifetime, 0.0, claims)
        user = _element("AssumedRoleUser", _texts({"AssumedRoleId": name, "Arn": arn}))
        return _response("AssumeRole", _credentials(issued) + user)


def action_of(body: bytes) -> str | None:
    """Return the name of the call in a form; ``None`` if the body is none."""
    if not body.startswith(b"Action=") and b"&Action=" not in body:
        return None
    return dict(parse_qsl(body.decode(errors="replace"))).get("Action")


def _credentials(issued: IamCredentials) -> str:
    expires = datetime.fromtimestamp(issued.expires_at or 0.0, timezone.utc)
    return _element(
        "Credentials",
        _texts(
            {
                "AccessKeyId": issued.access_key_id,
                "SecretAccessKey": issued.secret_access_key,
                "SessionToken": issued.session_token or "",
                "Expiration": expires.isoformat().replace("+00:00", "Z"),
            }
        ),
    )


def _caller(credentials: IamCredentials) -> str:
    claims = credentials.claims
    return _texts(
        {
            "Arn": claims["userArn"],
            "UserId": claims["username"],
            "Account": claims["accountId"],
        }
    )


def _response(action: str, result: str) -> HttpResponse:
    found = _element(f"{action}Result", result)
    return _xml(
        200, f'<{action}Response xmlns="{_NAMESPACE}">{found}{_metadata()}</{action}Response>'
    )


def _error(code: str, message: str, status: int) -> HttpResponse:
    error = _element("Error", _texts({"Type": "Sender", "Code": code, "Message": message}))
    text = f'<ErrorResponse xmlns="{_NAMESPACE}">{error}{_metadata()}</ErrorResponse>'
    return _xml(status, text, code)


def _metadata() -> str:
    return _element("ResponseMetadata", _texts({"RequestId": str(uuid.uuid4())}))


def _xml(status: int, text: str, error_type: str | None = None) -> HttpResponse:
    return HttpResponse(
        status=status,
        body=text.encode(),
        headers={"Content-Type": "text/xml"},
        error_type=error_type,
    )


def _texts(values: Mapping[str, str]) -> str:
    return "".join(_element(name, escape(value)) for name, value in values.items())


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"
