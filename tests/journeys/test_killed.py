"""Killed amid much work and started again, the index ends whole; see `test_sync_killed` for every moment."""

import signal
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.engines.embedded.folder import live_folder
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.query import parse_query
from indexer.records import Batch, Counters, Listed, ModelRecord
from tests.journeys.running import Product, wait_until

MODELS = 6_000


def indexed(home: Path) -> list[int]:
    """Every number the index holds, found by asking for everything a page at a time."""
    reader = EmbeddedReader(home / "index")
    pages = (reader.search(parse_query("", limit=100, offset=at)) for at in range(0, MODELS, 100))
    return sorted(one.number for page in pages for one in page.selected)


def fill(home: Path, count: int) -> None:
    with Catalog(f"sqlite:///{home / 'catalog.db'}") as catalog:
        for first in range(0, count, 1_000):
            rows = [
                Listed(ModelRecord(f"{n:024x}", f"owner{n % 97}/model-{n}-7b"), Counters(downloads=n))
                for n in range(first, min(count, first + 1_000))
            ]
            catalog.apply(Batch(tuple(rows)))


def test_a_rebuild_killed_leaves_the_live_index_and_the_next_ends_whole(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {})
    fill(tmp_path, MODELS)
    assert product.run("indexer", "sync").code == 0
    live = live_folder(tmp_path / "index")
    assert live is not None

    def half_built() -> bool:
        folders = [folder for folder in (tmp_path / "index").glob("models-*") if folder != live]
        return any(len(list(folder.iterdir())) >= 12 for folder in folders)

    with product.running("indexer", "rebuild") as rebuild:
        wait_until(lambda: half_built() or rebuild.poll() is not None, "a half-built index")
        rebuild.send_signal(signal.SIGKILL)

    assert len(indexed(tmp_path)) == MODELS
    assert product.run("indexer", "rebuild").code == 0
    assert len(indexed(tmp_path)) == MODELS
    assert len(list((tmp_path / "index").glob("models-*"))) == 1


def test_a_follow_killed_and_restarted_ends_whole(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {})
    fill(tmp_path, 500)
    assert product.run("indexer", "sync").code == 0
    fill(tmp_path, MODELS)
    live = live_folder(tmp_path / "index")
    assert live is not None
    files = len(list(live.iterdir()))

    with product.running("indexer", "sync") as sync:
        wait_until(
            lambda: len(list(live.iterdir())) > files or sync.poll() is not None, "the first new segment"
        )
        sync.send_signal(signal.SIGKILL)
    ended = product.run("indexer", "sync", "--json")

    assert ended.code == 0
    assert indexed(tmp_path) == sorted(range(1, MODELS + 1))


def test_a_follower_stops_cleanly_when_asked(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {})
    fill(tmp_path, 500)
    with product.running("indexer", "sync", "--follow", "--interval", "0.1") as follower:
        wait_until(lambda: live_folder(tmp_path / "index") is not None, "the first index")
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(30) == 0
    assert len(indexed(tmp_path)) == 500


def test_a_second_sync_is_refused_in_words(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {})
    fill(tmp_path, 10)
    with product.running("indexer", "sync", "--follow") as follower:
        wait_until(lambda: live_folder(tmp_path / "index") is not None, "the first index")
        second = product.run("indexer", "sync")
        assert follower.poll() is None

    assert second.code == 75
    assert "Another index sync is running" in second.err
