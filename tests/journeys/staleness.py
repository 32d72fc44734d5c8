"""How long what happened on a Hub was not known: until catalog and index have it right."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from crawler.rows import parse_row
from indexer.catalog.store import Catalog
from indexer.errors import MalformedRow
from indexer.query import parse_query
from indexer.records import Counters, Listed, ModelRecord
from indexer.search import Search
from tests.fakes.hub import Happening, ListSource
from tests.fakes.hub.days import Happened

Sort: TypeAlias = Literal["new", "changed", "removed", "counters"]
SORTS: dict[Happening, Sort] = {
    "create": "new",
    "push": "changed",
    "backdate": "changed",
    "rename": "changed",
    "gate": "changed",
    "disable": "changed",
    "delete": "removed",
    "hide": "removed",
    "drift": "counters",
}


@dataclass(frozen=True)
class Known:
    """A happening that became known."""

    happened: Happened
    at: datetime

    @property
    def kind(self) -> Happening:
        return self.happened.change.kind

    @property
    def sort(self) -> Sort:
        return SORTS[self.kind]

    @property
    def late(self) -> timedelta:
        return self.at - self.happened.moment


class Watcher:
    """Looks after each sync what has become right; a model's happenings count as known when all of it is.

    Args:
        source: the Hub's models.

    """

    def __init__(self, source: ListSource) -> None:
        self._source = source
        self._names: dict[str, str] = {}
        self._mirror: dict[int, tuple[ModelRecord, Counters]] = {}
        self._numbers: dict[str, int] = {}
        self._serial = 0
        self.open: dict[str, list[Happened]] = defaultdict(list)
        """What is not known yet, by the model's key."""
        self.known: list[Known] = []

    def hear(self, happened: Iterable[Happened]) -> None:
        """Take in what happened."""
        for one in happened:
            change = one.change
            self._names[change.key] = change.new_id or change.id
            self.open[change.key].append(one)

    def look(self, catalog: Catalog, search: Search, now: datetime) -> None:
        """See what is right by now."""
        self._follow(catalog)
        for key in list(self.open):
            waiting = self.open.pop(key)
            left = [one for one in waiting if not self._is_right(key, one, search)]
            self.known += [Known(one, now) for one in waiting if one not in left]
            if left:
                self.open[key] = left

    def keys_since(self, moment: datetime) -> set[str]:
        """Name the models of which something is not known that happened at or after a moment."""
        return {key for key, waiting in self.open.items() if any(one.moment >= moment for one in waiting)}

    def _follow(self, catalog: Catalog) -> None:
        before, self._serial = self._serial, catalog.state().serial
        for page in catalog.changes_since(before):
            for change in page:
                gone = self._mirror.pop(change.number, None)
                if gone is not None:
                    self._numbers.pop(gone[0].key, None)
                if change.model is not None:
                    record = change.model.record
                    self._mirror[change.number] = (record, change.model.counters)
                    self._numbers[record.key] = change.number
        for page in catalog.counters_since(before):
            for change in page:
                if change.model is not None:
                    self._mirror[change.number] = (change.model.record, change.model.counters)

    def _is_right(self, key: str, one: Happened, search: Search) -> bool:
        theirs, ours = self._listed(key), self._mirror.get(self._numbers.get(key, 0))
        if theirs is None or ours is None:
            return theirs is None and ours is None
        if SORTS[one.change.kind] == "counters":
            return ours[1] == theirs.counters
        if ours[0] != theirs.record:
            return False
        return one.change.kind != "create" or _finds(search, theirs.record)

    def _listed(self, key: str) -> Listed | None:
        row = self._source.find(self._names[key])
        if row is None or row["_id"] != key:
            return None
        try:
            said = parse_row(row)
        except MalformedRow:
            return None
        return said if isinstance(said, Listed) else None


def _finds(search: Search, record: ModelRecord) -> bool:
    hits = search.answer(parse_query(record.repo_id, limit=1)).hits
    return [hit.model.record.key for hit in hits] == [record.key]


def at_share(share: float, late: Sequence[timedelta]) -> timedelta:
    """Give what so large a share is not later than; nothing is late by nothing."""
    ordered = sorted(late)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else timedelta(0)
