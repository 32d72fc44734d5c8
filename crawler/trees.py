"""After the GGUF listing: the files of the models that are due, with their sizes and hashes."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.chain import About, Gone, Heard, Outdated, Page
from crawler.pipeline import excerpt_of
from indexer.addresses import tree_url
from indexer.catalog.store import Catalog
from indexer.catalog.trees import MAX_FILES
from indexer.entries import parse_entries
from indexer.errors import MalformedRow, UpstreamUnavailable
from indexer.records import TREES, Batch, Checkpoint, SetAside, Tree, TreeDue
from indexer.variants.records import RepoFile

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Trees read at the same time, when the quota does not ask for more."""
MOST_AT_ONCE = 16
GROUP = 2_000
"""Due trees taken from the catalog at a time; to find them is a look at every model."""
TOGETHER = 20
"""Trees that are stored in one transaction."""
MISSED_IN_A_ROW = 5
"""One tree that cannot be had is left for another run; so many one after the other are the Hub's trouble."""
GONE_IN_A_ROW = 20
"""So many models may be gone one after the other; a Hub that says so of more is not believed."""


class TreeErrand:
    """One tree on its way: its pages so far, and where the next one is."""

    name = TREES
    about: About = "tree"

    def __init__(self, due: TreeDue, url: str) -> None:
        self.due = due
        self.url: str | None = url
        self.files: dict[str, RepoFile] = {}
        self.entries = 0

    def moved(self, url: str) -> None:
        """Ask at another address: the model was renamed."""
        self.url = url

    def ask_less(self) -> None:
        """The Hub decides how much of a tree is a page."""


@dataclass
class TreeCounts:
    """What became of the trees of this run."""

    read: int = 0
    """Trees with their files."""
    hidden: int = 0
    """Trees that the Hub does not show."""
    missed: int = 0
    """Trees that are left for another run."""


class TreesLeg:
    """The trees that are due, those most wanted first.

    Args:
        upstream: the Hub's address.
        checkpoints: what the catalog holds, by name.
        now: the clock.

    """

    name = TREES

    def __init__(
        self, upstream: str, checkpoints: Mapping[str, Checkpoint], now: Callable[[], datetime]
    ) -> None:
        self._upstream = upstream
        self._now = now
        self._width = AT_ONCE
        self._open: list[TreeErrand] = []
        self._done: list[Tree] = []
        self._set_aside: list[SetAside] = []
        self._skipped: set[str] = set()
        self._missed_in_a_row = 0
        self._gone_in_a_row = 0
        self.counts = TreeCounts()
        address = f"{upstream}/api/models"
        mark = checkpoints.get(TREES)
        is_resumed = mark is not None and mark.is_under_way and mark.next_url == address
        self.checkpoint = mark if mark and is_resumed else Checkpoint(TREES, address, now())

    @property
    def finished(self) -> bool:
        """Tell whether no tree is due any more."""
        return not self.checkpoint.is_under_way

    @property
    def wants_more(self) -> bool:
        """Tell whether `load` is to be called."""
        return not self.finished and not self._open

    def load(self, catalog: Catalog) -> None:
        """Take further due trees from the catalog; without any, the trees have all been read.

        Raises:
            CatalogError: the catalog cannot be read or written.

        """
        # What was left for another run is due still: as many more are asked for.
        due = catalog.trees_due(GROUP + len(self._skipped))
        self._open = [self._errand(one) for one in due if one.key not in self._skipped][:GROUP]
        if not self._open:
            self.checkpoint = replace(self.checkpoint, next_url=None, finished_at=self._now())
            catalog.apply(Batch(checkpoints=(self.checkpoint,)))

    def widen(self, trees: int) -> None:
        """Let so many trees be read at the same time; never fewer than before, for they are under way."""
        self._width = max(self._width, min(trees, MOST_AT_ONCE))

    def errands(self) -> list[TreeErrand]:
        """Give the trees to ask for now."""
        return self._open[: self._width]

    def read(self, errand: TreeErrand, heard: Heard) -> Batch | None:
        """Take an answer; gives what has to be stored, when there is enough of it.

        Raises:
            UpstreamUnavailable: too many trees in a row could not be had.

        """
        self.checkpoint = self.checkpoint.after_page(self.checkpoint.next_url, 0)
        match heard:
            case Page():
                self._missed_in_a_row = self._gone_in_a_row = 0
                self._take(errand, heard)
            case Gone():
                self._missed_in_a_row = 0
                self._gone(errand)
            case _:
                self._miss(errand, is_outdated=isinstance(heard, Outdated))
        return self.rest() if len(self._done) >= TOGETHER or not self._open else None

    def rest(self) -> Batch | None:
        """Give what has been read and is not stored yet."""
        if not self._done:
            return None
        trees, aside = tuple(self._done), tuple(self._set_aside)
        self._done, self._set_aside = [], []
        self.checkpoint = replace(self.checkpoint, rows=self.checkpoint.rows + len(trees))
        return Batch(trees=trees, set_aside=aside, checkpoints=(self.checkpoint,))

    def _errand(self, due: TreeDue) -> TreeErrand:
        return TreeErrand(due, tree_url(self._upstream, due.repo_id, due.sha))

    def _take(self, errand: TreeErrand, page: Page) -> None:
        try:
            errand.files |= {file.path: file for file in parse_entries(page.rows)}
        except MalformedRow as error:
            excerpt = excerpt_of(page.rows)
            self._set_aside.append(SetAside(f"files: {error.reason}", errand.due.repo_id, excerpt))
            self._end(errand, None)
            return
        errand.entries += len(page.rows)
        if errand.entries > MAX_FILES:  # half a tree would be taken for a whole one
            self._end(errand, None)
        elif page.next_url is None:
            self._end(errand, tuple(errand.files.values()))
        else:
            errand.url = page.next_url

    def _gone(self, errand: TreeErrand) -> None:
        self._gone_in_a_row += 1
        if self._gone_in_a_row <= GONE_IN_A_ROW:
            self._end(errand, None)
        else:
            self._leave(errand)

    def _miss(self, errand: TreeErrand, *, is_outdated: bool) -> None:
        self._leave(errand)
        if is_outdated:  # the next listing names its new commit
            return
        self._missed_in_a_row += 1
        logger.warning("tree missed id=%s", errand.due.repo_id)
        if self._missed_in_a_row >= MISSED_IN_A_ROW:
            raise UpstreamUnavailable(
                f"The Hub would not give the files of {MISSED_IN_A_ROW} models in a row; "
                "what was read before is stored, try again later."
            )

    def _end(self, errand: TreeErrand, files: tuple[RepoFile, ...] | None) -> None:
        self._open.remove(errand)
        self._done.append(Tree(errand.due.key, errand.due.sha, files))
        self.counts.hidden += files is None
        self.counts.read += files is not None

    def _leave(self, errand: TreeErrand) -> None:
        self._open.remove(errand)
        self._skipped.add(errand.due.key)
        self.counts.missed += 1
