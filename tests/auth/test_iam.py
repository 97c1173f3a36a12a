from __future__ import annotations

import asyncio
import datetime as dt
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
import botocore.session
import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import (
    ClientError,
    ConfigParseError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    PartialCredentialsError,
    RefreshWithMFAUnsupportedError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)

from appsync_gql import (
    ConfigurationError,
    IamAuth,
    RenewalFailed,
    SessionExpired,
    SignableRequest,
)
from appsync_gql.auth.sigv4 import access_key_of
from support.store import fixed_delay

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.appsync-api.eu-west-1.amazonaws.com/graphql"
REQUEST = SignableRequest(URL, b'{"query":"{ a }"}', "http")


class Session:
    """A botocore session whose credentials are numbered, or the errors that a test sets."""

    def __init__(self, *outcomes: Exception | None, lifetime: float | None = None) -> None:
        self.outcomes = list(outcomes)
        self.lifetime = lifetime
        self.loads = 0
        self.loaded: Credentials | None = None
        self.region: str | None = None
        self.method = "env"
        self.threads: set[int] = set()

    def get_component(self, name: str) -> Session:
        assert name == "credential_provider"
        return self

    def get_config_variable(self, name: str) -> str | None:
        return self.region if name == "region" else None

    def load_credentials(self) -> Credentials | None:
        self.loads += 1
        return self._credentials()

    def get_credentials(self) -> Credentials | None:
        """Return what was loaded before, as botocore's sessions do."""
        if self.loaded is None or self.lifetime is not None:
            self.loaded = self.load_credentials()
        return self.loaded

    def _credentials(self) -> Credentials | None:
        self.threads.add(threading.get_ident())
        if self.outcomes and (error := self.outcomes.pop(0)) is not None:
            raise error
        key = f"AKIA{self.loads}"
        if self.lifetime is None:
            return Credentials(key, "secret", "token", method=self.method)
        now = dt.datetime.now(dt.timezone.utc)
        expires = now + dt.timedelta(seconds=self.lifetime)
        metadata = {
            "access_key": key,
            "secret_key": "secret",
            "token": "token",
            "expiry_time": expires.isoformat(),
        }
        return RefreshableCredentials.create_from_metadata(
            metadata, refresh_using=lambda: metadata, method="test"
        )


def iam(session: Any, **more: Any) -> IamAuth:
    return IamAuth(session=session, **{"delays": fixed_delay(0), "patience": 1.0, **more})


async def key(auth: IamAuth, request: SignableRequest = REQUEST) -> str | None:
    return access_key_of(await auth.sign(request))


async def test_credentials_are_loaded_on_a_worker_thread() -> None:
    session = Session()
    assert await key(iam(session)) == "AKIA1"
    assert threading.get_ident() not in session.threads


@pytest.mark.slow
async def test_credentials_that_expire_are_replaced_ahead_of_it() -> None:
    session = Session(lifetime=0.8)
    auth = iam(session)
    assert await key(auth) == "AKIA1"
    seen = {"AKIA1"}
    while len(seen) < 3:
        headers = auth.sign_nowait(REQUEST) or await auth.sign(REQUEST)
        seen.add(str(access_key_of(headers)))
        await asyncio.sleep(0.02)


async def test_rejected_credentials_are_read_from_their_source_again() -> None:
    """An external program has written newer ones into the environment or a file."""
    session = Session()
    auth = iam(session)
    assert await auth.renew_signing(await auth.sign(REQUEST))
    assert await key(auth) == "AKIA2"


async def test_rejected_credentials_are_never_replaced_by_those_of_another_source() -> None:
    session = Session()
    auth = iam(session)
    rejected = await auth.sign(REQUEST)
    session.method = "shared-credentials-file"
    assert not await auth.renew_signing(rejected)
    assert await key(auth) == "AKIA1"


async def test_explicit_credentials_are_kept() -> None:
    session = botocore.session.Session()
    session.set_credentials("AKIA", "secret", "token")
    auth = iam(session)
    assert not await auth.renew_signing(await auth.sign(REQUEST))


