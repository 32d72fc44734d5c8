"""The read side of the embedded engine."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import tantivy

from indexer.engines.contract import IndexState, OwnerSelection, Selection
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.owners import OwnerSearching
from indexer.engines.embedded.schema import make_schema, open_index
from indexer.engines.embedded.searching import Searching
from indexer.engines.embedded.selecting import Selector
from indexer.engines.embedded.short import ShortAnswers, read_short
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import SearchQuery

REMEMBERED = 4_096
"""Answers remembered until the index changes: the short queries everybody types through."""


@dataclass(frozen=True)
class _Opened:
    """An index at one commit."""

    stamp: tuple[str, int]
    searcher: tantivy.Searcher
    selector: Selector
    state: IndexState
    short: ShortAnswers

    def is_of(self, folder: Path, state: IndexState) -> bool:
        """Tell whether an index of this state holds nothing else: it was only found up to date again."""
        same = replace(self.state, models=state.models, synced_at=state.synced_at)
        return self.stamp[0] == folder.name and same == state


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
            selection = opened.short.answer(asked)
            if selection is None:
                selection = Searching(opened.searcher, opened.selector, opened.state, asked).run()
        except (ValueError, OSError, RuntimeError) as error:
            raise EngineError(f"The embedded index cannot be read: {error}.") from error
        with self._lock:
            self._remembered[asked] = selection
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return selection

    def owners(self, prefix: str, limit: int) -> OwnerSelection:
        """Select owners whose compact text begins with a prefix, best first; raises what `search` does."""
        opened = self._current()
        try:
            owners = OwnerSearching(opened.searcher, opened.selector, prefix, limit).run()
        except (ValueError, OSError, RuntimeError) as error:
            raise EngineError(f"The embedded index cannot be read: {error}.") from error
        return OwnerSelection(owners, opened.state)

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
            if opened is not None and opened.is_of(folder, state):
                searcher, selector = opened.searcher, opened.selector
            else:
                index = open_index(folder, self._schema)
                index.reload()
                searcher = index.searcher()
                selector = Selector(self._schema, searcher)
            state = replace(state, models=searcher.num_docs)
            self._opened = _Opened(stamp, searcher, selector, state, read_short(folder, state))
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
