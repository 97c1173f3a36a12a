"""The user pool's page without a browser: what a person does on it."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import parse_qs, urlencode, urlsplit

__all__ = ["final_url"]


def final_url(url: str, username: str = "ada", password: str = "correct horse") -> str:
    """Sign a user in on the page of this address, and return where the browser goes then."""
    parts = urlsplit(url)
    form = {name: values[0] for name, values in parse_qs(parts.query).items()}
    body = urlencode({**form, "username": username, "password": password})
    connection = HTTPConnection(parts.netloc, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/login?{parts.query}", body, headers)
    found = connection.getresponse().getheader("Location")
    connection.close()
    assert found is not None
    return found
