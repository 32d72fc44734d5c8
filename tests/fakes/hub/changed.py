"""Changes laid over computed models, so that something can happen on a Hub of millions."""

import functools
import heapq
from collections.abc import Iterable, Iterator

from tests.fakes.hub.rows import Row
from tests.fakes.hub.source import ListSource, ModelSource, Order, Position, comes_after, sort_value


class ChangedSource:
    """Another source with some of its models changed, renamed or deleted, and some new ones, in every order.

    Only what was changed is held. A page costs no more than it does in the source beneath, and one step for
    every changed model that is passed over there.
    """

    def __init__(self, base: ModelSource) -> None:
        self._base = base
        self._changed = ListSource()
        self._covered: set[str] = set()

    def __len__(self) -> int:
        return len(self._base) - len(self._covered) + len(self._changed)

    def add(self, row: Row) -> None:
        if self.find(str(row["id"])) is not None:
            raise ValueError(f"{row['id']} is there already")
        self._changed.add(row)

    def update(self, rows: Iterable[Row]) -> None:
        """Give models of the source beneath new rows, many at once: told by `_id`, none is looked up.

        Ids must stay as they are; `rename` is what leaves a redirect behind.
        """
        for row in rows:
            if str(row["_id"]) in self._covered:
                self._changed.change(str(row["id"]), **row)
            else:
                self._cover(row)

    def change(self, repo_id: str, **fields: object) -> None:
        """Give fields new values; None takes a field away."""
        self._hold(repo_id)
        self._changed.change(repo_id, **fields)

    def rename(self, old: str, new: str) -> None:
        """Move a model; the old id keeps pointing to it."""
        if self.find(new) is not None:
            raise ValueError(f"{new} is there already")
        self._hold(old)
        self._changed.rename(old, new)

    def delete(self, repo_id: str) -> None:
        self._hold(repo_id)
        self._changed.delete(repo_id)

    def find(self, repo_id: str) -> Row | None:
        row = self._changed.find(repo_id)
        if row is None:
            row = self._base.find(repo_id)
            if row is not None and str(row["_id"]) in self._covered:
                return None
        return row

    def resolve(self, repo_id: str) -> str | None:
        target = self._changed.resolve(repo_id)
        if target is None:
            target = self._base.resolve(repo_id)
            if target is not None:
                target = self._changed.resolve(target) or target
        return target

    def after(self, order: Order, position: Position | None) -> Iterator[Row]:
        beneath = self._base.after(order, position)
        untouched = (row for row in beneath if str(row["_id"]) not in self._covered)

        def compare(left: Row, right: Row) -> int:
            place = Position(sort_value(right, order.key), str(right["_id"]))
            return 1 if comes_after(left, order, place) else -1

        changed = self._changed.after(order, position)
        return heapq.merge(untouched, changed, key=functools.cmp_to_key(compare))

    def _hold(self, repo_id: str) -> None:
        if self._changed.find(repo_id) is None:
            row = self.find(repo_id)
            if row is None:
                raise KeyError(repo_id)
            self._cover(row)

    def _cover(self, row: Row) -> None:
        self._changed.add(row)
        self._covered.add(str(row["_id"]))
