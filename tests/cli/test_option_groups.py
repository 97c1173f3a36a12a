from __future__ import annotations

import inspect
from typing import Any

from appsync_gql.cli.option_groups import with_options


def size(*, width: int = 1, height: int = 2) -> tuple[int, int]:
    return width, height


def place(*, x: int = 0) -> int:
    return x


def test_a_command_has_the_options_of_its_groups_where_their_parameters_are() -> None:
    received: list[Any] = []

    @with_options(size=size, place=place)
    def command(*, name: str = "n", size: tuple[int, int], color: str = "c", place: int) -> None:
        """Draw it."""
        received.append((name, size, color, place))

    parameters = inspect.signature(command).parameters
    assert list(parameters) == ["name", "width", "height", "color", "x"]
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert (command.__name__, command.__doc__) == ("command", "Draw it.")
    command(name="a", width=3, height=4, color="b", x=5)
    assert received == [("a", (3, 4), "b", 5)]


def test_annotations_and_defaults_of_a_group_stay() -> None:
    @with_options(size=size)
    def command(*, size: tuple[int, int]) -> None:
        del size

    width = inspect.signature(command).parameters["width"]
    assert (width.annotation, width.default) == (int, 1)
