"""One program of each kind for the whole session; a user pool of its own for each test."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from . import cognito_local as local
from . import moto_pool
from .cognito import admin_client, public_client
from .gate import ExpiryGate
from .node import install
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
    """Run cognito-local; give a client of it."""
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
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - it takes a second to import

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
    """Run the simulator."""
    install()
    with simulator_program(tmp_path_factory.mktemp("simulator")) as program:
        yield Simulator(url=program.match[1])


@pytest.fixture
async def gate(appsync_simulator: Simulator) -> AsyncIterator[ExpiryGate]:
    async with ExpiryGate.before(appsync_simulator.url) as gate:
        yield gate