async def test_rejected_credentials_that_can_be_refreshed_are_refreshed_though_not_due() -> None:
    """As those of a role that a program assumed itself and put into its session."""
    count = 0

    def metadata() -> dict[str, Any]:
        nonlocal count
        count += 1
        expires = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=1)
        return {
            "access_key": f"ASIA{count}",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": expires.isoformat(),
        }

    session: Any = botocore.session.Session()
    session._credentials = RefreshableCredentials.create_from_metadata(
        metadata(), refresh_using=metadata, method="sts-assume-role"
    )
    auth = iam(boto3.session.Session(botocore_session=session))
    assert await key(auth) == "ASIA1"
    assert await auth.renew_signing(await auth.sign(REQUEST))
    assert await key(auth) == "ASIA2"


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "AssumeRole")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (UnauthorizedSSOTokenError(), SessionExpired, "aws sso login"),
        (SSOTokenLoadError(profile_name="dev", error_msg="x"), SessionExpired, "aws sso login"),
        (
            CredentialRetrievalError(provider="sts", error_msg="x"),
            RenewalFailed,
            "CredentialRetrievalError",
        ),
        (OSError("broken"), RenewalFailed, "OSError: broken"),
        (KeyError("secret-7"), RenewalFailed, r"now \(KeyError\)"),
        (RuntimeError("still expired"), RenewalFailed, "still expired"),
        (ConnectTimeoutError(endpoint_url="x"), RenewalFailed, "ConnectTimeoutError"),
        (PartialCredentialsError(provider="env", cred_var="x"), ConfigurationError, "Partial"),
        (ConfigParseError(path="x"), ConfigurationError, "ConfigParseError"),
        (RefreshWithMFAUnsupportedError(), ConfigurationError, "MFA"),
        (client_error("AccessDenied"), ConfigurationError, "trust policy"),
        (client_error("ExpiredToken"), SessionExpired, "aws sso login"),
        (client_error("InvalidClientTokenId"), ConfigurationError, "access key"),
        (client_error("Throttling"), RenewalFailed, "Throttling: said so"),
    ],
)
async def test_a_failure_says_what_to_do(
    error: Exception, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        await key(iam(Session(*[error] * 50), patience=0))


@pytest.mark.skipif(
    not hasattr(botocore.exceptions, "LoginRefreshRequired"),
    reason="botocore has no aws login",
)
async def test_an_ended_session_of_aws_login_says_what_to_run() -> None:
    error = getattr(botocore.exceptions, "LoginRefreshRequired")()  # noqa: B009 - see above
    with pytest.raises(SessionExpired, match="`aws login`"):
        await key(iam(Session(error), patience=0))


async def test_a_failure_that_passes_is_waited_through() -> None:
    error = CredentialRetrievalError(provider="imds", error_msg="x")
    assert await key(iam(Session(error, error))) == "AKIA3"


async def test_without_credentials_the_error_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "missing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "missing")
    with pytest.raises(ConfigurationError, match="aws configure"):
        await IamAuth().sign(REQUEST)
    with pytest.raises(ConfigurationError, match="no profile 'nobody'"):
        await IamAuth(profile="nobody").sign(REQUEST)


async def test_a_custom_domain_takes_its_region_from_the_configuration() -> None:
    custom = SignableRequest("https://api.example.com/graphql", b"{}", "http")
    session = Session()
    session.region = "eu-north-1"
    assert "/eu-north-1/appsync/" in str((await iam(session).sign(custom))["Authorization"])


def test_a_boto3_or_botocore_session_is_taken_and_nothing_else() -> None:
    IamAuth(session=boto3.session.Session(region_name="eu-west-1"))
    IamAuth(session=botocore.session.Session())
    with pytest.raises(ConfigurationError, match="session"):
        IamAuth(session="profile")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not both"):
        IamAuth(session=botocore.session.Session(), profile="dev")


def test_its_repr_says_which_profile_and_region() -> None:
    shown = repr(IamAuth(profile="dev", region="eu-west-1"))
    assert shown == "<IamAuth region='eu-west-1' profile='dev'>"


VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_DEFAULT_REGION": "eu-north-1",
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"AWS_DEFAULT_REGION": None},
        {"AWS_PROFILE": "other"},
        {"AWS_DEFAULT_PROFILE": "other"},
        {"AWS_SECURITY_TOKEN": "older name"},
        {"AWS_SESSION_TOKEN": None},
        {"AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z"},
        {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
        {"AWS_ACCESS_KEY_ID": ""},
    ],
    ids=lambda changed: ", ".join(f"{k}={v}" for k, v in changed.items()) or "as in AWS Lambda",
)
async def test_environment_variables_mean_what_they_mean_to_botocore(
    changed: dict[str, str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    keys = "aws_access_key_id = AKIA{0}\naws_secret_access_key = x\nregion = eu-{0}-1\n"
    config.write_text(f"[default]\n{keys.format('south')}\n[profile other]\n{keys.format('west')}")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name, value in (VARIABLES | changed).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    custom = SignableRequest("https://api.example.com/graphql", b"{}", "http")
    expected = await _signed(IamAuth(session=session), custom)
    assert await _signed(IamAuth(), custom) == expected


async def _signed(auth: IamAuth, request: SignableRequest) -> tuple[str | None, ...]:
    """Return access key, region, and session token of a signature."""
    headers = await auth.sign(request)
    region = str(headers["Authorization"]).split("/")[2]
    return access_key_of(headers), region, headers.get("X-Amz-Security-Token")


HALF_SET = """
import asyncio, os
os.environ |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_EC2_METADATA_DISABLED": "true"}
from appsync_gql import IamAuth, SignableRequest
request = SignableRequest("https://api.example.com/graphql", b"{}", "http")
asyncio.run(IamAuth().sign(request))
"""


def test_credentials_that_are_set_by_half_are_an_error_at_once() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", HALF_SET],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environment,
    )
    assert "ConfigurationError" in done.stderr
    assert "AWS_SECRET_ACCESS_KEY" in done.stderr
