from __future__ import annotations

import json
import sys

import pytest

from appsync_gql.lazy_imports import lazy_names

NAMES = {"decoder": "JSONDecoder JSONDecodeError", "scanner": ""}


def test_the_public_names_are_sorted() -> None:
    public, _, names = lazy_names("json", NAMES)
    assert public == ["JSONDecodeError", "JSONDecoder", "scanner"]
    assert names() == public


def test_a_name_comes_from_its_module_and_a_module_is_a_name_itself() -> None:
    _, get, _ = lazy_names("json", NAMES)
    assert get("JSONDecoder") is json.JSONDecoder
    assert get("scanner") is sys.modules["json.scanner"]


def test_another_name_is_no_attribute() -> None:
    _, get, _ = lazy_names("json", NAMES)
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'dumps'"):
        get("dumps")


def test_nothing_is_imported_before_it_is_used() -> None:
    sys.modules.pop("wsgiref.validate", None)
    _, get, _ = lazy_names("wsgiref", {"validate": "validator"})
    assert "wsgiref.validate" not in sys.modules
    get("validator")
    assert "wsgiref.validate" in sys.modules
