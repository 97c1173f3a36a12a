"""boto3's clients: few, shared, made anew where needed, and collected with their users."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.session import Session

from appsync_gql import ConfigurationError
from appsync_gql.boto3_client import client_for, discard_client, without_debug_logs
from support.backends import aws_session

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

ADDRESS = "http://127.0.0.1:1"
PLAIN = ("cognito-idp", "eu-west-1", ADDRESS, None, None)


def test_equal_settings_share_one_client() -> None:
    assert client_for(*PLAIN) is client_for(*PLAIN)


def test_other_timeouts_or_attempts_make_another_client() -> None:
    quick = client_for(*PLAIN, read_seconds=4.0, attempts=1)
    assert quick is not client_for(*PLAIN)
    assert quick.meta.config.read_timeout == 4.0
    assert quick.meta.config.retries["total_max_attempts"] == 1


def test_the_users_settings_replace_this_packages() -> None:
    config = Config(read_timeout=1.5, retries={"total_max_attempts": 7})
    client = client_for("cognito-idp", "eu-west-1", ADDRESS, None, config, read_seconds=4.0)
    assert client.meta.config.read_timeout == 1.5
    assert client.meta.config.retries["total_max_attempts"] == 7
    assert client.meta.config.connect_timeout == 5.0


def test_a_plain_client_is_kept_for_later_callers() -> None:
    seen = weakref.ref(client_for(*PLAIN))
    gc.collect()
    assert seen() is not None


def test_of_many_plain_clients_that_nobody_uses_the_latest_are_kept() -> None:
    """A test suite may make an emulator, with an address of its own, for each test."""
    seen = [
        weakref.ref(client_for("cognito-idp", "eu-west-1", f"http://127.0.0.1:{port}", None, None))
        for port in range(1, 41)
    ]
    gc.collect()
    alive = [made() is not None for made in seen]
    assert not any(alive[:20])
    assert all(alive[-10:])


def test_addresses_in_the_environment_are_used_without_a_session_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def client_at(port: int) -> Any:
        address = f"http://127.0.0.1:{port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", address)
        client = client_for("cognito-idp", "eu-west-1", None, None, None)
        assert client.meta.endpoint_url == address
        return client

    def sessions() -> int:
        gc.collect()
        return sum(isinstance(found, Session) for found in gc.get_objects())

    used = [client_at(1)]
    before = sessions()
    used += [client_at(port) for port in range(2, 6)]
    assert sessions() == before
    assert client_at(3) is used[2]


def test_a_region_from_the_environment_is_read_for_each_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for region in ("eu-west-1", "us-east-1"):
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        assert client_for("cognito-idp", None, ADDRESS, None, None).meta.region_name == region


def test_a_client_made_with_a_users_own_session_or_settings_is_collected_with_its_user() -> None:
    """A server may make a session for each of its customers, for months."""
    for session, config in ((aws_session(), None), (None, Config(read_timeout=1))):
        client = client_for("dynamodb", "eu-west-1", ADDRESS, session, config)
        seen = weakref.ref(client)
        del client
        gc.collect()
        assert seen() is None


def test_a_discarded_client_is_replaced_for_the_next_caller_and_still_works_for_the_others() -> (
    None
):
    session = aws_session()
    for settings in (PLAIN, ("dynamodb", "eu-west-1", ADDRESS, session, None)):
        first = client_for(*settings)
        discard_client(first)
        second = client_for(*settings)
        assert second is not first
        discard_client(first)
        assert client_for(*settings) is second
        assert first.meta.endpoint_url == ADDRESS


class _HangingSession:
    """A session whose credentials can't be had for now."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()

    def client(self, *_: object, **__: object) -> object:
        self.asked.set()
        assert self.go_on.wait(10)
        return _Client()


class _Client:
    pass


def test_a_session_that_hangs_delays_no_other_clients() -> None:
    hanging: Any = _HangingSession()
    made: list[object] = []
    settings = ("dynamodb", "eu-west-1", ADDRESS, hanging, None)
    threads = [threading.Thread(target=lambda: made.append(client_for(*settings))) for _ in "ab"]
    for thread in threads:
        thread.start()
    assert hanging.asked.wait(10)
    assert client_for("dynamodb", "eu-west-1", ADDRESS, aws_session(), None)
    hanging.go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(made) == 2
    assert made[0] is made[1]


# -- settings that boto3 does not accept ------------------------------------------------


