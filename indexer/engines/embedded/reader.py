"""The read side of the embedded engine."""

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import tantivy

from indexer.engines.contract import HeldIndex, IndexState, OwnerSelection, Selection
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.comparing import Held, HeldKind
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.lookups import Query, TantivyTerms
from indexer.engines.embedded.owners import OwnerSearching
from indexer.engines.embedded.schema import make_schema, open_index
from indexer.engines.embedded.searching import Searching
from indexer.engines.embedded.short import ShortAnswers, read_short
from indexer.engines.selecting import Selector
from indexer.errors import EngineUnavailable
from indexer.query import KINDS, Kind, SearchQuery

_Commit: TypeAlias = tuple[tantivy.Schema, tantivy.Searcher, Selector[Query]]
"""An index at one commit: its schema, its searcher and its selector."""

REMEMBERED = 4_096
"""Answers remembered until the index changes: the short queries everybody types through."""


@dataclass(frozen=True)
class _Opened:
    """Both indexes at one commit."""

    stamp: tuple[str, int]
    kinds: Mapping[Kind, "_Commit"]
    state: IndexState
    short: ShortAnswers

    def is_of(self, folder: Path, state: IndexState) -> bool:
        """Tell whether an index of this state holds nothing else: it was only found up to date again."""
        same = replace(self.state, models=state.models, variants=state.variants, synced_at=state.synced_at)
        return self.stamp[0] == folder.name and same == state


class EmbeddedReader:
    """Answers from the live index, and moves to a newer commit or a rebuilt index by itself.

    Args:
        root: the index folder.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schemas = {kind: make_schema(kind) for kind in KINDS}
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
        """Select a page of models or variants, best first.

        Raises:
            BadRequest: the page is out of reach.
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
        ready = opened.short.answer(replace(asked, facets=()))
        with translated("The embedded index cannot be read"):
            commit = opened.kinds["variant" if asked.is_of_variants else "model"]
            searching = Searching(*commit, opened.state, asked)
            selection = searching.run() if ready is None else searching.with_facets(ready)
        with self._lock:
            self._remembered[asked] = selection
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return selection

    def owners(self, prefix: str, limit: int) -> OwnerSelection:
        """Select owners whose compact text begins with a prefix, best first; raises what `search` does."""
        opened = self._current()
        with translated("The embedded index cannot be read"):
            _, searcher, selector = opened.kinds["model"]
            owners = OwnerSearching(searcher, selector, prefix, limit).run()
        return OwnerSelection(owners, opened.state)

    def hold(self) -> HeldIndex:
        """Hold the newest commit still.

        Raises:
            EngineUnavailable: there is no index, or none that can be opened.

        """
        opened = self._open(None)
        models, variants = (HeldKind(kind, *opened.kinds[kind][:2]) for kind in KINDS)
        return Held(self._root / opened.stamp[0], models, variants, opened.state)

    def _current(self) -> _Opened:
        opened = self._opened
        if opened is None:
            opened = self._open(None)
        elif self._has_moved(opened):
            # One that is just taking its place, or is damaged, leaves the old one readable.
            with suppress(EngineUnavailable):
                opened = self._open(opened)
        self._opened = opened
        return opened

    def _has_moved(self, opened: _Opened) -> bool:
        folder = folders.live_folder(self._root)
        return folder is not None and opened.stamp != _stamp(folder)

    def _open(self, known: _Opened | None) -> _Opened:
        """Open the newest commit; what is known to hold the same is kept open."""
        while True:
            folder = folders.live_folder(self._root)
            try:
                return self._open_in(folder, known)
            except EngineUnavailable:
                if folders.live_folder(self._root) == folder:
                    raise  # else a rebuild has just taken its place

    def _open_in(self, folder: Path | None, known: _Opened | None) -> _Opened:
        stamp = None if folder is None else _stamp(folder)
        if folder is None or stamp is None:
            raise EngineUnavailable("There is no index yet; it is built by `hubdex index sync`.")
        state = folders.read_state(folder)
        with translated("The index cannot be opened", EngineUnavailable):
            if known is not None and known.is_of(folder, state):
                kinds = known.kinds
            else:
                kinds = {kind: self._commit_of(folder, kind) for kind in KINDS}
            models, variants = (kinds[kind][1].num_docs for kind in KINDS)
            state = replace(state, models=models, variants=variants)
            return _Opened(stamp, kinds, state, read_short(folder, state))

    def _commit_of(self, folder: Path, kind: Kind) -> _Commit:
        schema = self._schemas[kind]
        index = open_index(folders.folder_of(folder, kind), schema)
        index.reload()
        searcher = index.searcher()
        return schema, searcher, Selector(TantivyTerms(schema, searcher))


def _stamp(folder: Path) -> tuple[str, int] | None:
    try:
        return folder.name, folders.state_file(folder).stat().st_mtime_ns
    except OSError:
        return None
