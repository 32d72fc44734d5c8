import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.gate import Gate
from indexer.quota import (
    MAX_WAIT_SECONDS,
    Quota,
    Window,
    after_429,
    next_delay,
    observe,
    parse_quota,
    parse_retry_after,
)
from tests.fakes.hub.quota import FixedWindow

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(left: int, seconds: int, limit: int = 500, window_seconds: int = 300) -> dict[str, str]:
    return {
        "ratelimit": f'"api";r={left};t={seconds}',
        "ratelimit-policy": f'"fixed window";"api";q={limit};w={window_seconds}',
    }


def window(left: int = 500, resets_at: float = 300.0) -> Window:
    return Window("api", 500, left, resets_at, 300.0)


def test_parse_quota_reads_both_headers() -> None:
    assert parse_quota(said(499, 295)) == Quota("api", 499, 295, 500, 300)


def test_parse_quota_does_without_the_policy() -> None:
    assert parse_quota({"ratelimit": '"resolvers";r=2999;t=51'}) == Quota("resolvers", 2_999, 51)


@pytest.mark.parametrize(
    "text", ["", "api", '"api";r=;t=5', '"api";r=-1;t=5', '"api";t=5;r=1', '"api";r=1;t=5' + "0" * 20]
)
def test_parse_quota_takes_garbage_for_nothing(text: str) -> None:
    assert parse_quota({"ratelimit": text}) is None


@given(st.text(), st.text())
def test_parse_quota_never_fails(limit: str, policy: str) -> None:
    parse_quota({"ratelimit": limit, "ratelimit-policy": policy})
    parse_quota(said(1, 1) | {"ratelimit-policy": policy})


def test_observe_keeps_what_is_known_when_an_answer_says_nothing() -> None:
    assert observe(window(), {}, 10.0) == window()


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 60)), min_size=1))
def test_observe_never_raises_what_is_left_within_a_window(answers: list[tuple[int, float]]) -> None:
    state: Window | None = None
    now, lowest = 0.0, 500

    for left, passed in answers:
        now = min(now + passed, 140.0)
        state = observe(state, said(left, int(300 - now)), now)
        lowest = min(lowest, left)

        assert state is not None
        assert state.left == lowest


def test_observe_begins_anew_with_a_new_window() -> None:
    state = observe(window(left=3), said(499, 299), now=301.0)

    assert state == Window("api", 500, 499, 600.0, 300.0)


def test_observe_does_not_believe_an_answer_of_the_window_before() -> None:
    present = window(left=480, resets_at=600.0)

    assert observe(present, said(3, 1), now=305.0) == present


def test_next_delay_lets_the_first_request_go() -> None:
    assert next_delay(None, 0.0) == 0.0


def test_next_delay_lets_a_short_pass_go_unpaced() -> None:
    assert next_delay(window(left=450), 10.0, sent_at=10.0) == 0.0


def test_next_delay_spreads_what_is_left_over_the_window() -> None:
    delay = next_delay(window(left=205, resets_at=300.0), 100.0, sent_at=100.0)

    assert delay == pytest.approx(1.0)


def test_next_delay_never_slows_a_slow_chain() -> None:
    assert next_delay(window(left=300, resets_at=300.0), 100.0, sent_at=99.3) == 0.0


def test_next_delay_waits_for_the_reset_at_the_reserve() -> None:
    assert next_delay(window(left=5), 100.0) == 201.0
    assert next_delay(window(left=6), 100.0, in_flight=1) == 201.0
    assert next_delay(window(left=0), 301.0) == 0.0


@given(st.integers(0, 500), st.floats(0, 700), st.integers(0, 4), st.none() | st.floats(0, 700))
def test_next_delay_is_never_longer_than_to_the_reset(
    left: int, now: float, in_flight: int, sent_at: float | None
) -> None:
    sent = None if sent_at is None else min(sent_at, now)

    delay = next_delay(window(left), now, in_flight, sent)

    assert 0.0 <= delay <= max(301.0 - now, 0.0)


def test_after_429_waits_for_the_reset_when_nothing_is_left() -> None:
    assert after_429(said(0, 41) | {"retry-after": "3"}, backoff_seconds=1.0) == 42.0


def test_after_429_obeys_another_limiter() -> None:
    assert after_429(said(99, 241) | {"retry-after": "7"}, backoff_seconds=1.0) == 7.0


def test_after_429_backs_off_when_nothing_is_said() -> None:
    assert after_429(said(99, 241), backoff_seconds=4.0) == 4.0
    assert after_429({}, backoff_seconds=4.0) == 4.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("999999999999", MAX_WAIT_SECONDS),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2027 11:00:00 GMT", MAX_WAIT_SECONDS),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_parse_retry_after_reads_seconds_and_dates(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, lambda: NOON) == seconds


@given(st.text())
def test_parse_retry_after_never_fails(text: str) -> None:
    waited = parse_retry_after(text, lambda: NOON)

    assert waited is None or 0 <= waited <= MAX_WAIT_SECONDS


class VirtualTime:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def walk(requests: int, latency_seconds: float, time: VirtualTime) -> int:
    """Send requests one after the other through a gate; count the refused ones."""
    hub = FixedWindow(500, 300, time.now)
    time.seconds = 17.0  # the Hub's windows do not begin when we do
    gate = Gate(time.sleep, time.now)
    refused = 0
    for _ in range(requests):
        await gate.enter()
        time.seconds += latency_seconds / 2
        spent = hub.spend()
        time.seconds += latency_seconds / 2
        refused += not spent.allowed
        gate.leave({name.lower(): text for name, text in spent.headers().items()})
    return refused


@pytest.mark.parametrize("latency_seconds", [0.67, 0.05, 0.3])
def test_gate_walks_the_whole_hub_at_the_physical_limit(latency_seconds: float) -> None:
    time = VirtualTime()

    refused = asyncio.run(walk(3_100, latency_seconds, time))

    quota_seconds = 300 * (3_100 / 500 - 0.2) - 17  # the last window's share needs no window of its own
    limit = max(quota_seconds, 3_100 * latency_seconds)
    assert refused == 0
    assert time.seconds - 17 <= 1.03 * limit


@given(st.integers(1, 40), st.integers(2, 20), st.floats(0.0, 3.0))
def test_gate_never_runs_into_a_quota(quota: int, window_seconds: int, latency_seconds: float) -> None:
    time = VirtualTime()
    hub = FixedWindow(quota, window_seconds, time.now)
    gate = Gate(time.sleep, time.now)

    async def walk_on() -> int:
        refused = 0
        for _ in range(100):
            await gate.enter()
            spent = hub.spend()
            time.seconds += latency_seconds
            refused += not spent.allowed
            gate.leave({name.lower(): text for name, text in spent.headers().items()})
        return refused

    assert asyncio.run(walk_on()) == 0
