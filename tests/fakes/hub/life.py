"""A Hub that lives while somebody crawls it: every so-many requests something happens to a model."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast, get_args

from tests.fakes.hub.rows import Row, make_row, object_id
from tests.fakes.hub.source import ListSource

Happening = Literal[
    "create", "push", "drift", "rename", "succeed", "delete", "gate", "disable", "hide", "backdate"
]
HAPPENINGS: tuple[Happening, ...] = tuple(kind for kind in get_args(Happening) if kind != "backdate")
"""What happens unless others are asked for; `backdate` is a push whose commit says it is days old."""
_BACK = timedelta(days=3)


@dataclass(frozen=True)
class Change:
    """What happened to one model, at which request; its key is its `_id`, its id the one it had before."""

    request: int
    kind: Happening
    key: str
    id: str
    new_id: str | None = None


class Life:
    """Changes a source at every n-th request, the same way for the same seed, and keeps a ledger of it.

    Give it to a Hub as `on_request`. Each kind of happening comes once before any comes again. A model whose
    name is taken by a successor is told in two changes, a rename and a create.
    """

    def __init__(
        self,
        source: ListSource,
        clock: Callable[[], datetime],
        *,
        seed: int = 0,
        every: int = 1,
        kinds: Sequence[Happening] = HAPPENINGS,
    ) -> None:
        self._source = source
        self._clock = clock
        self._seed = seed
        self._random = random.Random(seed)
        self._every = every
        self._kinds = kinds
        self._deck: list[Happening] = []
        self._request = 0
        self.changes: list[Change] = []

    def __call__(self, request: int) -> None:
        """Hear of a request, and let something happen if it is time."""
        if request % self._every == 0:
            self._request = request
            self.happen(self._next_kind())

    @property
    def alive(self) -> set[tuple[str, str]]:
        """The key and the id of every model that everybody may see now."""
        return {(str(row["_id"]), str(row["id"])) for row in self._public()}

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """Every move from an id to another, in the order they were made."""
        return [(change.id, change.new_id) for change in self.changes if change.new_id is not None]

    @property
    def deleted(self) -> set[str]:
        return self.keys("delete")

    def keys(self, kind: Happening) -> set[str]:
        """The models this has happened to."""
        return {change.key for change in self.changes if change.kind == kind}

    def ids(self, kind: Happening) -> set[str]:
        """The ids, as they were before, of the models this has happened to."""
        return {change.id for change in self.changes if change.kind == kind}

    def _public(self) -> list[Row]:
        return [row for row in self._source.rows() if not row.get("private")]

    def _next_kind(self) -> Happening:
        if not self._deck:
            self._deck = self._random.sample(self._kinds, len(self._kinds))
        return self._deck.pop()

    def happen(self, kind: Happening) -> None:
        """Let this happen to a model that everybody may see."""
        public = self._public()
        if kind == "create" or not public:
            self._create(f"life-{len(self.changes) % 7}/Born-{len(self.changes)}")
            return
        row = self._random.choice(public)
        repo_id = str(row["id"])
        match kind:
            case "rename":
                self._rename(row)
            case "succeed":
                self._rename(row)
                self._create(repo_id)
            case "delete":
                self._source.delete(repo_id)
                self._note("delete", row)
            case _:
                self._source.change(repo_id, **self._changed_fields(kind, row))
                self._note(kind, row)

    def _create(self, repo_id: str) -> None:
        now = self._clock()
        key = object_id(int(now.timestamp()), f"{self._seed} {len(self.changes)} {repo_id}")
        moment = _spell(now)
        row = make_row(
            id=repo_id, _id=key, sha=self._sha(), createdAt=moment, lastModified=moment,
            downloads=0, downloadsAllTime=0, likes=0,
        )  # fmt: skip
        self._source.add(row)
        self._note("create", row)

    def _rename(self, row: Row) -> None:
        number, name = len(self.changes), str(row["id"]).rpartition("/")[2]
        new = f"life-{number % 7}/{name}-{number}"
        self._source.rename(str(row["id"]), new)
        self._note("rename", row, new)

    def _changed_fields(self, kind: Happening, row: Row) -> Row:
        match kind:
            case "push" | "backdate":
                files = cast("list[dict[str, str]]", row.get("siblings", []))
                file = {"rfilename": f"checkpoint-{len(self.changes)}.safetensors"}
                said = self._clock() - (_BACK if kind == "backdate" else timedelta(0))
                return {"sha": self._sha(), "lastModified": _spell(said), "siblings": [*files, file]}
            case "gate":
                return {"gated": self._random.choice(("auto", "manual"))}
            case "disable":
                return {"disabled": True}
            case "hide":
                return {"private": True}
        more = self._random.randrange(1, 10_000)
        return {
            "downloads": _count(row, "downloads") + more,
            "downloadsAllTime": _count(row, "downloadsAllTime") + more,
            "likes": _count(row, "likes") + more % 3,
            "trendingScore": more % 100,
        }

    def _sha(self) -> str:
        text = f"{self._seed} {len(self.changes)}"
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def _note(self, kind: Happening, row: Row, new_id: str | None = None) -> None:
        self.changes.append(Change(self._request, kind, str(row["_id"]), str(row["id"]), new_id))


def _count(row: Row, field: str) -> int:
    return cast("int", row.get(field, 0))


def _spell(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