@pytest.mark.parametrize(
    ("region", "endpoint_url", "config", "setting"),
    [
        (None, ADDRESS, None, "region"),
        ("eu_west 1", None, None, "region"),
        ("eu-west-1", "nonsense hush-hush", None, "endpoint_url"),
        ("eu-west-1", ADDRESS, {"read_timeout": 1}, "config"),
        ("eu-west-1", ADDRESS, "config", "config"),
    ],
)
def test_an_argument_that_boto3_does_not_accept_is_named(
    region: str | None,
    endpoint_url: str,
    config: Any,
    setting: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(ConfigurationError) as caught:
        client_for("dynamodb", region, endpoint_url, None, config)
    assert caught.value.setting == setting
    assert caught.value.__context__ is None
    assert "hush" not in str(caught.value)


def test_a_session_that_is_none_of_boto3_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_for("dynamodb", "eu-west-1", ADDRESS, object(), None)  # type: ignore[arg-type]
    assert caught.value.setting == "boto3_session"


def test_a_profile_that_does_not_exist_is_named_with_the_fix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(ConfigurationError, match=r"no-such-profile.*AWS_PROFILE"):
        client_for("dynamodb", "eu-west-7", ADDRESS, None, None)


def test_a_configuration_file_that_can_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "config"
    path.write_text("[unfinished")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    with pytest.raises(ConfigurationError, match="configuration file"):
        client_for("dynamodb", "eu-west-9", ADDRESS, None, None)


def test_a_failed_attempt_to_make_a_client_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    settings = ("dynamodb", "eu-west-8", ADDRESS, None, None)
    with pytest.raises(ConfigurationError):
        client_for(*settings)
    monkeypatch.delenv("AWS_PROFILE")
    assert client_for(*settings).meta.region_name == "eu-west-8"


def test_the_address_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://127.0.0.1:7")
    client = client_for("cognito-idp", "eu-west-6", None, None, None)
    assert client.meta.endpoint_url == "http://127.0.0.1:7"


# -- logs -------------------------------------------------------------------------------


def test_botocores_debug_records_are_dropped_inside_the_block_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client_for(*PLAIN)
    caplog.set_level(logging.DEBUG)
    for name in ("botocore.parsers", "botocore.retries.standard", "urllib3.connectionpool"):
        logger = logging.getLogger(name)
        with without_debug_logs():
            with without_debug_logs():
                logger.debug("inner")
            logger.debug("outer")
            logger.info("a warning is no body")
        logger.debug("after")
    assert [r.getMessage() for r in caplog.records] == ["a warning is no body", "after"] * 3


def test_every_logger_of_botocore_has_the_filter_once() -> None:
    client_for(*PLAIN)
    client_for(*PLAIN, read_seconds=3.0)
    names = [n for n in logging.root.manager.loggerDict if n.startswith("botocore")]
    assert len(names) > 20
    for name in names:
        assert name.startswith("botocore.vendored") or len(logging.getLogger(name).filters) == 1


# -- forks ------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_makes_its_own_clients_and_does_not_destroy_its_parents() -> None:
    mine = client_for(*PLAIN)
    held = weakref.ref(client_for("cognito-idp", "eu-west-1", ADDRESS, None, Config()))
    assert held() is None
    own = client_for("cognito-idp", "eu-west-1", ADDRESS, boto3.session.Session(), None)
    sockets = weakref.ref(own._endpoint.http_session)
    assert isinstance(sockets(), URLLib3Session)

    def child(line: Connection) -> None:
        nonlocal own
        own = None
        gc.collect()
        line.send((client_for(*PLAIN) is not mine, sockets() is not None))
        os._exit(0)

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    assert ours.poll(30)
    new_client, parents_kept = ours.recv()
    process.join()
    assert new_client
    assert parents_kept
    assert client_for(*PLAIN) is mine


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        ("cognito-idp", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"),
        ("cognito-identity", "AWS_ENDPOINT_URL_COGNITO_IDENTITY"),
        ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
        ("cognito-idp", "AWS_ENDPOINT_URL"),
    ],
)
def test_an_address_in_the_environment_counts_when_the_client_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, service: str, variable: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for port in (20_001, 20_002):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        client = client_for(service, "eu-west-1", None, None, None)
        assert client.meta.endpoint_url == f"http://127.0.0.1:{port}"
        assert client_for(service, "eu-west-1", None, None, None) is client


def test_cognitos_clients_do_not_search_for_aws_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That takes seconds on a machine that is none of Amazon's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for service in ("cognito-idp", "cognito-identity"):
        client = client_for(service, "eu-west-2", None, None, None)
        assert client._request_signer._credentials is None
