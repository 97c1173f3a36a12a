from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.config_section import ConfigSection

VALUES: dict[str, Any] = {
    "text": "t",
    "empty": "",
    "null": None,
    "number": 5,
    "list": ["a", "b"],
    "mixed": ["a", 5],
    "object": {"inner": {"text": "deep"}},
}


@pytest.fixture
def section() -> ConfigSection:
    return ConfigSection(VALUES, "the-file")


def test_values_are_read_by_their_kind(section: ConfigSection) -> None:
    assert section.text("text") == section.optional_text("text") == "t"
    assert section.optional_text("empty") is section.optional_text("null") is None
    assert section.optional_text("missing") is None
    assert section.texts("list") == ["a", "b"]
    assert section.texts("missing") == []
    inner = section.section("object").section("inner")
    assert (inner.text("text"), inner.name("text")) == ("deep", "object.inner.text")
    assert section.optional_section("missing").optional_text("text") is None


def test_null_is_as_nothing(section: ConfigSection) -> None:
    assert "null" not in section
    assert "empty" in section


def test_a_secret_is_not_shown(section: ConfigSection) -> None:
    assert repr(section.secret("text")) == "<redacted>"
    assert section.secret("missing") is None


@pytest.mark.parametrize(
    ("method", "key", "said"),
    [
        ("text", "missing", "missing is missing"),
        ("text", "empty", "empty is missing"),
        ("optional_text", "number", "number is no string"),
        ("texts", "text", "text is no list of strings"),
        ("texts", "mixed", "mixed is no list of strings"),
        ("section", "null", "no object 'null'"),
        ("section", "text", "text is no object"),
        ("optional_section", "list", "list is no object"),
    ],
)
def test_what_is_missing_or_odd_is_named(
    section: ConfigSection, method: str, key: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"the-file: .*{said}") as caught:
        getattr(section, method)(key)
    assert caught.value.setting == "config"


def test_the_objects_in_an_object() -> None:
    found = ConfigSection({"a": {"x": "1"}, "b": None}, "the-file").sections()
    assert [one.optional_text("x") for one in found] == ["1", None]
