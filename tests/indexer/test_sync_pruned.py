"""An index that was away while removals were forgotten ends as one that is built anew."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.upkeep import CatalogUpkeep
from indexer.checking import check_index
from indexer.records import Removal
from tests.indexer import engines
from tests.indexer.test_sync import Workshop, listed

pytestmark = pytest.mark.usefixtures("each_engine")

END = datetime(2999, 1, 1, tzinfo=UTC)
NUMBERS = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("put"), NUMBERS),
    st.tuples(st.just("remove"), NUMBERS),
    st.tuples(st.just("prune"), st.integers(0, 20)),
    st.tuples(st.just("sync"), st.just(0)),
)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    yield shop
    shop.catalog.close()


def remove(workshop: Workshop, number: int) -> None:
    workshop.put(removals=(Removal(f"{number:024x}", "gone"),))


def prune(workshop: Workshop, serial: int) -> None:
    with closing(CatalogUpkeep(workshop.catalog.url, lambda: False)) as upkeep:
        upkeep.prune(END, serial)


def differing(workshop: Workshop) -> bool:
    return not check_index(workshop.catalog, engines.reader(workshop.index), sample=None).agrees


def test_an_index_older_than_what_was_forgotten_is_built_anew(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x"), listed(2, "a/y"))
    workshop.sync()
    remove(workshop, 2)
    prune(workshop, 3)

    report = workshop.sync()

    assert (report.done, workshop.found()) == ("rebuilt", ["a/x"])
    assert "no longer kept" in report.why


def test_an_index_that_has_it_behind_goes_on_following(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x"), listed(2, "a/y"))
    remove(workshop, 2)
    workshop.sync()
    prune(workshop, 3)
    workshop.put(listed(3, "a/z"))

    assert (workshop.sync().done, len(workshop.found())) == ("followed", 2)


def test_what_is_forgotten_while_an_index_follows_is_not_missed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.put(listed(1, "a/x"), listed(2, "a/y"))
    workshop.sync()
    remove(workshop, 2)
    following = workshop.catalog.changes_since

    def changes_since(serial: int) -> object:
        prune(workshop, 3)
        return following(serial)

    monkeypatch.setattr(workshop.catalog, "changes_since", changes_since)
    assert (workshop.sync().done, workshop.found()) == ("rebuilt", ["a/x"])


@settings(deadline=None, max_examples=10)
@given(st.lists(STEPS, max_size=12))
def test_whatever_is_forgotten_a_sync_ends_like_a_rebuild(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        with closing(workshop.catalog):
            for what, number in [("put", 0), ("sync", 0), *steps, ("sync", 0)]:
                match what:
                    case "put":
                        workshop.put(listed(number, f"a/m{number}", number))
                    case "remove":
                        remove(workshop, number)
                    case "prune":
                        prune(workshop, min(number, workshop.catalog.state().serial))
                    case _:
                        workshop.sync()
            assert not differing(workshop)
