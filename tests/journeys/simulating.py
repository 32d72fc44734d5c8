"""Days and nights of the product beside a Hub that lives, in virtual time: scheduled, crawled, indexed.

What is real: the stand-in's wire and quota, the crawls as the commands they are (in forked children), the
catalog, the embedded index, the timetable, locks and records. What is virtual: the time.

The scale: a full pass takes a tenth of the pages it takes of the real Hub (310 of 3,100), so the quota and
every setting that counts pages or requests are a tenth too: a pass takes as long as in truth, and as much of
its day. `recent`, two requests whatever the size, weighs ten times as much as it should. Models are 1 : 1000,
and what happens to them 1 : 100: what takes a request for each of them (trees, suspects) weighs a tenth of
what it should. `REAL` in `freshness` counts it back.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.turns import WAITING
from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.process import exclusive
from indexer.records import Batch, Tree
from indexer.search import Search
from indexer.sync import Sync
from scheduler.config import ScheduleConfig
from scheduler.jobs import Job, jobs_of
from scheduler.seeing import Sight
from scheduler.timetable import Entry, Timetable, startable
from tests.fakes.hub import FakeHub, Fault, GeneratedSource, Happening, ListSource, Route
from tests.fakes.hub.days import Days
from tests.fakes.hub.target import Target
from tests.journeys.comparing import held, public
from tests.journeys.forking import Done, Forks
from tests.journeys.staleness import Watcher
from tests.journeys.virtual import SharedClock

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MODELS, PAGE_ROWS, QUOTA = 3_100, 10, 50
WINDOWS = 288
"""Of five minutes, a day."""
SCALED = {
    "HUBDEX_HEAD_PAGES": "5",
    "HUBDEX_TRENDING_PAGES": "1",
    "HUBDEX_COUNTERS_PAGES": "10",
    "HUBDEX_LIKES_PAGES": "3",
}
FILES_BUDGET = 30
RATES: Mapping[Happening, int] = {
    "create": 30,
    "push": 190,
    "backdate": 10,
    "rename": 10,
    "gate": 10,
    "disable": 2,
    "delete": 12,
    "hide": 6,
    "drift": 200,
}
"""What a day brings. 3,000 new and 20,000 touched models are known of the real Hub, the rest is a guess."""

TOKEN, NEXT_TOKEN = f"hf_{'a' * 34}", f"hf_{'b' * 34}"
_AWAY: tuple[Route, ...] = ("listing", "model", "tree")


@dataclass
class Ran:
    """A crawl that ran."""

    name: str
    began: datetime
    ended: datetime
    asked: Counter[Route | None]
    """Requests, by route: a page of the listing, one model, or its tree."""
    code: int
    said: str


@dataclass
class Simulation:
    """A home, a Hub and the time between them."""

    home: Path
    hub: FakeHub
    source: ListSource
    days: Days
    clock: SharedClock
    clock_path: Path
    forks: Forks
    seed: int
    token: str = ""
    """What the operator has set."""
    weather: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    """What befalls the Hub or the operator at which moment, in order."""
    ran: list[Ran] = field(default_factory=list)
    throttled: int = 0
    requests: Counter[int] = field(default_factory=Counter)
    """By day, counted from 0."""

    def __post_init__(self) -> None:
        self.config = ScheduleConfig(
            home=self.home, schedule_zone="UTC", schedule_files_budget=FILES_BUDGET, schedule_upkeep=None
        )
        self.watcher = Watcher(self.source)
        self._sight = Sight(self.config)
        self._timetable = Timetable(jobs_of(self.config), str(self.seed), timedelta(seconds=120))
        self._heard = 0
        self._synced = -1
        self._higher: Entry | None = None
        self._asking = ExitStack()

    @property
    def now(self) -> datetime:
        return self.clock.moment

    def on_request(self, _request: int) -> None:
        """Let the world be as it is at the moment of a request."""
        self.requests[(self.now - BEGIN).days] += 1
        self.catch_up()
        higher = self._higher
        if higher is not None and higher.due_at is not None and higher.due_at <= self.now:
            self._higher = None
            name = higher.job.arguments[0]
            self._asking.enter_context(exclusive(self.config.lock_folder, WAITING, name))

    def catch_up(self) -> None:
        """Let everything happen that is due."""
        while self.weather and self.weather[0][0] <= self.now:
            self.weather.pop(0)[1]()
        self.days.live_until(self.now)

    def read_all(self) -> None:
        """Read the whole Hub for the first time; take its trees as read, which takes weeks there."""
        while not self.ran or self.ran[-1].name != "crawl-full":
            self._step(BEGIN + DAY)
        with Catalog(self.config.database_url) as catalog:
            trees = [Tree(due.key, due.sha, None) for due in catalog.trees_due(MODELS)]
            for at in range(0, len(trees), 1_000):
                catalog.apply(Batch(trees=tuple(trees[at : at + 1_000])))
        self.sync()

    def run_until(self, end: datetime) -> None:
        """Keep to the timetable."""
        while self.now < end:
            self._step(end)

    def _step(self, end: datetime) -> None:
        self.catch_up()
        entries = self._timetable.entries(self._sight(), self.now)
        jobs = startable(entries, self.now)
        if jobs:
            self._higher = _higher(entries, jobs[0])
            self.run(jobs[0])
            return
        times = [one.due_at for one in entries if one.due_at is not None]
        self.clock.leap_to(min([*times, *[one for one, _ in self.weather[:1]], end]))

    def run(self, job: Job) -> Done:
        """Run a crawl to its end, and let the index follow."""
        began = self.now
        settings = SCALED | {"HF_TOKEN": self.token, "HUBDEX_LOG": "warning"}
        home = {"HUBDEX_HOME": str(self.home), "HUBDEX_UPSTREAM": self.hub.url}
        with self._asking:
            done = self.forks.run(
                job.room, *job.arguments, environment=settings | home, clock=self.clock_path
            )
        self._higher = None
        said = done.err.strip().splitlines()
        asked = Counter(Target(one.path, "").route for one in self.hub.requests)
        self.throttled += self.hub.throttled
        self.hub.forget()
        self.ran.append(Ran(job.name, began, self.now, asked, done.code, said[-1] if said else ""))
        self.sync()
        if job.name == "crawl-full" and done.code == 0:
            self.assert_same()
        return done

    def sync(self) -> None:
        """Bring the index to where the catalog is, and see what is known now."""
        happened = self.days.happened[self._heard :]
        self._heard += len(happened)
        self.watcher.hear(happened)
        with Catalog(self.config.database_url, read_only=True) as catalog:
            if catalog.state().serial == self._synced:
                return
            self._synced = catalog.state().serial
            writer = EmbeddedWriter(self.config.index_folder)
            Sync(catalog, writer, now=lambda: self.now).run()
            writer.close()
            search = Search(catalog, EmbeddedReader(self.config.index_folder), lambda: self.now)
            self.watcher.look(catalog, search, self.now)

    def assert_same(self) -> None:
        """Hold catalog and index to the Hub, but for what has happened since the last full pass began."""
        with Catalog(self.config.database_url, read_only=True) as catalog:
            ours, theirs = held(catalog), public(self.source)
            full = catalog.checkpoint("full")
            assert full is not None
            late = self.watcher.keys_since(full.started_at)
            wrong = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
            assert sorted(wrong - late)[:5] == [], f"{len(wrong - late)} differ"
            checked = check_index(catalog, EmbeddedReader(self.config.index_folder), sample=None)
        assert (checked.agrees, checked.behind) == (True, 0), checked

    # -- what befalls it -----------------------------------------------------------------------

    def go_away(self) -> None:
        """Let the Hub answer nobody."""
        self.hub.script([Fault.drop(route=route) for route in _AWAY for _ in range(2_000)])

    def set_token(self, token: str) -> None:
        """Let the operator make a token, and set it."""
        self.hub.set_token(token)
        self.token = token

    def rest(self) -> None:
        """Let nothing happen any more, and all of it become known by the next night."""
        self.days.rest()
        nights = len([one for one in self.ran if one.name == "crawl-full" and one.code == 0])
        while len([one for one in self.ran if one.name == "crawl-full" and one.code == 0]) == nights:
            self._step(self.now + DAY)
        assert self.watcher.open == {}

    def come_back(self) -> None:
        """Let it answer again."""
        self.hub.heal()


def _higher(entries: tuple[Entry, ...], job: Job) -> Entry | None:
    """Give the crawl that this one has to make room for first."""
    later = [one for one in entries if one.job.is_crawl and one.job.rank < job.rank and one.due_at]
    return min(later, key=lambda one: one.due_at or BEGIN, default=None)


@contextmanager
def simulation(folder: Path, forks: Forks, *, seed: int = 1, models: int = MODELS) -> Iterator[Simulation]:
    """Begin with an empty home beside a Hub of so many models; the first day has not begun."""
    source = ListSource(GeneratedSource(models, seed).rows())
    path = folder / "clock"
    clock = SharedClock(path, BEGIN)
    days = Days(source, BEGIN + DAY, RATES, seed)
    world: list[Simulation] = []
    hub = FakeHub(
        source,
        quota=QUOTA,
        token_quota=2 * QUOTA,
        clock=clock,
        sleep=clock.sleep,
        page_rows=PAGE_ROWS,
        on_request=lambda request: world[0].on_request(request),  # noqa: PLW0108  # there is no world yet,
    )
    with hub:
        world.append(Simulation(folder / "home", hub, source, days, clock, path, forks, seed))
        yield world[0]
