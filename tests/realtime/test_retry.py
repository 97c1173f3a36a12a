"""When a subscription is tried again. Pure."""

from __future__ import annotations

import itertools

import pytest

from appsync_gql.realtime.retry import Course


@pytest.fixture
def course() -> Course:
    return Course(lambda: iter(itertools.count(1.0)), attempts=3)


def test_one_that_never_stood_is_tried_so_many_times(course: Course) -> None:
    assert [course.may_go_on() for _ in range(3)] == [True, True, False]


def test_one_that_stood_is_tried_without_limit(course: Course) -> None:
    course.stands(0.0)
    assert all(course.may_go_on() for _ in range(100))


def test_one_refusal_is_answered_at_first(course: Course) -> None:
    assert not course.out_of_patience
    course.refused()
    assert course.out_of_patience


def test_only_the_first_refusal_in_a_row_is_answered_at_once(course: Course) -> None:
    course.proven()
    assert [course.refused() for _ in range(3)] == [True, False, False]


def test_what_was_proven_before_is_tried_without_limit() -> None:
    course = Course(lambda: iter(itertools.count(1.0)), attempts=3, proven=True)
    assert all(course.may_go_on() for _ in range(100))


def test_the_servers_word_alone_proves_nothing(course: Course) -> None:
    course.refused()
    pauses = [course.pause()]
    course.stands(10.0)
    course.ended("an error right behind it", 10.5)
    pauses.append(course.pause())
    assert course.out_of_patience
    assert pauses == [1.0, 2.0], "the pauses go on growing"


def test_having_stood_for_a_while_proves_the_right_to_be_there(course: Course) -> None:
    course.refused()
    course.pause()
    course.stands(10.0)
    course.ended("the connection broke", 12.0)
    assert course.pause() == 1.0
    for _ in range(7):
        course.refused()
        assert not course.out_of_patience
    course.refused()
    assert course.out_of_patience


def test_an_event_proves_it_too(course: Course) -> None:
    course.refused()
    course.stands(10.0)
    course.proven()
    course.ended("the connection broke", 10.1)
    assert not course.out_of_patience


def test_the_first_reason_of_a_loss_is_kept(course: Course) -> None:
    course.stands(0.0)
    course.ended("the connection broke", 5.0)
    course.ended("no answer", 6.0)
    assert course.lost == "the connection broke"
    course.stands(7.0)
    assert not course.lost
