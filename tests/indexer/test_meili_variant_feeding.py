"""Variants in an index on a server that is fed: whatever comes and goes, it holds those that there are."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.documents import Document, VariantPart
from indexer.engines.meilisearch import comparing, pending
from indexer.engines.meilisearch.fields import ID, VARIANTS, to_variant_payloads
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.errors import EngineError
from indexer.query import parse_query
from tests.indexer.engines import Meili
from tests.indexer.shelf import document, state

pytestmark = pytest.mark.meilisearch

NUMBERS = range(1, 6)


def model(number: int, codes: Sequence[int] = (), **fields: int) -> Document:
    """Give a model whose variants have these codes, best first."""
    made = document(number, f"a/gale-{number}", **fields)
    parts = [VariantPart(code, "gguf", "q4_0", ("q4", "q4_0"), ("gguf",), code, 1, 1, ()) for code in codes]
    return replace(made, variants=tuple(parts))


class Counting(Server):
    """A server, and what it was asked to change; it may go away when variants are to be removed."""

    def __init__(self, url: str) -> None:
        super().__init__(url, None)
        self.changes: list[str] = []
        self.is_away = False

    def add(self, uid: str, packed: bytes, *, partial: bool = False) -> int:
        self._asked(uid, "counters" if partial else "documents")
        return super().add(uid, packed, partial=partial)

    def remove(self, uid: str, condition: str) -> int:
        self._asked(uid, "removal")
        return super().remove(uid, condition)

    def remove_keys(self, uid: str, keys: Sequence[str]) -> int:
        if self.is_away:
            raise EngineError("away")
        self._asked(uid, f"removal of {len(keys)}")
        return super().remove_keys(uid, keys)

    def _asked(self, uid: str, what: str) -> None:
        self.changes.append(f"{uid.rpartition('-')[2]}: {what}")


class Shelf:
    """An index on a server, and what it should hold."""

    def __init__(self, meili: Meili, folder: Path, *held: Document) -> None:
        self.meili = meili
        self.folder = folder
        self.server = Counting(meili.url)
        self.writer = MeiliWriter(self.server, meili.prefix(folder))
        known = self.writer.state()
        self.serial = known.serial if known else 1
        self.held: dict[int, Document] = {}
        if known is None:
            self.writer.rebuild([tuple], state(0))
        self.write(*held, removed=NUMBERS)
        self.commit()
        self.server.changes.clear()

    def write(self, *documents: Document, removed: Sequence[int] = ()) -> None:
        self.writer.write(documents, removed)
        for number in removed:
            self.held.pop(number, None)
        self.held |= {one.number: one for one in documents}

    def recount(self, *documents: Document) -> None:
        self.writer.recount(documents)
        for one in documents:
            if one.number in self.held:
                self.held[one.number] = one

    def commit(self) -> None:
        self.serial += 1
        self.writer.commit(state(len(self.held), self.serial))

    def wrong(self) -> dict[int, str]:
        held = self.meili.reader(self.folder).hold()
        assert held.state.variants == self.meili.reader(self.folder).state().variants
        assert held.state.models == len(self.held)
        return held.differences(NUMBERS, self.held, words=True)

    def codes(self, text: str = "gale") -> list[tuple[int, int]]:
        found = self.meili.reader(self.folder).search(parse_query(text, kind="variant"))
        return [(one.number, one.variant) for one in found.selected]

    def assert_right(self) -> None:
        assert self.wrong() == {}
        by_popularity = sorted(self.held.values(), key=lambda one: (-one.popularity, one.number))
        wanted = [(one.number, part.code) for one in by_popularity for part in one.variants]
        assert self.codes() == wanted
        assert self.meili.reader(self.folder).state().variants == len(wanted)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One index for all tests: building it anew would take longer than each of them."""
    return tmp_path_factory.mktemp("index")


@pytest.fixture
def shelf(meili: Meili, folder: Path) -> Shelf:
    return Shelf(meili, folder, model(1, [11, 12]), model(2, [11]), model(3))


@pytest.mark.parametrize("codes", [[11, 12], [12, 11], [13, 11, 12], [12], [], [21, 22], [9, 8, 7, 6]])
def test_a_changed_model_has_the_variants_it_has_now(shelf: Shelf, codes: list[int]) -> None:
    shelf.write(model(1, codes), model(3, [31]))
    assert shelf.codes("gale-3") == []  # not committed yet

    shelf.commit()
    shelf.assert_right()


def test_what_need_not_be_changed_is_not_asked_for(shelf: Shelf) -> None:
    shelf.write(model(1, [11, 12, 13]), model(2, [11]), removed=[3])
    shelf.commit()
    assert sorted(shelf.server.changes) == [
        "models: documents", "models: removal", "state: documents", "variants: documents"
    ]  # fmt: skip

    shelf.server.changes.clear()
    shelf.write(model(1, [11]), removed=[2])
    shelf.commit()
    assert sorted(shelf.server.changes) == [
        "models: documents", "models: removal", "state: documents", "variants: documents",
        "variants: removal", "variants: removal of 2",
    ]  # fmt: skip
    shelf.assert_right()


def test_what_moves_moves_in_all_variants(shelf: Shelf) -> None:
    shelf.recount(model(1, [11, 12], likes=3), model(2, [11], downloads=20_000), model(3, likes=9))
    shelf.commit()

    assert sorted(shelf.server.changes) == ["models: counters", "state: documents", "variants: counters"]
    assert shelf.codes()[0] == (2, 11)
    shelf.assert_right()


