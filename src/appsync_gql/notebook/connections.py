"""The named connections of a notebook."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client import authorization, connect, read_config
from ..exceptions import AppSyncError, ConfigurationError
from ..store.token_store import TokenStore

if TYPE_CHECKING:
    from ..client import AppSyncClient
    from ..config import ApiConfig

__all__ = ["Connection", "Connections"]

_OUTPUTS = "amplify_outputs.json"
_FIRST = "default"


class Connection:
    """An API that a notebook is connected to.

    Attributes:
        name: in the notebook.
        config: of the API.
        mode: the name of its authorization mode.
        client: executes operations.
    """

    def __init__(self, name: str, config: ApiConfig, mode: str | None) -> None:
        self.name, self.config = name, config
        self.mode = mode or config.default_mode
        self.client: AppSyncClient = connect(config, auth=self.mode)
        self._by_mode: dict[str, Any] = {self.mode: self.client.auth}

    def auth(self, mode: str) -> Any:
        """Return another authorization mode of the API by its name.

        Raises:
            ConfigurationError: the configuration lacks what the mode needs.
        """
        if mode not in self._by_mode:
            self._by_mode[mode] = authorization(self.config, mode, None)
        return self._by_mode[mode]

    def store(self) -> TokenStore:
        """Return the token store of the API's user pool.

        Raises:
            ConfigurationError: it has none.
        """
        own = getattr(self.client.auth, "store", self.client.auth)
        found = own if isinstance(own, TokenStore) else self.auth("userpool")
        if not isinstance(found, TokenStore):
            raise ConfigurationError("This API has no user pool.", setting="auth")
        return found

    def check(self) -> None:
        """Read the saved session, and renew it if its token has expired.

        What fails is in the store's status.
        """
        if self.has_user_pool:
            with contextlib.suppress(AppSyncError):
                self.store().blocking.headers()

    @property
    def has_user_pool(self) -> bool:
        """Whether users can sign in."""
        return bool(self.config.client_id and self.config.user_pool_id)


class Connections:
    """All connections of a notebook, and which of them is the current one."""

    def __init__(self) -> None:
        self._by_name: dict[str, Connection] = {}
        self._current: str | None = None

    def add(
        self, file: str | None, name: str | None, *, mode: str | None, user: str | None
    ) -> Connection:
        """Connect to an API, and make it the current one. Nothing is sent.

        Args:
            file: Amplify's configuration; ``None`` for ``./amplify_outputs.json``, else the
                environment.
            name: for the connection; ``None``: ``default``.
            mode: the authorization mode; ``None`` for the API's default.
            user: whose saved session; ``None`` for the only one.

        Raises:
            ConfigurationError: there is no configuration, or it is wrong.
        """
        path = file or (_OUTPUTS if Path(_OUTPUTS).exists() else None)
        config = read_config(path and os.path.expanduser(path))  # noqa: PTH111 - a text or None
        if config is None:
            raise ConfigurationError(
                f"There is no {_OUTPUTS} in {Path.cwd().name or 'this folder'} and no APPSYNC_URL: "
                "%appsync connect FILE",
                setting="config",
            )
        config = replace(config, username=user or config.username)
        made = Connection(name or _FIRST, config, mode)
        self._by_name[made.name], self._current = made, made.name
        return made

    def use(self, name: str) -> Connection:
        """Make a connection the current one.

        Raises:
            ConfigurationError: there is none of that name.
        """
        found = self.get(name)
        self._current = name
        return found

    def get(self, name: str | None = None) -> Connection:
        """Return a connection by its name; ``None`` for the current one.

        Raises:
            ConfigurationError: there is none.
        """
        if not self._by_name:
            raise ConfigurationError("Nothing is connected yet. Run: %appsync connect FILE")
        found = self._by_name.get(name or self._current or "")
        if found is None:
            raise ConfigurationError(
                f"There is no connection {name!r}; there are {', '.join(self._by_name)}."
            )
        return found

    def others(self, connection: Connection) -> list[str]:
        """Return the names of all other connections."""
        return [name for name in self._by_name if name != connection.name]
