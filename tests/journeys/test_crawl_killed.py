"""A whole crawl killed at every one of its writes and started again ends as if nothing had happened."""

import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.records import Batch, Checkpoint, Tree
from indexer.variants.records import RepoFile
from tests.fakes.hub import FakeHub, Fault
from tests.fakes.hub.asking import ask
from tests.indexer.script import TABLES, Dump, dump_of
from tests.journeys.forking import Done, Forks, Kind
from tests.journeys.orderly import ROWS, OrderlySource
from tests.journeys.running import wait_until

FIRST = datetime(2026, 9, 1, 12, tzinfo=UTC)
SECOND, NOW = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
WINDOW_SECONDS = 3_600
LANES = 2
WAL_HEADER, FRAME = 32, 24 + 4_096
GONE = "gone from the Hub"

OLD_CHAIN = Checkpoint("full/2", None, FIRST, finished_at=FIRST)
"""A chain of an earlier pass that walked more of them."""


class Lane:
    """A Hub and what crawls it, one crawl at a time."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._forks = stack.enter_context(Forks())
        self._seconds = 0.0
        self._source = OrderlySource()
        self.on_request: Callable[[], None] = nothing
        # At the pace that this quota allows, no more than two chains are asked for.
        self._hub = stack.enter_context(
            FakeHub(
                self._source,
                quota=1_000,
                window_seconds=WINDOW_SECONDS,
                clock=lambda: self._seconds,
                on_request=lambda _number: self.on_request(),
            )
        )
        self.start = folder / "start"
        self._live_in(self.start)
        whole = self.home("whole")
        self.undisturbed = self.crawl(whole)
        self.dump, self.files = held(whole), files_in(whole)

    def home(self, name: str) -> Path:
        """A home as the crawl finds it."""
        return Path(shutil.copytree(self.start, self._folder / name))

    def crawl(self, home: Path, *, kill: tuple[Kind, int] | None = None, now: datetime = NOW) -> Done:
        """Crawl in full; the clock stands still, so that what is stored twice is stored the same."""
        self._calm()
        return self.run(home, "crawler", "full", "--json", kill=kill, now=now)

    def run(
        self, home: Path, *command: str, kill: tuple[Kind, int] | None = None, now: datetime = NOW
    ) -> Done:
        return self._forks.run(
            *command,
            environment={"HF_TOKEN": "", "HUBDEX_HOME": str(home), "HUBDEX_UPSTREAM": self._hub.url},
            kill=kill,
            moments=[now.timestamp()],
            constants={"crawler.full.WAYPOINT_PAGES": 2},
        )

    def _calm(self) -> None:
        """Let all that an earlier crawl has asked be over, and a new window of the quota begin."""
        self._source.begin()
        assert ask(self._hub, "/nothing").status == 404  # those who knocked before have been let in by now
        wait_until(lambda: self._hub.is_idle, "the connections of a killed crawl to be closed")
        self._source.begin()
        self._seconds += WINDOW_SECONDS
        self._hub._script._pending.clear()
        self._hub.script([Fault.short(ROWS)] * 50)

    def _live_in(self, home: Path) -> None:
        """Make a home with what two full passes have left in it, after which everything happens."""
        home.mkdir(parents=True)
        assert self.crawl(home, now=FIRST).code == 0
        self._source.change("acme/gale-14", private=True)
        self._source.is_orderly = True  # from now on there is always a name to ask for
        assert self.crawl(home, now=SECOND).code == 0
        with Catalog(f"sqlite:///{home / 'catalog.db'}", now=lambda: SECOND) as catalog:
            catalog.apply(Batch(checkpoints=(OLD_CHAIN,), trees=tuple(self._trees())))
        self._source.change("acme/gale-14", private=False)
        self._source.live()

    def _trees(self) -> Iterator[Tree]:
        """Trees of a model that stays and of some that will be gone, as a crawl of files has left them."""
        for number in (0, 9, 15):
            row = self._source.find(f"acme/gale-{number}")
            assert row is not None
            files = (RepoFile("model.gguf", 7, f"{number:064x}"),)
            yield Tree(str(row["_id"]), str(row["sha"]), files)


def nothing() -> None:
    """What is to be done at most requests."""


def held(home: Path) -> Dump:
    """Everything in a home's catalog.

    A sweep has four questions under way at once; whose answer comes first, and so which of the removed
    models has the lower serial, is the Hub's doing. Beside these serials, which are the same together,
    nothing is left out.
    """
    dump = dump_of(home / "catalog.db")
    at = [place for place, grave in enumerate(dump["tombstones"]) if grave[4] == GONE]
    graves = dump["tombstones"]
    serials = sorted(graves[place][3] for place in at)
    for place, serial in zip(at, serials, strict=True):
        graves[place] = (*graves[place][:3], serial, *graves[place][4:])
    return dump


def files_in(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


def assert_whole(dump: Dump) -> None:
    """Hold a catalog that nobody has tidied up yet to what is always so."""
    [(_, _, serial, models, _)] = dump["state"]
    numbers = [model[0] for model in dump["models"]]
    assert len(numbers) == models
    assert [sighting[0] for sighting in dump["sightings"]] == numbers
    serials = [model[4] for model in dump["models"]] + [grave[3] for grave in dump["tombstones"]]
    assert len(set(serials)) == len(serials)
    assert max(serials) <= serial
    marks = {mark[0]: mark for mark in dump["checkpoints"]}
    for count in (3, 4):  # pages and rows: those of a pass are those of its chains
        chains = [mark[count] for name, mark in marks.items() if name.startswith("full/")]
        assert marks["full"][count] == sum(chains)


def assert_status(status: Done) -> None:
    """One page of text, whatever happened."""
    assert (status.code, status.err) == (0, "")
    assert "\ncatalog  " in f"\n{status.out}"
    assert len(status.out.splitlines()) < 40


def assert_ends_undisturbed(lane: Lane, home: Path) -> None:
    restarted = lane.crawl(home)
    assert restarted.code == 0, restarted.err
    dump = held(home)
    assert [name for name in TABLES if dump[name] != lane.dump[name]] == []
    assert files_in(home) == lane.files


def kill_and_restart(lane: Lane, kind: Kind, at: int) -> None:
    home = lane.home(f"{kind}-{at}")

    killed = lane.crawl(home, kill=(kind, at))

    assert (killed.code, len(killed.of(kind))) == (-signal.SIGKILL, at - 1)
    assert_status(lane.run(home, "indexer", "status"))
    assert_whole(held(home))
    assert_ends_undisturbed(lane, home)
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    folders = [tmp_path_factory.mktemp("lane") for _ in range(LANES)]
    with ExitStack() as stack, ThreadPoolExecutor(LANES) as pool:
        yield list(pool.map(lambda folder: Lane(folder, stack), folders))


def test_the_crawl_does_every_kind_of_write(lanes: list[Lane]) -> None:
    undisturbed, dump = lanes[0].undisturbed, lanes[0].dump

    assert undisturbed.code == 0, undisturbed.err
    statements = {what for what in undisturbed.of("sql") if what not in {"BEGIN IMMEDIATE", "COMMIT"}}
    assert {word for what in statements for word in what.split()} > {*TABLES, "INSERT", "UPDATE", "DELETE"}
    assert {what.split(".")[0] for what in undisturbed.of("file")} == {
        "open /locks/crawl",
        "open /quota/api-anonymous",
        "rename /quota/api-anonymous",
    }
    assert len({grave[4] for grave in dump["tombstones"]}) == 2  # gone, and displaced
    assert all(dump[name] for name in TABLES)


def places(writes: list[str]) -> list[int]:
    """Where to kill: before every write, and once where one follows that is the same for another row."""
    return [at for at, what in enumerate(writes, 1) if at == 1 or what != writes[at - 2]]


@pytest.mark.parametrize("kind", ["sql", "file"])
def test_killed_at_any_write_and_restarted_a_crawl_ends_as_if_undisturbed(
    lanes: list[Lane], kind: Kind
) -> None:
    def kill_at_its_share(number: int) -> int:
        share = places(lanes[number].undisturbed.of(kind))[number::LANES]
        for at in share:
            kill_and_restart(lanes[number], kind, at)
        return len(share)

    with ThreadPoolExecutor(LANES) as pool:
        kills = sum(pool.map(kill_at_its_share, range(LANES)))
    assert kills > 20


def logs_of_a_crawl(lane: Lane, home: Path) -> list[bytes]:
    """The catalog's log as it is on the disk each time the Hub is asked, and before the last commit."""
    database, log = home / "catalog.db", home / "catalog.db-wal"
    before, logs = database.read_bytes(), []

    def look() -> None:
        logs.append(log.read_bytes() if log.exists() else b"")
        assert database.read_bytes() == before  # it is not written to before the crawl ends

    lane.on_request = look
    killed = lane.crawl(home, kill=("sql", len(lane.undisturbed.of("sql"))))
    lane.on_request = nothing
    assert killed.code == -signal.SIGKILL
    look()
    return logs


