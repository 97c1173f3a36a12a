from __future__ import annotations

import asyncio
import copy
import datetime as dt
import pickle
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from appsync_gql import AppSyncError, ConfigurationError, RenewalFailed, SignableRequest
from appsync_gql.auth.signed import AwsCredentials, SignedAuth
from appsync_gql.auth.sigv4 import access_key_of, time_of
from appsync_gql.testing import FakeClock
from support.store import fixed_delay
from support.tracebacks import assert_hidden

if TYPE_CHECKING:
    from appsync_gql import Headers

URL = "https://example.appsync-api.eu-west-1.amazonaws.com/graphql"
REQUEST = SignableRequest(URL, b'{"query":"{ a }"}', "http")
CUSTOM = SignableRequest("https://api.example.com/graphql", b"{}", "http")


class Source:
    """Returns numbered credentials, after the errors that it was told of."""

    def __init__(self, clock: FakeClock, *errors: Exception, lifetime: float | None = None) -> None:
        self.clock, self.errors, self.lifetime = clock, list(errors), lifetime
        self.count, self.rejected, self.same = 0, [False] * 0, False
        self.threads: set[int] = set()

    def __call__(self, rejected: bool) -> AwsCredentials:  # noqa: FBT001
        self.threads.add(threading.get_ident())
        self.rejected.append(rejected)
        if self.errors:
            raise self.errors.pop(0)
        self.count += 0 if self.same and self.count else 1
        keys = ReadOnlyCredentials(f"AKIA{self.count}", "secret-key", f"token-{self.count}", None)
        expires_at = None if self.lifetime is None else self.clock.wall() + self.lifetime
        return AwsCredentials(keys, expires_at)


def auth_of(source: Source, **more: Any) -> SignedAuth:
    arguments: dict[str, Any] = {"region": None, "delays": fixed_delay(0), "patience": 1, **more}
    return SignedAuth(
        source,
        lambda error: RenewalFailed(type(error).__name__),
        clock=source.clock,
        **arguments,
    )


async def key(auth: SignedAuth) -> str | None:
    return access_key_of(await auth.sign(REQUEST))


def date(clock: FakeClock, *, offset: float = 0.0) -> str:
    at = dt.datetime.fromtimestamp(clock.wall() + offset, dt.timezone.utc)
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


def signed_at(headers: Headers) -> float:
    found = time_of(headers)
    assert found is not None
    return found


async def test_credentials_are_loaded_once_for_all_and_never_on_the_loop(clock: FakeClock) -> None:
    source = Source(clock)
    auth = auth_of(source)
    assert auth.sign_nowait(REQUEST) is None
    assert set(await asyncio.gather(*(key(auth) for _ in range(20)))) == {"AKIA1"}
    assert auth.sign_nowait(REQUEST) is not None
    assert source.count == 1
    assert threading.get_ident() not in source.threads


async def test_credentials_that_expire_are_replaced_a_minute_ahead_of_it(clock: FakeClock) -> None:
    auth = auth_of(Source(clock, lifetime=3600))
    assert await key(auth) == "AKIA1"
    clock.advance(3600 - 59)
    seen = set()
    while "AKIA2" not in seen:
        seen.add(access_key_of(auth.sign_nowait(REQUEST) or {}))
        await asyncio.sleep(0)
    assert None not in seen


async def test_credentials_with_a_lifetime_of_seconds_are_used_for_half_of_it_at_least(
    clock: FakeClock,
) -> None:
    source = Source(clock, lifetime=4)
    auth = auth_of(source)
    await key(auth)
    clock.advance(1.9)
    assert await key(auth) == "AKIA1"
    await asyncio.sleep(0.05)
    assert source.count == 1
    clock.advance(2.0)
    assert await key(auth) == "AKIA2"


async def test_rejected_credentials_are_loaded_again_once_for_all(clock: FakeClock) -> None:
    source = Source(clock)
    auth = auth_of(source)
    rejected = await auth.sign(REQUEST)
    assert await asyncio.gather(*(auth.renew_signing(rejected) for _ in range(9))) == [True] * 9
    assert await key(auth) == "AKIA2"
    assert await auth.renew_signing(rejected)
    assert source.rejected == [False, True]


