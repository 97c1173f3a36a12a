"""Which configuration is used, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.cli.settings import (
    Choice,
    FromEnvironment,
    FromFile,
    check_profile_name,
    profile_path,
    source_of,
)

FOLDER = Path("/profiles")
URL = {"APPSYNC_URL": "https://example.com/graphql"}


def found(choice: Choice, **arguments: Any) -> FromFile | FromEnvironment:
    all_arguments: dict[str, Any] = {
        "environment": URL,
        "profiles": ["default", "prod"],
        "folder": FOLDER,
        "has_outputs": True,
    }
    return source_of(choice, **{**all_arguments, **arguments})


OUTPUTS = FromFile(Path("amplify_outputs.json"), "amplify_outputs.json")
PROD = FromFile(FOLDER / "prod.json", "profile prod")
DEFAULT = FromFile(FOLDER / "default.json", "profile default")


@pytest.mark.parametrize(
    ("choice", "arguments", "expected"),
    [
        (Choice(config=Path("a/b.json")), {}, FromFile(Path("a/b.json"), "a/b.json")),
        (Choice(profile="prod"), {}, PROD),
        (Choice(), {}, OUTPUTS),
        (Choice(), {"has_outputs": False}, DEFAULT),
        (
            Choice(),
            {"has_outputs": False, "environment": {**URL, "APPSYNC_PROFILE": "prod"}},
            PROD,
        ),
        (Choice(), {"environment": {**URL, "APPSYNC_PROFILE": "prod"}}, OUTPUTS),
        (Choice(), {"has_outputs": False, "profiles": ["prod"]}, FromEnvironment(URL)),
        (
            Choice(flags={"URL": "https://other", "REGION": "eu-west-1"}),
            {"environment": {**URL, "APPSYNC_API_KEY": "k"}},
            FromEnvironment(
                {
                    "APPSYNC_URL": "https://other",
                    "APPSYNC_API_KEY": "k",
                    "APPSYNC_REGION": "eu-west-1",
                }
            ),
        ),
        (
            Choice(flags={"REGION": "eu-west-1"}),
            {},
            FromEnvironment({**URL, "APPSYNC_REGION": "eu-west-1"}),
        ),
    ],
)
def test_what_is_named_counts_first_then_the_folder_the_profile_and_the_environment(
    choice: Choice, arguments: dict[str, Any], expected: object
) -> None:
    assert found(choice, **arguments) == expected


@pytest.mark.parametrize(
    ("choice", "arguments", "said"),
    [
        (
            Choice(),
            {"has_outputs": False, "profiles": [], "environment": {}},
            "Which API? Give --config FILE, --profile NAME or --url URL",
        ),
        (Choice(flags={"REGION": "x"}), {"environment": {}}, "Which API?"),
        (Choice(profile="dev"), {}, "no profile 'dev'; there are default, prod. Make it:"),
        (Choice(profile="dev"), {"profiles": []}, "there is none yet"),
        (
            Choice(),
            {"has_outputs": False, "environment": {"APPSYNC_PROFILE": "dev"}},
            "no profile 'dev'",
        ),
        (Choice(config=Path("a"), profile="b"), {}, "--config and --profile can't be used"),
        (Choice(profile="b", flags={"URL": "c"}), {}, "--profile and the flags"),
        (Choice(profile="../secrets"), {}, "can't be a profile's name"),
    ],
)
def test_without_one_api_the_error_says_how_to_name_it(
    choice: Choice, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        found(choice, **arguments)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["prod", "eu-west-1.prod_2", "A", "9"])
def test_a_profiles_file_has_its_name(name: str) -> None:
    assert profile_path(FOLDER, name) == FOLDER / f"{name}.json"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "-a", "a b", "ä", "a" * 65, "a\n"])
def test_a_name_that_can_not_be_a_files_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        check_profile_name(name)
