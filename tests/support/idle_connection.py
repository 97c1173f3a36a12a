"""An aiohttp session with one idle connection to a server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from typing_extensions import Self

from support.certificate import make_certificate, server_context, trusting
from support.raw_server import RawServer

__all__ = ["Connected"]


class Connected:
    """An aiohttp session with an idle connection to a server.

    Attributes:
        session: the session.
        connector: its connector.
        server: the server.
        url: its URL.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self.server = folder, RawServer()

    async def __aenter__(self) -> Self:
        tls = ssl = None
        if self._folder is not None:
            path = make_certificate(self._folder / "server.pem")
            tls, ssl = server_context(path), trusting(path)
        self.listener = await asyncio.start_server(self.server.serve, "127.0.0.1", 0, ssl=tls)
        port = self.listener.sockets[0].getsockname()[1]
        self.connector = aiohttp.TCPConnector(ssl=True if ssl is None else ssl)
        self.session = aiohttp.ClientSession(connector=self.connector)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{port}/"
        async with self.session.post(self.url, data=b"{}") as response:
            await response.read()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        self.listener.close()
        await self.server.close_connections()

    @property
    def transports(self) -> list[Any]:
        """The transports of the idle connections."""
        found = [entry for entries in self.connector._conns.values() for entry in entries]
        return [entry[0].transport for entry in found]
