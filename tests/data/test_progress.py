from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from appsync_gql import MissingExtra
from appsync_gql.data.progress import open_bar, package_of


@pytest.mark.parametrize(
    ("installed", "expected"),
    [({"tqdm", "rich"}, "tqdm"), ({"tqdm"}, "tqdm"), ({"rich"}, "rich")],
)
def test_tqdm_is_preferred_to_rich(installed: set[str], expected: str) -> None:
    assert package_of(lambda name: name in installed) == expected


def test_without_both_the_pip_command_is_the_error() -> None:
    with pytest.raises(MissingExtra, match=r'pip install "appsync-gql\[progress\]"'):
        package_of(lambda _: False)


@pytest.mark.parametrize("package", ["tqdm", "rich"])
@pytest.mark.parametrize(("total", "expected"), [(2, "2/2"), (None, "2")])
def test_a_bar_counts_on_standard_error(
    package: Any, total: int | None, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    bar = open_bar(package, "listTodos", total)
    bar.advance()
    bar.advance()
    bar.close()
    bar.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert "listTodos" in err
    assert expected in err
