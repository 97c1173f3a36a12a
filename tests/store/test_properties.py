"""The transport and the store under schedules that nobody thought of.

Requests arrive and are cancelled, tokens expire, are refused and denied, refreshes
hang, fail and come through, clocks step: in any order. The provider rotates its
refresh tokens without grace, so that one refresh too many would end the session.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import jwt
import pytest
from gql import GraphQLRequest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from multidict import CIMultiDict, CIMultiDictProxy

from appsync_gql import (
    AppSyncTransport,
    Denied,
    Refused,
    RenewalFailed,
    Replay,
    TokenStore,
)
from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.http.executor import Executor
from appsync_gql.http.request import prepare
from appsync_gql.http.sender import PreparedRequest, RawResponse, Sender
from appsync_gql.testing import FakeClock
from support.store import BlockedCall, FakeProvider, fixed_delay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appsync_gql.http.loop_session import LoopSession

LIFETIME, WINDOW = 300, 30


class Api:
    """AppSync in place of the sender: it counts what is sent, and judges it."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.true_time = clock.wall()
        self.sends: Counter[int] = Counter()
        self.runs: Counter[int] = Counter()
        self.expired_sends = 0
        self.revoked: set[str] = set()
        self.rejected: set[str] = set()
        self.denying = False
        self.last_token = ""
        self.slow: asyncio.Event | None = None
        self.waiting = 0

    async def send(
        self, _opened: object, request: PreparedRequest, headers: Mapping[str, str]
    ) -> RawResponse:
        slow = self.slow
        status, body = self.response(request, headers)
        await asyncio.sleep(0)
        if slow is not None:
            self.waiting += 1
            try:
                await slow.wait()
            finally:
                self.waiting -= 1
        return RawResponse(status, CIMultiDictProxy(CIMultiDict[str]()), body, 0.0)

    def response(
        self, request: PreparedRequest, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        variables = json.loads(request.body or b"")["variables"]
        token = self.last_token = str(headers["Authorization"])
        self.sends[variables["id"]] += 1
        claims = jwt.decode(token, options={"verify_signature": False})
        if claims["exp"] <= self.true_time:
            self.expired_sends += 1
            return self.refuse(token, "Token has expired.")
        if token in self.revoked:
            return self.refuse(token, "You are not authorized to make this call.")
        self.runs[variables["id"]] += 1
        if self.denying:
            self.rejected.add(token)
            error = {"errorType": "Unauthorized", "message": "Not Authorized", "path": ["a"]}
            return 200, {"data": {"a": None}, "errors": [error]}
        return 200, {"data": {"a": variables["id"]}}

    def refuse(self, token: str, message: str) -> tuple[int, dict[str, Any]]:
        self.rejected.add(token)
        return 401, {"errors": [{"errorType": "UnauthorizedException", "message": message}]}


class Schedule(RuleBasedStateMachine):
    """Hypothesis chooses the rules; the invariants hold after each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.provider = FakeProvider(self.clock, lifetime=LIFETIME)
        self.api = Api(self.clock)
        self.provider.time = lambda: self.api.true_time
        self.store = TokenStore(
            self.provider,
            tokens=self.provider.issue(),
            clock=self.clock,
            delays=fixed_delay(1),
            patience=0,
        )
        self.transport = AppSyncTransport("https://api.example.com/graphql", auth=self.store)
        self.authorizer = authorizer_of(self.store)
        self.executor = Executor(
            cast("Sender", self.api),
            lambda: cast("LoopSession", None),
            replay=Replay.REFUSED_AND_DENIED,
            classifier=None,
        )
        self.tasks: dict[int, asyncio.Task[Any]] = {}
        self.queries: set[int] = set()
        self.blocked: BlockedCall | None = None
        self.failures = self.revocations = self.count = 0
        self.wall_was_set_back = self.wall_was_set_ahead = self.slept = False

    def turn(self) -> None:
        """Let everything go on until it is over, or held up on purpose.

        So a schedule has one outcome, whatever the threads do; and a caller who
        is left waiting without reason is found here.
        """

        def moving() -> bool:
            if self.blocked is not None and self.blocked.started.is_set():
                return False
            under_way = sum(not t.done() for t in self.tasks.values())
            return self.store.status().renewing or under_way > self.api.waiting

        async def go_on() -> None:
            while moving():
                await asyncio.sleep(0)
            for _ in range(20):
                await asyncio.sleep(0)

        self.loop.run_until_complete(asyncio.wait_for(go_on(), 10))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.api.true_time += seconds

    @rule(mutation=st.booleans(), many=st.integers(1, 5))
    def requests_arrive(self, *, mutation: bool, many: int) -> None:
        for _ in range(many):
            self.count += 1
            kind = "mutation" if mutation else "query"
            request = GraphQLRequest(f"{kind} {{ a }}", variable_values={"id": self.count})
            self.queries |= set() if mutation else {self.count}
            prepared = prepare(self.transport, request, None, upload_files=False)
            execution = self.executor.execute(cast("LoopSession", None), prepared, self.authorizer)
            self.tasks[self.count] = self.loop.create_task(execution)
        self.turn()

    @rule(pick=st.integers(0, 100))
    def one_is_cancelled(self, pick: int) -> None:
        waiting = [t for t in self.tasks.values() if not t.done()]
        if waiting:
            waiting[pick % len(waiting)].cancel()
        self.turn()

    @rule(seconds=st.sampled_from([0.5, 5.0, 100.0, LIFETIME - 29.0, LIFETIME + 1.0, 43200.0]))
    def time_passes(self, seconds: float) -> None:
        self.pass_time(seconds)

    @rule(seconds=st.sampled_from([-7200.0, -1.0, 1.0, 7200.0]))
    def the_wall_clock_is_set(self, seconds: float) -> None:
        if seconds < 0 and self.slept:
            return  # both together can't be noticed by any clock of the machine
        self.clock.jump_wall(seconds)
        self.wall_was_set_back |= seconds < 0
        self.wall_was_set_ahead |= seconds > 0

    @precondition(lambda self: not self.wall_was_set_back)
    @rule(seconds=st.sampled_from([10.0, 43200.0]))
    def the_machine_sleeps(self, seconds: float) -> None:
        """Its monotonic clock stands still meanwhile."""
        self.slept = True
        self.clock.jump_wall(seconds)
        self.api.true_time += seconds

    @rule()
    def the_token_sent_last_is_refused_from_now_on(self) -> None:
        self.revocations += 1
        self.api.revoked.add(self.api.last_token)

    @rule(denying=st.booleans())
    def permissions_change(self, *, denying: bool) -> None:
        self.api.denying = denying

    @rule()
    def the_next_refresh_fails(self) -> None:
        self.failures += 1
        self.provider.outcomes.append(RenewalFailed("offline", kind="network"))

    @rule()
    def the_next_answer_has_no_usable_jwt(self) -> None:
        """Its refresh token was rotated all the same, and must be used from then on."""
        self.failures += 1
        self.provider.unusable_answers += 1

    @precondition(lambda self: self.blocked is None)
    @rule()
    def the_next_refresh_hangs(self) -> None:
        self.blocked = BlockedCall()
        self.provider.outcomes.append(self.blocked)

    @precondition(lambda self: self.blocked is not None)
    @rule()
    def it_hangs_no_more(self) -> None:
        if self.blocked is not None:
            self.blocked.release()
        self.blocked = None
        self.turn()

    @precondition(lambda self: self.api.slow is None)
    @rule()
    def answers_are_slow_from_now_on(self) -> None:
        self.api.slow = asyncio.Event()

    @precondition(lambda self: self.api.slow is not None)
    @rule()
    def they_arrive(self) -> None:
        if self.api.slow is not None:
            self.api.slow.set()
        self.api.slow = None
        self.turn()

    @invariant()
    def nothing_is_sent_more_than_twice_and_no_mutation_runs_twice(self) -> None:
        assert max(self.api.sends.values(), default=0) <= 2
        mutations = {n: runs for n, runs in self.api.runs.items() if n not in self.queries}
        assert max(mutations.values(), default=0) <= 1

    @invariant()
    def no_token_is_refreshed_that_is_neither_due_nor_rejected(self) -> None:
        """A late refusal of an older token must cost nothing."""
        for token, when in self.provider.replaced:
            claims = jwt.decode(token, options={"verify_signature": False})
            due = claims["exp"] - when <= WINDOW + 1 or self.wall_was_set_ahead
            assert due or token in self.api.rejected

    @invariant()
    def no_refresh_token_is_spent_twice(self) -> None:
        assert not self.provider.reused

    @invariant()
    def no_token_is_sent_that_is_known_to_have_expired(self) -> None:
        assert self.api.expired_sends == 0

    def teardown(self) -> None:
        self.they_arrive()
        self.it_hangs_no_more()
        for task in self.tasks.values():
            if not task.cancelled() and (error := task.exception()) is not None:
                self.judge(error)
        self.no_refresh_token_is_spent_twice()
        self.loop.run_until_complete(self.store.aclose())
        self.loop.close()

    def judge(self, error: BaseException) -> None:
        """Every error must have a reason in the schedule."""
        if isinstance(error, RenewalFailed):
            assert self.failures, f"nothing had failed: {error}"
        elif isinstance(error, Refused):
            assert self.revocations, f"nothing had been revoked: {error}"
        else:
            assert isinstance(error, Denied), repr(error)


_settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class TestSchedules(Schedule.TestCase):  # type: ignore[misc,valid-type]
    settings = _settings


@pytest.mark.slow
class TestManySchedules(Schedule.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(_settings, max_examples=500)
