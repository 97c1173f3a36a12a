"""Options for lists that come in pages, and the items that they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gql import GraphQLRequest

    from ..client import AppSyncClient
    from ..data.paginate import Items

__all__ = ["PageOptions", "page_options"]

_Paths = Annotated[
    list[str] | None,
    typer.Option(
        "--paginate",
        metavar="PATH",
        help="Follow the nextToken of this list, such as listTodos or getUser.todos, and print "
        "its items. May be repeated.",
    ),
]
_Limit = Annotated[int | None, typer.Option(min=0, help="Items at most, with --paginate.")]
_PageSize = Annotated[
    int | None,
    typer.Option(min=1, help="Items that AppSync reads for one page, with --paginate."),
]
_NextToken = Annotated[str | None, typer.Option(help="Begin at this token, with --paginate.")]
_Progress = Annotated[bool, typer.Option("--progress", help="Show a bar, with --paginate.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """What the command line says about pages; see :func:`paginate`.

    Attributes:
        paths: the lists; empty without.
        limit: items at most; ``None`` for all.
        page_size: items of one page; ``None`` for the API's default.
        next_token: where to begin; ``None`` for the beginning.
        progress: whether a bar is shown.
    """

    paths: Sequence[str]
    limit: int | None
    page_size: int | None
    next_token: str | None
    progress: bool

    def items(self, client: AppSyncClient, request: GraphQLRequest) -> Items | None:
        """Return the items of the lists; ``None`` if no list is named.

        Raises:
            ConfigurationError: the query has no such list, or options do not fit.
        """
        if not self.paths:
            if self.progress or {self.limit, self.page_size, self.next_token} != {None}:
                raise ConfigurationError("These options need --paginate PATH.", setting="paginate")
            return None
        from ..data.paginate import paginate  # noqa: PLC0415

        return paginate(
            client,
            request,
            self.paths[0] if len(self.paths) == 1 else self.paths,
            limit=self.limit,
            page_size=self.page_size,
            next_token=self.next_token,
            progress=self.progress,
        )


def page_options(
    *,
    paths: _Paths = None,
    limit: _Limit = None,
    page_size: _PageSize = None,
    next_token: _NextToken = None,
    progress: _Progress = False,
) -> PageOptions:
    """Return what these options say; see :func:`with_options`."""
    return PageOptions(
        paths=paths or [],
        limit=limit,
        page_size=page_size,
        next_token=next_token,
        progress=progress,
    )