def cut_off(lane: Lane, home: Path, log: bytes) -> Path:
    """A home as a power cut leaves it: the database, and what of its log had reached the disk."""
    shutil.copytree(lane.start, home)
    (home / "catalog.db-wal").write_bytes(log)
    return home


def test_after_a_power_cut_at_any_frame_a_crawl_ends_as_if_undisturbed(
    lanes: list[Lane], tmp_path: Path
) -> None:
    lane = lanes[0]
    logs = logs_of_a_crawl(lane, lane.home("copied"))
    assert logs == sorted(logs, key=len)
    cuts = [logs[-1][:end] for end in range(WAL_HEADER, len(logs[-1]), FRAME)]
    reached: list[tuple[Dump, bytes]] = []

    for at, log in enumerate([*logs, *cuts]):
        dump = held(cut_off(lane, tmp_path / f"cut-{at}", log))
        assert_whole(dump)
        if dump not in [known for known, _ in reached]:
            reached.append((dump, log))

    assert len(cuts) > 50
    assert len(reached) >= 9  # pages of the listing, and answers about one model
    for at, (_, log) in enumerate(reached):
        home = cut_off(lane, tmp_path / f"resumed-{at}", log)
        assert_status(lane.run(home, "indexer", "status"))
        assert_ends_undisturbed(lane, home)
