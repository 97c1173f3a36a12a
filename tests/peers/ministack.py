"""ministack, an emulator of AWS that verifies signatures, in an environment of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from .node_program import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Ministack", "ministack_running"]

_VERSION = "1.5.33"
_REGION = "us-east-1"
_INSTALL_SECONDS = 300
_START_SECONDS = 60
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_SCHEMA = "type Query { hello: String }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ministack:
    """An API with the mode IAM, and users of it.

    Attributes:
        url: of all services.
        api_host: the API's own host.
        access_key: of a user who may do everything.
        secret_key: of the same user.
        role: a role that the user may assume.
        region: of everything.
    """

    url: str
    api_host: str
    access_key: str
    secret_key: str
    role: str
    region: str = _REGION


def _install() -> Path:
    """Return the program's path; install it at first use. It pins graphql-core and botocore."""
    folder = Path(tempfile.gettempdir()) / f"appsync-gql-tests-ministack-{_VERSION}"
    program = folder / "bin" / "ministack"
    if program.is_file():
        return program
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
    try:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(*pip, f"ministack=={_VERSION}")
    except (subprocess.SubprocessError, OSError) as error:
        missing(f"ministack can't be installed: {error}")
    return program


def _run(*command: str) -> None:
    subprocess.run(  # noqa: S603 - our own command
        command, check=True, capture_output=True, timeout=_INSTALL_SECONDS
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ministack_running(folder: Path) -> Iterator[Ministack]:
    """Run ministack, which verifies signatures, and create an API in it.

    Args:
        folder: for its output.
    """
    port, program = _free_port(), _install()
    variables = {"AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [str(program)], env={**kept, **variables}, stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_for(port, process)
        yield _create_api(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    missing("ministack does not start")


def _create_api(url: str) -> Ministack:
    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            region_name=_REGION,
            endpoint_url=url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    appsync, iam = client("appsync"), client("iam")
    api = appsync.create_graphql_api(name="api", authenticationType="AWS_IAM")["graphqlApi"]
    api_id = api["apiId"]
    appsync.start_schema_creation(apiId=api_id, definition=_SCHEMA.encode())
    user = iam.create_user(UserName="ada")["User"]
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=json.dumps(_POLICY))
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(_POLICY))
    return Ministack(
        url=url,
        api_host=f"{api_id}.appsync-api.{_REGION}.amazonaws.com",
        access_key=key["AccessKeyId"],
        secret_key=key["SecretAccessKey"],
        role=role["Arn"],
    )
