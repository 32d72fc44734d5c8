"""The read side of the embedded engine."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import tantivy

from indexer.engines.contract import IndexState, Selected, Selection, Step
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.schema import NUMBER, POPULARITY, make_schema, open_index
from indexer.engines.embedded.selecting import Query, Selector
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import SearchQuery

TYPOS_BELOW = 3
"""A slip of the finger is looked for only when fewer models than this match as typed."""
REMEMBERED = 4_096
"""Answers remembered until the index changes: the short queries everybody types through."""


@dataclass(frozen=True)
class _Opened:
    """An index at one commit."""

    stamp: tuple[str, int]
    searcher: tantivy.Searcher
    state: IndexState


class EmbeddedReader:
    """Answers from the live index, and moves to a newer commit or a rebuilt index by itself.

    Args:
        root: the index folder.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = make_schema()
        self._selector = Selector(self._schema)
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
            selection = _Search(opened, self._selector, asked).run()
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
            self._opened = _Opened(stamp, searcher, replace(state, models=searcher.num_docs))
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

    def __init__(self, opened: _Opened, selector: Selector, query: SearchQuery) -> None:
        self._searcher = opened.searcher
        self._state = opened.state
        self._selector = selector
        self._query = query

    def run(self) -> Selection:
        steps = self._selector.steps(self._query)
        total = self._count(self._selector.everything(self._query))
        page = self._page(steps, total)
        exact = total == 0 or self._selector.counts_exactly(self._query)
        found = bool(page) and page[0].step is Step.EXACT_ID
        typos = self._selector.typos(self._query) if total < TYPOS_BELOW and not found else None
        forgiven = total if typos is None else self._count(typos)
        if typos is not None and forgiven > total:
            page = self._page([*steps, (Step.TYPO, typos)], forgiven)
            return Selection(page, forgiven, False, self._state)
        return Selection(page, total, exact, self._state)

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
            if skip:
                here = self._count(own)
                if here <= skip:
                    skip -= here
                    continue
            hits = self._searcher.search(
                own, want - len(selected), count=False, order_by_field=POPULARITY, offset=skip
            ).hits
            skip = 0
            addresses = [address for _, address in hits]
            numbers = self._searcher.fast_field_values(NUMBER, addresses) if addresses else []
            selected += [Selected(int(number), step) for number in numbers if number is not None]
        return tuple(selected)

    def _count(self, query: Query) -> int:
        result = self._searcher.search(query, 1, count=True)
        return int(result.count)  # type: ignore[attr-defined]  # its stub forgets it
