"""Fresh by itself: days of schedule, crawls and index beside a Hub that lives and has trouble."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys.forking import Forks
from tests.journeys.freshness import FEW_DAYS, RIGHT, SORTS, live
from tests.journeys.staleness import at_share

TABLE = "HUBDEX_TEST_FRESHNESS"
"""Names a file for the table. (`python -m tests.benchmarks --stages freshness` lives through 14 days.)"""


@pytest.mark.timeout(3_600)
def test_what_happens_on_the_hub_is_known_in_time_whatever_befalls_it(tmp_path: Path) -> None:
    with Forks(is_virtual=True) as forks:
        fresh = live(tmp_path, forks, FEW_DAYS)

    sys.stdout.write(f"{fresh.table()}\n")
    Path(os.environ.get(TABLE) or tmp_path / "freshness.md").write_text(f"{fresh.table()}\n")
    assert fresh.throttled == 0
    assert max(fresh.share(day) for day in fresh.days) <= 0.6
    assert at_share(0.5, fresh.late("new")) <= timedelta(hours=1)
    assert at_share(0.99, fresh.spared(*RIGHT)) <= timedelta(hours=24)
    # What a full pass has just missed waits for the end of the next one, behind an outage too.
    assert max(fresh.late(*SORTS)) <= timedelta(hours=25)
    assert {one.code for one in fresh.ran} == {0, 2, 75}
    refused = {one.said for one in fresh.ran if one.code == 2}
    assert len(refused) == 1
    assert "refused the Hugging Face token" in refused.pop()
