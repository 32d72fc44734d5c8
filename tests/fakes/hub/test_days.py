from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.fakes.hub import Happening, ListSource, make_row
from tests.fakes.hub.days import DAY, Days

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RATES: dict[Happening, int] = {"create": 3, "push": 5, "backdate": 1}


def days(seed: int) -> Days:
    return Days(ListSource(make_row(id=f"o/m{number}") for number in range(20)), BEGIN, RATES, seed)


def test_each_day_brings_as_much_of_each_kind_at_moments_of_its_own() -> None:
    here = days(1)

    for day in range(1, 4):
        here.live_until(BEGIN + day * DAY)

        assert Counter(one.change.kind for one in here.happened) == {
            kind: times * day for kind, times in RATES.items()
        }
    moments = [one.moment for one in here.happened]
    assert moments == sorted(moments)
    assert len(set(moments)) == 27


def test_nothing_happens_before_its_moment_or_at_rest() -> None:
    here = days(1)
    here.live_until(BEGIN + DAY / 2)
    so_far = len(here.happened)

    here.rest()
    here.live_until(BEGIN + 9 * DAY)

    assert 0 < so_far == len(here.happened) < 9
    assert here.happened[-1].moment <= BEGIN + DAY / 2


def test_the_same_seed_lives_the_same_days() -> None:
    lived = [days(seed) for seed in (1, 1, 2)]
    for one in lived:
        one.live_until(BEGIN + 2 * DAY)

    first, same, other = [one.happened for one in lived]
    assert first == same != other


def test_a_commit_can_be_dated_back() -> None:
    source = ListSource([make_row(id="o/m", lastModified="2026-10-31T00:00:00.000Z")])
    here = Days(source, BEGIN, {"backdate": 1})
    before = source.rows()[0]

    here.live_until(BEGIN + DAY)

    (after,), (one,) = source.rows(), here.happened
    assert after["sha"] != before["sha"]
    said = datetime.fromisoformat(str(after["lastModified"]))
    assert abs(one.moment - said - timedelta(days=3)) < timedelta(seconds=1)