def test_what_is_written_last_is_what_is_held(shelf: Shelf) -> None:
    shelf.recount(model(1, [11, 12], likes=3))
    shelf.write(model(1, [11, 12], likes=4))
    shelf.commit()
    shelf.assert_right()

    shelf.write(model(1, [11, 12], likes=5))
    shelf.recount(model(1, [11, 12], likes=6))
    shelf.commit()
    shelf.assert_right()


def test_variants_that_are_not_held_get_no_counters(shelf: Shelf) -> None:
    """As when a model has changed in the meantime: the next sync brings its new variants."""
    shelf.writer.recount([model(1, [12, 13], likes=3), model(9, [11], likes=3)])
    shelf.commit()

    assert shelf.codes() == [(1, 12), (1, 11), (2, 11)] or shelf.codes() == [(1, 11), (1, 12), (2, 11)]
    assert shelf.meili.server.count(shelf.meili.uid(shelf.folder, VARIANTS)) == 3


def test_a_sync_that_ends_before_old_variants_are_removed_is_replayed(shelf: Shelf) -> None:
    shelf.server.is_away = True
    shelf.write(model(1, [13]), model(2, [11, 12]), removed=[3])
    with pytest.raises(EngineError):
        shelf.commit()
    assert set(shelf.codes()) >= {(1, 13), (2, 11), (2, 12)}

    again = MeiliWriter(Server(shelf.meili.url, None), shelf.meili.prefix(shelf.folder))
    again.write([model(1, [13]), model(2, [12])], [3])
    shelf.held[2] = model(2, [12])
    again.commit(state(2, shelf.serial + 1))

    shelf.assert_right()


def test_more_than_one_page_of_models_and_of_removals(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "AMONG", 2)
    monkeypatch.setattr(pending, "REMOVED", 3)
    monkeypatch.setattr(comparing, "COMPARED", 2)
    shelf.write(*(model(number, range(1, 5), likes=number) for number in NUMBERS))
    shelf.commit()
    shelf.assert_right()

    shelf.write(*(model(number, [number], likes=number) for number in NUMBERS))
    shelf.recount(*(model(number, [number], likes=2 * number) for number in NUMBERS))
    shelf.commit()
    shelf.assert_right()


def test_two_variants_of_one_code_are_one(shelf: Shelf) -> None:
    twice = model(1, [11, 11])
    shelf.writer.rebuild([lambda: [twice]], state(1, shelf.serial))
    assert shelf.meili.reader(shelf.folder).state().variants == 1
    shelf.writer.write([twice], [])
    shelf.writer.commit(state(1, shelf.serial + 1))
    assert shelf.codes() == [(1, 11)]


actions = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "remove", "recount", "commit"]),
        st.sampled_from(NUMBERS),
        st.lists(st.integers(1, 4), unique=True, max_size=3),
        st.integers(0, 20_000),
    ),
    min_size=4,
    max_size=12,
)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(script=actions)
def test_whatever_comes_and_goes_what_is_held_is_right(
    meili: Meili, folder: Path, script: list[tuple[str, int, list[int], int]]
) -> None:
    shelf = Shelf(meili, folder)
    for what, number, codes, downloads in script:
        one = model(number, codes, downloads=downloads)
        match what:
            case "write":
                shelf.write(one)
            case "remove":
                shelf.write(removed=[number])
            case "recount" if number in shelf.held:
                held = [part.code for part in shelf.held[number].variants]
                shelf.recount(model(number, held, downloads=downloads))
            case "commit":
                shelf.commit()
    shelf.commit()

    shelf.assert_right()


@pytest.fixture
def spoiled(shelf: Shelf) -> Shelf:
    shelf.assert_right()
    return shelf


def test_missing_strange_and_changed_variants_are_named(spoiled: Shelf) -> None:
    meili, folder = spoiled.meili, spoiled.folder
    first, second = to_variant_payloads(spoiled.held[1]).values()
    meili.put(folder, [{**second, "bits": 7, "quants": ["q9"]}], VARIANTS, whole=True)
    name = "its variant q4_0 (gguf)"
    assert spoiled.wrong() == {1: f"{name}: bits is 7 instead of 1; {name}: its quants are not its own"}

    uid = meili.uid(folder, VARIANTS)
    meili.server.wait(meili.server.remove_keys(uid, [str(second[ID])]))
    meili.put(folder, [{**first, ID: "stranger-1", "number": 3}], VARIANTS, whole=True)
    assert differences(spoiled) == {
        1: "its variant q4_0 (gguf) is missing",
        3: "1 of the variants held are none of its own",
    }

    meili.put(folder, [{**first, ID: "stranger-1", "number": 5}], VARIANTS, whole=True)
    assert spoiled.meili.reader(folder).hold().highest() == 5
    assert differences(spoiled)[5] == "is held, but the catalog has no such model"


def differences(shelf: Shelf) -> dict[int, str]:
    return shelf.meili.reader(shelf.folder).hold().differences(NUMBERS, shelf.held, words=True)


def test_a_value_of_a_variant_that_leads_nowhere_is_noticed(
    spoiled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a server cuts values otherwise than we believe."""
    long = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 300

    def with_long_quant(document: Document) -> dict[str, dict[str, object]]:
        payloads = to_variant_payloads(document)
        return {key: {**one, "quants": [long]} for key, one in payloads.items()}

    meili = spoiled.meili
    meili.put(
        spoiled.folder,
        [{ID: key, "quants": [long]} for one in spoiled.held.values() for key in to_variant_payloads(one)],
        VARIANTS,
    )
    monkeypatch.setattr(comparing, "to_variant_payloads", with_long_quant)
    assert differences(spoiled)[2] == "its variant q4_0 (gguf): it is not found by its quants"
