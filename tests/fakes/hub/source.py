"""Where the stand-in Hub's models come from, and the order they are listed in."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from tests.fakes.hub.revisions import pushed
from tests.fakes.hub.rows import Row
from tests.fakes.hub.sizes import File

SortKey = Literal["downloads", "likes", "lastModified", "createdAt", "trendingScore"]
Value = int | float | str

_SORTED_ANEW = 1_000
"""So many changes are dearer to follow than to sort all rows again."""


@dataclass(frozen=True)
class Order:
    """A sort key and a direction; equals stand by ascending `_id`, unknown values come last."""

    key: SortKey = "trendingScore"
    descending: bool = True


@dataclass(frozen=True)
class Position:
    """The last row a page has shown: its sort value and its `_id`."""

    value: Value | None
    last_id: str


@dataclass(frozen=True)
class _Ordered:
    """Rows in an order, as they were after so many changes."""

    rows: list[Row]
    changes: int


class ModelSource(Protocol):
    """All the stand-in Hub needs to know about a set of models."""

    def __len__(self) -> int:
        """How many models there are."""

    def after(self, order: Order, position: Position | None) -> Iterator[Row]:
        """The rows in this order that come after a position, or all of them."""

    def find(self, repo_id: str) -> Row | None:
        """The model with exactly this id."""

    def resolve(self, repo_id: str) -> str | None:
        """The present id of a model that was renamed or is spelled in another case."""


def sort_value(row: Row, key: SortKey) -> Value | None:
    value = row.get(key)
    return value if isinstance(value, int | float | str) else None


def comes_after(row: Row, order: Order, position: Position) -> bool:
    """Tell whether a row belongs behind a position; the one definition of the listing's order."""
    value = sort_value(row, order.key)
    if position.value is None or value is None or value == position.value:
        same_place = value == position.value
        return str(row["_id"]) > position.last_id if same_place else value is None
    return _is_less(value, position.value) == order.descending


def _is_less(left: Value, right: Value) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return str(left) < str(right)
    return left < right


class ListSource:
    """Models held in memory, which a test may add, change, rename and delete while the Hub is serving."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._lock = threading.RLock()
        self._by_id: dict[str, Row] = {}
        self._object_ids: set[str] = set()
        self._folded: dict[str, set[str]] = {}
        self._moved: dict[str, str] = {}
        self._orders: dict[Order, _Ordered] = {}
        self._log: list[tuple[Row | None, Row | None]] = []
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        return len(self._by_id)

    def rows(self) -> list[Row]:
        with self._lock:
            return list(self._by_id.values())

    def add(self, row: Row) -> None:
        repo_id, object_id = str(row["id"]), str(row["_id"])
        with self._lock:
            if repo_id in self._by_id or object_id in self._object_ids:
                raise ValueError(f"{repo_id} ({object_id}) is there already")
            self._object_ids.add(object_id)
            self._put(repo_id, dict(row))

    def change(self, repo_id: str, **fields: object) -> None:
        """Give fields new values; None takes a field away."""
        with self._lock:
            merged = self._by_id[repo_id] | fields
            self._put(repo_id, {field: value for field, value in merged.items() if value is not None})

    def push(self, repo_id: str, *files: File) -> str:
        """Commit files, new ones or new versions, to a model and give the commit; older ones stay to be had.

        A file is one of a row's `siblings`: a `rfilename`, and what else is known of it, as its `content`.
        """
        with self._lock:
            self.change(repo_id, **pushed(self._by_id[repo_id], files))
            return str(self._by_id[repo_id]["sha"])

    def rename(self, old: str, new: str) -> None:
        """Move a model; the old id keeps pointing to it."""
        with self._lock:
            if new in self._by_id:
                raise ValueError(f"{new} is there already")
            row = self._by_id[old] | {"id": new}
            row.pop("author", None)
            if "/" in new:
                row["author"] = new.partition("/")[0]
            self._drop(old)
            self._put(new, row)
            self._moved.pop(new, None)
            self._moved.update({name: new for name, target in self._moved.items() if target == old})
            self._moved[old] = new

    def delete(self, repo_id: str) -> None:
        with self._lock:
            self._object_ids.discard(str(self._by_id[repo_id]["_id"]))
            self._drop(repo_id)
            self._moved = {name: target for name, target in self._moved.items() if target != repo_id}

    def find(self, repo_id: str) -> Row | None:
        return self._by_id.get(repo_id)

    def resolve(self, repo_id: str) -> str | None:
        with self._lock:
            if repo_id in self._moved:
                return self._moved[repo_id]
            return min(self._folded.get(repo_id.casefold(), ()), default=None)

    def after(self, order: Order, position: Position | None) -> Iterator[Row]:
        rows = self._ordered(order)
        start = 0 if position is None else first_index(rows, lambda row: comes_after(row, order, position))
        return (rows[index] for index in range(start, len(rows)))

    def _ordered(self, order: Order) -> list[Row]:
        with self._lock:
            known = self._orders.get(order)
            changes = () if known is None else self._log[known.changes :]
            if known is None or len(changes) > _SORTED_ANEW:
                rows = in_order(self._by_id.values(), order)
            elif not changes:
                return known.rows
            else:
                rows = known.rows.copy()  # somebody may be walking the old one
                for before, after in changes:
                    _move(rows, order, before, after)
            self._orders[order] = _Ordered(rows, len(self._log))
            return rows

    def _put(self, repo_id: str, row: Row) -> None:
        self._note(self._by_id.get(repo_id), row)
        self._by_id[repo_id] = row
        self._folded.setdefault(repo_id.casefold(), set()).add(repo_id)

    def _drop(self, repo_id: str) -> None:
        self._note(self._by_id.pop(repo_id), None)
        self._folded[repo_id.casefold()].discard(repo_id)

    def _note(self, before: Row | None, after: Row | None) -> None:
        if self._orders:
            self._log.append((before, after))


def in_order(rows: Iterable[Row], order: Order) -> list[Row]:
    by_id = sorted(rows, key=lambda row: str(row["_id"]))
    known = [row for row in by_id if sort_value(row, order.key) is not None]
    unknown = [row for row in by_id if sort_value(row, order.key) is None]
    # One key holds one type of value, and a reversed sort is still stable: equals stay by ascending _id.
    known.sort(key=lambda row: cast("int", row[order.key]), reverse=order.descending)
    return known + unknown


def _move(rows: list[Row], order: Order, before: Row | None, after: Row | None) -> None:
    if before is not None:
        del rows[_index_after(rows, order, before) - 1]
    if after is not None:
        rows.insert(_index_after(rows, order, after), after)


def _index_after(rows: list[Row], order: Order, row: Row) -> int:
    position = Position(sort_value(row, order.key), str(row["_id"]))
    return first_index(rows, lambda other: comes_after(other, order, position))


def first_index(rows: list[Row], is_beyond: Callable[[Row], bool]) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if is_beyond(rows[middle]):
            high = middle
        else:
            low = middle + 1
    return low
