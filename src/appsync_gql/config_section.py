"""Typed access to the JSON of a configuration file; errors say which key is missing or odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .exceptions import ConfigurationError
from .secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigSection"]


class ConfigSection:
    """One JSON object of a configuration. A key with ``null`` is as one that is not there.

    Args:
        values: the object.
        source: the file's name, for errors.
        path: where in the file the object is: ``"data."``, or nothing for all of it.
    """

    def __init__(self, values: Mapping[str, Any], source: str, path: str = "") -> None:
        self._values, self.source, self._path = values, source, path

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def name(self, key: str) -> str:
        """Return a key as a reader of the file finds it."""
        return f"{self._path}{key}"

    def text(self, key: str) -> str:
        """Return a string that must be there.

        Raises:
            ConfigurationError: it is not there, or empty, or no string.
        """
        found = self.optional_text(key)
        if found is None:
            raise self.error(f"{self.name(key)} is missing")
        return found

    def optional_text(self, key: str) -> str | None:
        """Return a string; ``None`` if it is not there or empty.

        Raises:
            ConfigurationError: it is no string.
        """
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{self.name(key)} is no string")
        return value or None

    def secret(self, key: str) -> Secret | None:
        """Return a string that no ``repr`` shows; as :meth:`optional_text`."""
        found = self.optional_text(key)
        return None if found is None else Secret(found)

    def texts(self, key: str) -> list[str]:
        """Return a list of strings; an empty one if it is not there.

        Raises:
            ConfigurationError: it is no list of strings.
        """
        value = self._values.get(key)
        found = [] if value is None else value
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self.error(f"{self.name(key)} is no list of strings")
        return found

    def section(self, key: str) -> ConfigSection:
        """Return an object that must be there.

        Raises:
            ConfigurationError: it is not there, or no object.
        """
        if key not in self:
            raise self.error(f"it has no object {self.name(key)!r}")
        return self.optional_section(key)

    def optional_section(self, key: str) -> ConfigSection:
        """Return an object; an empty one if it is not there.

        Raises:
            ConfigurationError: it is no object.
        """
        value = self._values.get(key)
        found = {} if value is None else value
        if not isinstance(found, dict):
            raise self.error(f"{self.name(key)} is no object")
        return ConfigSection(found, self.source, f"{self.name(key)}.")

    def sections(self) -> list[ConfigSection]:
        """Return all objects in this one."""
        return [self.optional_section(key) for key in self._values]

    def error(self, text: str) -> ConfigurationError:
        """Return an error about the file."""
        return ConfigurationError(f"{self.source}: {text}.", setting="config")
