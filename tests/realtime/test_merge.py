"""De-duplication of what two connections bring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql.realtime.merge import Merge


@pytest.mark.parametrize(
    ("old", "new", "delivered"),
    [
        ("", "", ""),
        ("abc", "", ""),
        ("", "abc", "abc"),
        ("abc", "def", "def"),
        ("abc", "bcd", "d"),
        ("abc", "abc", ""),
        ("abc", "abcabc", "abc"),
        ("b", "abc", "abc"),
        ("abcd", "cd", ""),
        ("abcd", "cde", "e"),
        ("abcde", "bc", ""),
        ("xyx", "xyz", "yz"),
        ("xx", "xxx", "x"),
        ("aba", "abc", "bc"),
    ],
)
def test_what_the_new_connection_repeats_is_left_out(old: str, new: str, delivered: str) -> None:
    merge = Merge(old)
    assert "".join(event for text in new for event in merge.add(text)) == delivered


@given(
    st.lists(st.integers(), unique=True, max_size=30),
    st.integers(min_value=0, max_value=30),
    st.integers(min_value=0, max_value=30),
    st.integers(min_value=0, max_value=30),
)
def test_nothing_is_missing_or_doubled(
    stream: list[int], asked: int, begins: int, ends: int
) -> None:
    """The new connection is asked, begins, and only then the old one ends."""
    asked, begins, ends = sorted(min(n, len(stream)) for n in (asked, begins, ends))
    merge = Merge(stream[asked:ends])
    delivered = [event for new in stream[begins:] for event in merge.add(new)]
    assert stream[:ends] + delivered == stream


@pytest.mark.parametrize(
    ("old", "new", "kept_back"),
    [
        ("", "", ""),
        ("a", "", ""),
        ("ab", "a", "a"),
        ("aba", "a", ""),
        ("abab", "ab", ""),
        ("abc", "ab", "ab"),
        ("abc", "abc", ""),
    ],
)
def test_what_began_like_a_repetition_and_was_not_continued_is_delivered_at_the_end(
    old: str, new: str, kept_back: str
) -> None:
    merge = Merge(old)
    for event in new:
        merge.add(event)
    assert "".join(merge.finish()) == kept_back
    assert merge.done
    assert merge.add("a") == ["a"], "an equal event later is a new one"


@given(st.text("ab", max_size=12), st.text("ab", max_size=12))
def test_of_equal_events_no_more_are_left_out_than_the_old_connection_brought(
    old: str, new: str
) -> None:
    merge = Merge(old)
    delivered = [event for text in new for event in merge.add(text)] + merge.finish()
    left_out = len(new) - len(delivered)
    assert new[left_out:] == "".join(delivered)
    assert new[:left_out] in {"", old[len(old) - left_out :]}