async def test_the_same_credentials_again_are_not_worth_another_attempt(clock: FakeClock) -> None:
    source = Source(clock)
    source.same = True
    auth = auth_of(source)
    assert not await auth.renew_signing(await auth.sign(REQUEST))


async def test_a_denial_belongs_to_the_user_whatever_the_credentials(clock: FakeClock) -> None:
    source = Source(clock)
    auth = auth_of(source)
    assert not await auth.renew_signing(await auth.sign(REQUEST), denied=True)
    assert source.count == 1


@pytest.mark.parametrize("offset", [600, -600, 400_000_000])
async def test_a_wrong_clock_is_corrected_by_the_response_that_rejects_the_signature(
    clock: FakeClock, offset: float
) -> None:
    source = Source(clock)
    auth = auth_of(source)
    rejected = await auth.sign(REQUEST)
    auth.answered(date(clock, offset=offset), 0.1)
    assert await auth.renew_signing(rejected)
    assert abs(signed_at(await auth.sign(REQUEST)) - clock.wall() - offset) < 5
    assert source.count == 1, "the credentials are not to blame"


async def test_a_clock_that_is_right_is_not_corrected(clock: FakeClock) -> None:
    source = Source(clock)
    source.same = True
    auth = auth_of(source)
    rejected = await auth.sign(REQUEST)
    auth.answered(date(clock, offset=100), 0.1)
    assert not await auth.renew_signing(rejected)
    assert abs(signed_at(await auth.sign(REQUEST)) - clock.wall()) < 5


async def test_one_contradicting_date_without_a_rejection_changes_nothing(
    clock: FakeClock,
) -> None:
    auth = auth_of(Source(clock))
    await auth.sign(REQUEST)
    auth.answered(date(clock, offset=600), 0.1)
    auth.answered("no date", 0.1)
    assert abs(signed_at(await auth.sign(REQUEST)) - clock.wall()) < 5


async def test_a_failure_that_passes_is_waited_through_and_others_are_translated(
    clock: FakeClock,
) -> None:
    assert await key(auth_of(Source(clock, OSError(), OSError()))) == "AKIA1"
    with pytest.raises(RenewalFailed, match="OSError"):
        await key(auth_of(Source(clock, *[OSError()] * 9), patience=0))
    with pytest.raises(ConfigurationError, match="wrong"):
        await key(auth_of(Source(clock, ConfigurationError("wrong"))))


@pytest.mark.parametrize("keys", [("", "secret", None, None), ("AKIA", "", None, None)])
async def test_incomplete_credentials_are_a_failure(clock: FakeClock, keys: Any) -> None:
    source = Source(clock)
    auth = SignedAuth(
        lambda _: AwsCredentials(ReadOnlyCredentials(*keys)),
        lambda error: RenewalFailed(str(error)),
        region=None,
        clock=source.clock,
        patience=0,
    )
    with pytest.raises(RenewalFailed, match="incomplete"):
        await auth.sign(REQUEST)


async def test_the_region_comes_from_the_argument_the_host_or_the_configuration(
    clock: FakeClock,
) -> None:
    auth = auth_of(Source(clock))
    assert "/eu-west-1/appsync/" in str((await auth.sign(REQUEST))["Authorization"])
    with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION") as caught:
        await auth.sign(CUSTOM)
    assert caught.value.setting == "region"
    told = auth_of(Source(clock), region="us-east-2")
    assert "/us-east-2/appsync/" in str((await told.sign(REQUEST))["Authorization"])


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [({"region": "Europe"}, "region"), ({"patience": -1}, "patience")],
)
def test_arguments_that_make_no_sense_are_refused(
    clock: FakeClock, arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        auth_of(Source(clock), **arguments)
    assert caught.value.setting == setting


async def test_secrets_are_in_no_repr_traceback_or_pickle(clock: FakeClock) -> None:
    auth = auth_of(Source(clock))
    headers = await auth.sign(REQUEST)
    shown = f"{auth!r} {headers!r} {auth._renewing.credential!r}"
    assert "secret-key" not in shown
    assert "token-1" not in shown
    with pytest.raises(AppSyncError) as caught:
        await auth.sign(CUSTOM)
    assert_hidden(caught.value, "secret-key", "token-1")
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="in each process"):
            copied(auth)
