"""A cold start in AWS Lambda: a new interpreter's imports and its first signed request.

Each program is started anew many times, in alternating order, with its bytecode compiled already.
All have the credentials in the environment, as in Lambda, and speak TLS with the byte server,
trusting a bundle of all the usual authorities, as they would with AWS.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from clients import TEXT

if TYPE_CHECKING:
    from clients import Target

__all__ = ["BY_HAND", "BY_HAND_BOTO3", "OURS", "measure"]

_BY_HAND = """
import json, os
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from {module} import Session

http, credentials = requests.Session(), Session().get_credentials()

def query(text):
    body = json.dumps({{"query": text}})
    request = AWSRequest("POST", os.environ["API_URL"], data=body,
                         headers={{"Content-Type": "application/json"}})
    signer = SigV4Auth(credentials.get_frozen_credentials(), "appsync", os.environ["AWS_REGION"])
    signer.add_auth(request)
    response = http.post(request.url, data=body, headers=dict(request.headers), timeout=30)
    response.raise_for_status()
    return response.json()["data"]
"""

_GQL_IAM = """
import os
from botocore.session import Session
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncIAMAuthentication

url = os.environ["API_URL"]
auth = AppSyncIAMAuthentication(host=url.split("/")[2], region_name=os.environ["AWS_REGION"],
                                credentials=Session().get_credentials())
client = Client(transport=AIOHTTPTransport(url, auth=auth, ssl=True))

def query(text):
    return client.execute(gql(text))
"""

_OURS = """
import os
import botocore.auth, botocore.credentials
from gql import Client
from appsync_gql import BlockingAppSyncTransport, IamAuth, gql

auth = IamAuth(region=os.environ["AWS_REGION"])
client = Client(transport=BlockingAppSyncTransport(os.environ["API_URL"], auth=auth))

def query(text):
    return client.execute(gql(text))
"""

_FLOOR = """
import gql.transport.aiohttp

def query(text):
    return {"me": None}
"""

_REPORT = """
import time
ready = time.time()
assert "me" in query(os.environ["QUERY"])
print(time.process_time(), ready, time.time())
"""

BY_HAND = "requests + SigV4Auth by hand"
BY_HAND_BOTO3 = "requests + SigV4Auth by hand, boto3.Session"
GQL_IAM = "gql, AppSyncIAMAuthentication"
OURS = "appsync-gql, blocking, IAM"
FLOOR = "only import gql.transport.aiohttp"

_PROGRAMS = {
    BY_HAND: _BY_HAND.format(module="botocore.session"),
    BY_HAND_BOTO3: _BY_HAND.format(module="boto3.session"),
    GQL_IAM: _GQL_IAM,
    OURS: _OURS,
    FLOOR: f"import os{_FLOOR}",
}


def measure(target: Target, starts: int) -> dict[str, dict[str, float]]:
    """Start each program so many times.

    Args:
        target: an endpoint with TLS.
        starts: of each program; one more, which compiles its bytecode, is not counted.

    Returns:
        By name, medians in milliseconds: of the processor time (``cpu_ms``) and the time
        (``wall_ms``) from the start of the interpreter to the first response, and of the first
        request's part of that time (``request_ms``).
    """
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in _PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(target, Path(folder))
        for number in range(starts + 1):
            names = list(_PROGRAMS)
            if number % 2:
                names.reverse()
            for name in names:
                figures = _start(_PROGRAMS[name] + _REPORT, environment)
                if number:
                    found[name].append(figures)
    return {
        name: {
            what: statistics.median(values) * 1e3
            for what, values in zip(
                ("cpu_ms", "wall_ms", "request_ms"), zip(*figures, strict=True), strict=True
            )
        }
        for name, figures in found.items()
    }


def _environment(target: Target, folder: Path) -> dict[str, str]:
    """Return the variables of the programs: those of AWS Lambda, and a bundle of authorities."""
    assert target.certificate is not None  # noqa: S101 - else nothing of TLS would be measured
    bundle = folder / "authorities.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + target.certificate.read_bytes())
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHONDONTWRITE"))}
    return kept | {
        "API_URL": target.url,
        "QUERY": TEXT,
        "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SSL_CERT_FILE": str(bundle),
        "REQUESTS_CA_BUNDLE": str(bundle),
    }


def _start(code: str, environment: dict[str, str]) -> tuple[float, ...]:
    """Return seconds: processor time, time until the response, time of the request."""
    began = time.time()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    cpu, ready, ended = map(float, done.stdout.split())
    return cpu, ended - began, ended - ready
