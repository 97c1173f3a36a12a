"""Fixtures that start each program once for all tests; each test gets a new user pool."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from . import cognito_local as local
from . import moto_pool
from .cognito_calls import admin_client, public_client
from .expiry_proxy import ExpiryProxy
from .node_program import install, missing
from .simulator import Simulator, simulator_program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .cognito_local import CognitoLocal
    from .moto_pool import MotoServer


@pytest.fixture(scope="session")
def cognito_local_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[CognitoIdentityProviderClient]:
    """Run cognito-local; return a client of it."""
    install()
    with (
        local.cognito_local_program(tmp_path_factory.mktemp("cognito-local")) as program,
        closing(public_client(f"http://127.0.0.1:{program.match[1]}")) as client,
    ):
        yield client


@pytest.fixture
def cognito_local(cognito_local_client: CognitoIdentityProviderClient) -> CognitoLocal:
    return local.new_pool(cognito_local_client)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Run moto's server in this process."""
    try:
        # Importing it takes a second.
        from moto.server import ThreadedMotoServer  # noqa: PLC0415
    except ImportError:
        missing('moto is not installed: pip install "moto[server]"')

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def moto_server(moto_url: str) -> Iterator[MotoServer]:
    with closing(public_client(moto_url)) as client, closing(admin_client(moto_url)) as admin:
        yield moto_pool.new_pool(client, admin)


@pytest.fixture(scope="session")
def appsync_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run the AppSync simulator of Amplify."""
    install()
    with simulator_program(tmp_path_factory.mktemp("simulator")) as program:
        yield Simulator(url=program.match[1])


@pytest.fixture
async def proxy(appsync_simulator: Simulator) -> AsyncIterator[ExpiryProxy]:
    async with ExpiryProxy.before(appsync_simulator.url) as proxy:
        yield proxy
