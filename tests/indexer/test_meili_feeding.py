"""Feeding a server: batches it takes, and documents and tasks that it refuses."""

import gzip
from dataclasses import replace
from itertools import pairwise

import pytest

from indexer.documents import to_document
from indexer.engines.meilisearch import feeding
from indexer.engines.meilisearch.feeding import Feed
from indexer.engines.meilisearch.fields import ID, MODELS, settings_of
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.errors import EngineError
from indexer.records import Batch, ModelRecord, Outline, Removal
from indexer.sync import Sync
from tests.indexer import engines
from tests.indexer.engines import Meili
from tests.indexer.home import MODELS as HELD
from tests.indexer.home import Home
from tests.indexer.script import key_of, listed

pytestmark = [pytest.mark.meilisearch, pytest.mark.usefixtures("meili")]


class Watched(Server):
    """A server, and the sizes of the batches that were sent to it."""

    def __init__(self, url: str) -> None:
        super().__init__(url, None)
        self.batches: list[int] = []

    def add(self, uid: str, packed: bytes, *, partial: bool = False) -> int:
        self.batches.append(len(gzip.decompress(packed)))
        return super().add(uid, packed, partial=partial)


def test_batches_stay_below_the_bound_and_everything_arrives(
    meili: Meili, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "BATCH_BYTES", 3_000)
    server = Watched(meili.url)
    writer = MeiliWriter(server, meili.prefix(home.index))

    Sync(home.catalog, writer).rebuild()
    *models, state = server.batches
    assert len(models) > 2 * feeding.UNDER_WAY
    assert max(models) <= 3_000 < min(a + b for a, b in pairwise(models))
    assert state < 500
    assert home.check().agrees

    server.batches.clear()
    home.put(*(replace(one, counters=replace(one.counters, likes=5)) for one in HELD))
    Sync(home.catalog, writer).run()
    *counted, state = server.batches
    assert sum(counted) < sum(models) / 3  # the counters alone
    assert home.check().agrees


def test_a_document_larger_than_a_batch_goes_alone(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "BATCH_BYTES", 100)
    server = Watched(meili.url)
    server.create("test-large", settings_of(MODELS))
    feed = Feed(server, "test-large")

    feed.add([{ID: "a"}, {ID: "b", "text": "x" * 1_000}, {ID: "c"}, {ID: "d"}])
    feed.finish()

    assert [size > 100 for size in server.batches] == [False, True, False]
    assert server.count("test-large") == 4


def test_a_feed_without_documents_asks_nothing_of_the_server(meili: Meili) -> None:
    server = Watched(meili.url)
    feed = Feed(server, "test-nothing")

    feed.add([])
    feed.finish()

    assert (server.batches, "test-nothing" in server.indexes()) == ([], False)


def test_a_document_that_is_refused_stops_the_sync_until_it_is_mended(home: Home) -> None:
    before = engines.reader(home.index).state()
    later = listed(99, "a/later")
    odd = replace(later, record=ModelRecord("a/b", "odd/key"))
    home.put(odd, later, removed=(1,))

    for rebuild in (False, True):
        with pytest.raises(EngineError, match='"a/b"'):
            home.sync(rebuild=rebuild)

        assert engines.reader(home.index).state() == before
        assert engines.engine().builds(home.index) == 1
        held = engines.reader(home.index).hold()
        assert held.state.models == len(HELD)
        first = to_document(home.outline(2))
        assert held.differences([2], {2: first}, words=True) == {}

    home.catalog.apply(Batch(removals=(Removal("a/b", "odd"),)))
    assert home.sync() == "followed"
    assert home.check().agrees


class Canceling(Server):
    """A server on which somebody cancels every batch as soon as it waits for its turn."""

    def add(self, uid: str, packed: bytes, *, partial: bool = False) -> int:
        task = super().add(uid, packed, partial=partial)
        self.cancel([uid])
        return task


def keep_busy(meili: Meili) -> None:
    """Give the server work for a moment, elsewhere."""
    words = [f"{n * 7919:x}" for n in range(4_000)]
    lines = [f'{{"id": {n}, "text": "{" ".join(words[n % 3_000 :][:60])}"}}' for n in range(6_000)]
    meili.server.add("test-busy", gzip.compress("\n".join(lines).encode(), 1))


@pytest.mark.parametrize("counters", [False, True])
def test_a_task_that_is_canceled_stops_the_sync_until_the_next(
    meili: Meili, home: Home, *, counters: bool
) -> None:
    before = engines.reader(home.index).state()
    liked = replace(HELD[0], counters=replace(HELD[0].counters, likes=99))
    home.put(liked if counters else listed(99, "a/new"))
    writer = MeiliWriter(Canceling(meili.url, None), meili.prefix(home.index))
    keep_busy(meili)

    with pytest.raises(EngineError, match="canceled a task"):
        Sync(home.catalog, writer).run()

    assert engines.reader(home.index).state() == before
    assert home.check().behind == 1
    assert home.sync() == "followed"
    assert home.check().agrees


def test_counters_of_a_model_that_is_not_held_are_left_out(meili: Meili, home: Home) -> None:
    writer = engines.writer(home.index)
    before = meili.server.count(meili.uid(home.index))

    stranger = to_document(Outline(99, "a/stranger", key_of(99), downloads=9))
    renumbered = to_document(Outline(1, "a/renumbered", key_of(98), downloads=9))
    writer.recount([stranger, renumbered])
    writer.commit(replace(engines.reader(home.index).state(), serial=99))
    writer.close()

    assert meili.server.count(meili.uid(home.index)) == before
