from __future__ import annotations

import asyncio
import datetime as dt
import threading
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import (
    CredentialRetrievalError,
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
from appsync_gql.auth.sigv4 import access_key_of, time_of
from support.store import fixed_delay

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
            return Credentials(key, "secret", "token", method="env")
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


async def test_credentials_are_loaded_once_and_never_on_the_loop() -> None:
    session = Session()
    auth = iam(session)
    assert auth.sign_nowait(REQUEST) is None
    assert set(await asyncio.gather(*(key(auth) for _ in range(20)))) == {"AKIA1"}
    assert auth.sign_nowait(REQUEST) is not None
    assert session.loads == 1
    assert threading.get_ident() not in session.threads


async def test_credentials_that_expire_are_replaced_ahead_of_it() -> None:
    session = Session(lifetime=0.8)
    auth = iam(session)
    assert await key(auth) == "AKIA1"
    seen = {"AKIA1"}
    while len(seen) < 3:
        headers = auth.sign_nowait(REQUEST) or await auth.sign(REQUEST)
        seen.add(str(access_key_of(headers)))
        await asyncio.sleep(0.02)


async def test_rejected_credentials_are_loaded_once_more_and_late_rejections_cost_nothing() -> None:
    session = Session()
    auth = iam(session)
    rejected = await auth.sign(REQUEST)
    assert await auth.renew_signing(rejected)
    assert await key(auth) == "AKIA2"
    assert await auth.renew_signing(rejected)
    assert session.loads == 2
    assert not await auth.renew_signing(await auth.sign(REQUEST), denied=True)


async def test_the_same_credentials_again_are_not_worth_another_attempt() -> None:
    session = botocore.session.Session()
    session.set_credentials("AKIA", "secret", "token")
    auth = iam(session)
    assert not await auth.renew_signing(await auth.sign(REQUEST))


async def test_one_rejection_at_another_time_corrects_the_clock_of_signatures() -> None:
    session = botocore.session.Session()
    session.set_credentials("AKIA", "secret")
    auth = iam(session)
    first = await auth.sign(REQUEST)
    ahead = dt.datetime.now(dt.timezone.utc) + dt.timedelta(minutes=10)
    auth.answered(ahead.strftime("%a, %d %b %Y %H:%M:%S GMT"), 0.01)
    assert await auth.renew_signing(first)
    at = time_of(await auth.sign(REQUEST))
    assert at is not None
    assert abs(at - ahead.timestamp()) < 5
    assert not await auth.renew_signing(await auth.sign(REQUEST))


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
        (OSError("broken"), RenewalFailed, "OSError"),
    ],
)
async def test_a_failure_says_what_to_do(
    error: Exception, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        await key(iam(Session(*[error] * 50), patience=0))


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


async def test_a_custom_domain_takes_its_region_from_the_argument_or_the_configuration() -> None:
    custom = SignableRequest("https://api.example.com/graphql", b"{}", "http")
    session = Session()
    with pytest.raises(ConfigurationError, match="region") as caught:
        await key(iam(session), custom)
    assert caught.value.setting == "region"
    session.region = "eu-north-1"
    assert "/eu-north-1/appsync/" in str((await iam(session).sign(custom))["Authorization"])
    elsewhere = iam(session, region="us-east-2")
    assert "/us-east-2/appsync/" in str((await elsewhere.sign(custom))["Authorization"])


def test_a_boto3_or_botocore_session_is_taken_and_nothing_else() -> None:
    IamAuth(session=boto3.session.Session(region_name="eu-west-1"))
    IamAuth(session=botocore.session.Session())
    with pytest.raises(ConfigurationError, match="session"):
        IamAuth(session="profile")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not both"):
        IamAuth(session=botocore.session.Session(), profile="dev")


async def test_no_secret_is_in_a_repr() -> None:
    auth = iam(Session())
    headers = await auth.sign(REQUEST)
    assert "secret" not in f"{auth!r} {headers!r} {auth._renewing.credential!r}"
