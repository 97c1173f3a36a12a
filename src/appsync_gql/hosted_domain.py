"""What the fronts need to know before a sign-in with a browser. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["domain_of", "has_no_browser"]

_REMOTE = ("SSH_CONNECTION", "SSH_TTY", "JUPYTERHUB_USER", "COLAB_RELEASE_TAG", "CODESPACES")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def domain_of(asked: str | None, configured: str | None) -> str:
    """Return the URL of the user pool's pages.

    Args:
        asked: by the user: a URL, or a domain without ``https://``; ``None`` if not.
        configured: the domain of Amplify's configuration; ``None`` if it has none.

    Raises:
        ConfigurationError: there is neither.
    """
    found = asked or configured
    if not found:
        raise ConfigurationError(
            "The configuration names no domain of sign-in pages: add --domain "
            "https://….auth.REGION.amazoncognito.com.",
            setting="domain",
        )
    return found if "://" in found else f"https://{found}"


def has_no_browser(environment: Mapping[str, str], platform: str) -> bool:
    """Return whether a page that is opened by this program would be seen by nobody.

    That is so over SSH, in a notebook of another machine, and on Linux without a display.

    Args:
        environment: the environment variables.
        platform: ``sys.platform``.
    """
    if environment.get("BROWSER"):
        return False
    if any(environment.get(name) for name in _REMOTE):
        return True
    return platform.startswith("linux") and not any(environment.get(n) for n in _DISPLAYS)
