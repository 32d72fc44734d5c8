"""The read side of the embedded engine."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import tantivy

from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.schema import NUMBER, POPULARITY, TIERS, make_schema, open_index
from indexer.engines.embedded.selecting import Query, Selector
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import SearchQuery
from indexer.ranking import Step

FEW = 40
"""So many models or fewer are handed over whole, to be ordered by their names."""
CHECKED = 300
"""The same where the index cannot count exactly: all of them are checked against their names."""
TYPOS_BELOW = 3
"""A slip of the finger is looked for only when fewer models than this match as typed."""
REMEMBERED = 4_096
"""Answers remembered until the index changes: the short queries everybody types through."""


@dataclass(frozen=True)
class _Opened:
    """An index at one commit."""

    stamp: tuple[str, int]
    searcher: tantivy.Searcher
    selector: Selector
    state: IndexState


class EmbeddedReader:
    """Answers from the live index, and moves to a newer commit or a rebuilt index by itself.

    Args:
        root: the index folder.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = make_schema()
        self._opened: _Opened | None = None
        self._remembered: OrderedDict[SearchQuery, Selection] = OrderedDict()
        self._lock = Lock()

    def state(self) -> IndexState:
        """Give how far the live index follows.

        Raises:
            EngineUnavailable: there is no index yet.

        """
        return self._current().state

    def search(self, query: SearchQuery) -> Selection:
        """Select a page of models, best first.

        Raises:
            EngineUnavailable: there is no index yet.
            EngineError: the index cannot be read.

        """
        opened = self._current()
        asked = replace(query, text="")
        with self._lock:
            known = self._remembered.get(asked)
            if known is not None and known.state is opened.state:
                self._remembered.move_to_end(asked)
                return known
        try:
            selection = _Search(opened, asked).run()
        except (ValueError, OSError, RuntimeError) as error:
            raise EngineError(f"The embedded index cannot be read: {error}.") from error
        with self._lock:
            self._remembered[asked] = selection
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return selection

    def _current(self) -> _Opened:
        folder = folders.live_folder(self._root)
        stamp = None if folder is None else _stamp(folder)
        opened = self._opened
        if opened is not None and (stamp is None or opened.stamp == stamp):
            return opened  # a rebuild that is just taking its place leaves the old one readable
        if folder is None or stamp is None:
            raise EngineUnavailable("There is no index yet; it is built by `hubdex index sync`.")
        state = folders.read_state(folder)
        if state is None:
            raise EngineUnavailable("The index is of another version; `hubdex index sync` rebuilds it.")
        try:
            index = open_index(folder, self._schema)
            index.reload()
            searcher = index.searcher()
            self._opened = _Opened(
                stamp,
                searcher,
                Selector(self._schema, searcher),
                replace(state, models=searcher.num_docs),
            )
        except (ValueError, OSError, RuntimeError) as error:
            if opened is not None:
                return opened
            raise EngineUnavailable(f"The index cannot be opened: {error}.") from error
        return self._opened


def _stamp(folder: Path) -> tuple[str, int] | None:
    try:
        return folder.name, folders.state_file(folder).stat().st_mtime_ns
    except OSError:
        return None


class _Search:
    """One search on one commit."""

    def __init__(self, opened: _Opened, query: SearchQuery) -> None:
        self._searcher = opened.searcher
        self._state = opened.state
        self._selector = opened.selector
        self._query = query

    def run(self) -> Selection:
        everything = self._selector.everything(self._query)
        if everything is None:
            return self._forgiven(0, ())
        exact = self._selector.counts_exactly(self._query)
        few = FEW if exact else CHECKED
        total, numbers = self._most_popular(everything, few)
        if total <= few:
            if total < TYPOS_BELOW:
                return self._forgiven(total, numbers)
            return self._unordered(numbers)
        page = self._page(self._selector.steps(self._query), total)
        return Selection(page, total, exact, self._state)

    def _unordered(self, numbers: Sequence[int]) -> Selection:
        """Hand few models over whole: their names tell their order, and whether they match at all."""
        selected = tuple(Selected(number) for number in numbers)
        return Selection(selected, len(numbers), total_exact=True, state=self._state, ordered=False)

    def _forgiven(self, total: int, numbers: Sequence[int]) -> Selection:
        """Look for a slip of the finger, unless the very model that was named is there."""
        steps = self._selector.steps(self._query)
        named = bool(steps) and steps[0][0] is Step.EXACT_ID and self._count(steps[0][1]) > 0
        typos = None if named else self._selector.typos(self._query)
        forgiven = total if typos is None else self._count(typos)
        if typos is None or forgiven <= total:
            return self._unordered(numbers)
        page = self._page([*steps, (Step.TYPO, typos)], forgiven)
        return Selection(page, forgiven, total_exact=False, state=self._state)

    def _page(self, steps: list[tuple[Step, Query]], total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping `offset` models, until the page is full or nothing is left."""
        selected: list[Selected] = []
        before: list[Query] = []
        skip, want = self._query.offset, min(self._query.limit, max(0, total - self._query.offset))
        for step, query in steps:
            if len(selected) >= want:
                break
            own = self._selector.without(query, before)
            before.append(query)
            if skip and (here := self._count(own)) <= skip:
                skip -= here
                continue
            numbers = self._step_numbers(own, want - len(selected), skip)
            skip = 0
            selected += [Selected(number, step) for number in numbers]
        return tuple(selected)

    def _step_numbers(self, query: Query, limit: int, offset: int) -> list[int]:
        """Give the most popular models of a step; those of a tier are all before those outside it."""
        for tier, _ in TIERS:
            popular = self._selector.in_tier(query, tier)
            if popular is not None:
                numbers = self._numbers(popular, limit, offset)
                if len(numbers) == limit:
                    return numbers
        return self._numbers(query, limit, offset)

    def _numbers(self, query: Query, limit: int, offset: int) -> list[int]:
        result = self._searcher.search(query, limit, count=False, order_by_field=POPULARITY, offset=offset)
        return self._numbers_at(result)

    def _most_popular(self, query: Query, limit: int) -> tuple[int, list[int]]:
        """Count, and give the numbers of the most popular, in one go when there are few."""
        total = self._count(query)
        return total, self._numbers(query, limit, 0) if 0 < total <= limit else []

    def _numbers_at(self, result: tantivy.SearchResult) -> list[int]:
        addresses = [address for _, address in result.hits]
        values = self._searcher.fast_field_values(NUMBER, addresses) if addresses else []
        return [int(value) for value in values if value is not None]

    def _count(self, query: Query) -> int:
        # Counting by aggregation scores nothing: two thirds of the time of a search that counts.
        counted = self._searcher.aggregate(query, {"models": {"value_count": {"field": POPULARITY}}})
        return int(counted["models"]["value"])
