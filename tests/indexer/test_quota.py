from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.quota import (
    MAX_WAIT_SECONDS,
    Quota,
    QuotaFile,
    Share,
    Window,
    after_429,
    next_delay,
    observe,
    parse_quota,
    parse_retry_after,
)

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


@pytest.mark.parametrize(
    ("share", "limit", "seconds_left", "floor"),
    [
        (Share(0, takes_back=True), 500, 300.0, 5),  # the reserve
        (Share(95, takes_back=True), 500, 300.0, 100),
        (Share(95, takes_back=True), 500, 6.7, 15),  # ten requests take 6.7 seconds: no more can be asked for
        (Share(95, takes_back=True), 500, 0.0, 5),
        (Share(230, takes_back=False), 500, 300.0, 235),
        (Share(230, takes_back=False), 500, 0.0, 235),
        (Share(230, takes_back=False), 1_000, 0.0, 240),
        (Share(230, takes_back=False), 250, 300.0, 127),  # half of it, and the reserve
        (Share(230, takes_back=False), 1, 300.0, 0),
        (Share(10**9, takes_back=True), 2_500, 10**9, 1_275),
    ],
)
def test_a_share_leaves_what_others_can_still_use(
    share: Share, limit: int, seconds_left: float, floor: int
) -> None:
    assert share.floor(limit, seconds_left) == floor


SHARES = st.builds(Share, st.integers(0, 10_000), st.booleans(), st.booleans())


@given(SHARES, st.integers(1, 10_000), st.floats(-10, 4_000))
def test_a_share_is_never_negative_and_never_all_of_a_window(
    share: Share, limit: int, seconds_left: float
) -> None:
    assert 0 <= share.floor(limit, seconds_left) < limit
    assert share.floor(limit, seconds_left) <= share.floor(limit, seconds_left + 1)


@given(SHARES, st.integers(0, 500), st.floats(0, 310), st.integers(0, 4))
def test_whoever_waits_as_told_may_send_then_or_a_new_window_has_begun(
    share: Share, left: int, now: float, in_flight: int
) -> None:
    delay = next_delay(window(left), now, in_flight, share=share)

    assert 0.0 <= delay <= max(301.0 - now, 0.1)
    if delay > 0 and now + delay < 301:
        assert next_delay(window(left), now + delay + 0.001, in_flight, share=share) == 0.0


def test_a_share_that_is_not_paced_is_sent_at_once() -> None:
    hurried = Share(95, is_paced=False)

    assert next_delay(window(left=150), 100.0, sent_at=100.0, share=hurried) == 0.0
    assert next_delay(window(left=150), 100.0, sent_at=100.0, share=Share(95)) > 1.0


def test_what_others_can_no_longer_use_is_taken_at_their_pace() -> None:
    # 100 are left, 5 of them for good: others can use 94 until 62.98 seconds before the end.
    assert next_delay(window(left=100), 200.0, share=Share(95)) == pytest.approx(100.0 - 94 * 0.67)
    assert next_delay(window(left=100), 200.0, share=Share(95, takes_back=False)) == 101.0


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


class Clock:
    """A clock that a test sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def file_of(path: Path, now: Clock, wall: Clock, upstream: str = "https://hub.example") -> QuotaFile:
    return QuotaFile(path / "quota" / "api.json", upstream, now, wall)


def test_a_window_is_told_to_a_process_with_another_clock(tmp_path: Path) -> None:
    wall = Clock(1_800_000_000.0)
    file_of(tmp_path, Clock(100.0), wall).keep(window(left=77, resets_at=250.0))

    wall.seconds += 50
    told = file_of(tmp_path, Clock(7_000.0), wall).read()

    assert told is not None
    assert told == Window("api", 500, 77, told.resets_at, 300.0)
    assert told.resets_at == pytest.approx(7_100.0)


def test_a_window_is_told_once_and_not_to_whoever_kept_it(tmp_path: Path) -> None:
    now, wall = Clock(0.0), Clock(1_800_000_000.0)
    ours, theirs = file_of(tmp_path, now, wall), file_of(tmp_path, now, wall)

    ours.keep(window(left=9))

    assert ours.read() is None
    assert theirs.read() is not None
    assert theirs.read() is None


@pytest.mark.parametrize("moved", [-86_400.0, -302.0, 301.0, 86_400.0])
def test_a_window_that_has_ended_or_a_clock_that_was_set_says_nothing(tmp_path: Path, moved: float) -> None:
    wall = Clock(1_800_000_000.0)
    file_of(tmp_path, Clock(0.0), wall).keep(window(left=0, resets_at=300.0))

    wall.seconds += moved

    assert file_of(tmp_path, Clock(0.0), wall).read() is None


def test_another_hubs_window_says_nothing(tmp_path: Path) -> None:
    now, wall = Clock(0.0), Clock(1_800_000_000.0)
    file_of(tmp_path, now, wall).keep(window())

    assert file_of(tmp_path, now, wall, "https://other.example").read() is None


@given(st.binary(max_size=300) | st.from_regex(rb'\{"(left|limit|resets_at)":[-0-9.e"a-z]{1,30}\}'))
def test_a_broken_file_says_nothing(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quota" / "api.json"
        path.parent.mkdir()
        path.write_bytes(content)

        assert file_of(Path(folder), Clock(0.0), Clock(0.0)).read() is None


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "quota").write_text("a file where the folder should be")

    file_of(tmp_path, Clock(0.0), Clock(0.0)).keep(window())


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    file = file_of(tmp_path, Clock(0.0), Clock(0.0))
    (tmp_path / "quota").mkdir()
    for name in ("api.4711", "other.json"):
        (tmp_path / "quota" / name).write_text("{")

    file.keep(window())

    assert {path.name for path in (tmp_path / "quota").iterdir()} == {"api.json", "other.json"}
