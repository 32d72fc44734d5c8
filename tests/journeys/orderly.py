"""A small Hub on which everything happens, answering so that every crawl of it stores in the same order."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.fakes.hub import ListSource, Order, Position, Row, make_row

MODELS = 32
ROWS = 8
"""Rows of a page. With so many models the chain up reads six pages of them and the one down a single one."""
PATIENCE_SECONDS = 30.0


class OrderlySource(ListSource):
    """Lets the pages of a full pass go out in one order: up, down, up, up, ... until the two have met.

    Only then is the chain down's second page answered, which it asked for long ago. The order does not depend
    on where a crawl goes on, so that one cut off and resumed hands out the numbers and the serials that
    an undisturbed one does.
    """

    def __init__(self) -> None:
        super().__init__(make_row(id=f"acme/gale-{n}", createdAt=created(n), likes=n) for n in range(MODELS))
        self.is_orderly = False
        self._heard: set[str] = set()
        self._turn = threading.Condition()
        self.unlisted: set[str] = set()
        """Models that no page shows although they are there."""

    def begin(self) -> None:
        """Forget what was asked: another crawl comes. What is still held back is let go."""
        with self._turn:
            self._heard = set()
            self._turn.notify_all()

    def after(self, order: Order, position: Position | None) -> Iterator[Row]:
        if self.is_orderly:
            way = "down" if order.descending else "up"
            if position is not None:
                self._hear(way)
            match way, position:
                case ("up", Position()):
                    self._await("down")
                case ("down", None):
                    self._await("up")
                case ("down", Position()):
                    self._await("name")
        return (row for row in super().after(order, position) if row["id"] not in self.unlisted)

    def find(self, repo_id: str) -> Row | None:
        self._hear("name")
        return super().find(repo_id)

    def _hear(self, what: str) -> None:
        with self._turn:
            self._heard.add(what)
            self._turn.notify_all()

    def _await(self, what: str) -> None:
        with self._turn:
            heard = self._heard
            met = self._turn.wait_for(
                lambda: what in heard or heard is not self._heard, timeout=PATIENCE_SECONDS
            )
        assert met, f"nobody asked for {what!r}"

    # -- what happens between two crawls ---------------------------------------------------------

    def live(self) -> None:
        """Let everything happen that a full pass can find."""
        self.change("acme/gale-0", sha="0" * 40, tags=["gguf"])
        self.change("acme/gale-1", downloads=777_777)
        self.change("acme/gale-2", downloads=None, gated="auto")
        self.rename("acme/gale-3", "storm/gale")
        self._swap("acme/gale-5", "acme/gale-6")
        self.rename("acme/gale-8", "storm/moved")  # a newcomer takes its name
        self.add(make_row(id="acme/gale-8", createdAt=created(MODELS)))
        self.delete("acme/gale-9")  # and this one's
        self.add(make_row(id="acme/gale-9", createdAt=created(MODELS + 1)))
        self.change("acme/gale-12", likes=-1)  # a row without meaning
        self.add(make_row(id="acme/odd", _id="", createdAt=created(13, 1)))
        for number in (15, 22):
            self.delete(f"acme/gale-{number}")
        self.change("acme/gale-23", private=True)
        self.unlisted.add("acme/gale-17")
        self.add(make_row(id="acme/new", createdAt=created(18, 1)))

    def _swap(self, one: str, other: str) -> None:
        self.rename(one, "acme/aside")
        self.rename(other, one)
        self.rename("acme/aside", other)


def created(number: int, minutes: int = 0) -> str:
    moment = datetime(2024, 5, 1, tzinfo=UTC) + timedelta(hours=number, minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
