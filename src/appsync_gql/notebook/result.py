"""What ``%%appsync`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .frames import columns_of_rows, rows_to_frame, to_pandas, to_polars
from .markup import data_html, data_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Result"]


class Result:
    """A result that a notebook shows as tables and trees.

    Attributes:
        data: the response's ``data``, as plain dicts and lists; a list of items after
            ``--paginate``, and of events after a subscription.
    """

    def __init__(self, data: Any) -> None:
        self.data = data

    def to_pandas(self, path: str | None = None, *, types: Mapping[str, str] | None = None) -> Any:
        """Return the rows of a list as a pandas ``DataFrame``.

        Fields of nested objects are the columns ``outer.inner``; nested lists stay lists.

        Args:
            path: of the list, such as ``"getUser.todos"``; ``None`` for the only field.
            types: AWS scalars by column, such as ``{"meta": "AWSJSON"}``. ``None``: columns in
                which every value is written as an AWSDateTime or AWSDate are times and dates.

        Raises:
            ConfigurationError: there are several fields, or none of that name.
            MissingExtra: ``pip install "appsync-gql[notebook]"`` is needed.
        """
        return to_pandas(self._columns(path, types))

    def to_polars(self, path: str | None = None, *, types: Mapping[str, str] | None = None) -> Any:
        """Return the rows of a list as a Polars ``DataFrame``; otherwise as :meth:`to_pandas`."""
        return to_polars(self._columns(path, types))

    def _columns(self, path: str | None, types: Mapping[str, str] | None) -> dict[str, list[Any]]:
        return columns_of_rows(rows_to_frame(self.data, path), types)

    def __repr__(self) -> str:
        return data_text(self.data)

    def _repr_html_(self) -> str:
        """Called by notebooks."""
        return data_html(self.data)
