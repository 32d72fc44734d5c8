"""Whether a check and the next sync see what was done to the indexes on a server by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from meilisearch import Client

from indexer.checking import check_index
from indexer.documents import Document
from indexer.engines.contract import EngineReader, HeldIndex
from indexer.engines.meilisearch import comparing
from indexer.engines.meilisearch.fields import ID, KINDS, MODELS, STATE, STATE_ID, VARIANTS, to_payload
from indexer.engines.terms import TAGS
from indexer.query import parse_query
from tests.indexer import engines
from tests.indexer.engines import Meili
from tests.indexer.home import MODELS as HELD
from tests.indexer.home import Home, words
from tests.indexer.script import key_of

pytestmark = [pytest.mark.meilisearch, pytest.mark.usefixtures("meili")]


def ids(home: Home) -> list[str]:
    numbers = [one.number for one in engines.reader(home.index).search(parse_query("llama")).selected]
    return sorted(home.outline(number).repo_id for number in numbers)


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (MODELS, "rankingRules", ["words"]),
        (MODELS, "pagination", {"maxTotalHits": 1_000}),
        (MODELS, "filterableAttributes", ["number"]),
        (VARIANTS, "searchableAttributes", ["*"]),
        (STATE, "displayedAttributes", [ID]),
    ],
)
def test_a_setting_changed_by_hand_is_named_and_the_next_sync_builds_anew(
    meili: Meili, home: Home, kind: str, setting: str, value: object
) -> None:
    before = ids(home)
    index = Client(meili.url).index(meili.uid(home.index, kind))
    meili.server.wait(index.update_settings({setting: value}).task_uid)

    problems = home.check().problems

    if kind != STATE:  # whose state cannot even be read
        assert problems[0] == f"The setting {setting} of {index.uid} is not as it was set."
    assert home.sync() == "rebuilt"
    assert home.check().agrees
    assert ids(home) == before


@pytest.mark.parametrize("kind", KINDS)
def test_one_index_that_is_deleted_is_said_in_words_and_the_next_sync_builds_anew(
    meili: Meili, home: Home, kind: str
) -> None:
    meili.server.drop([meili.uid(home.index, kind)])

    assert [problem[:21] for problem in home.check().problems] == ["There is no index yet"]
    assert home.sync() == "rebuilt"
    assert home.check().agrees


@pytest.mark.parametrize("field", ["serial", "version", "catalog", "synced_at"])
def test_a_damaged_state_is_said_in_words_and_the_next_sync_builds_anew(
    meili: Meili, home: Home, field: str
) -> None:
    stored = meili.server.document(meili.uid(home.index, STATE), STATE_ID)
    assert stored is not None
    del stored[field]
    meili.put(home.index, [stored], STATE, whole=True)

    assert [problem[:20] for problem in home.check().problems] == ["The index is damaged"]
    assert home.sync() == "rebuilt"
    assert home.check().agrees


def test_a_state_that_does_not_name_its_build_is_followed(meili: Meili, home: Home) -> None:
    stored = meili.server.document(meili.uid(home.index, STATE), STATE_ID)
    assert stored is not None
    del stored["build"]
    meili.put(home.index, [stored], STATE, whole=True)
    home.put(removed=(1,))

    assert home.sync() == "followed"
    assert home.check().agrees


def test_wrong_tokens_are_named(meili: Meili, home: Home) -> None:
    meili.put(home.index, [{ID: key_of(2), "name_words": ["other"], "likes": 3, "colour": "red"}])

    said = "colour is red instead of unknown; likes is 3 instead of 17; its name_words are not its own"
    assert words(home.check()) == [f"{HELD[1].record.repo_id}: {said}"]


def test_a_document_without_a_number_is_counted(meili: Meili, home: Home) -> None:
    meili.put(home.index, [{ID: "stray"}])

    assert home.check().problems == (f"The index holds {len(HELD) + 1} models, the catalog {len(HELD)}.",)


def test_a_value_that_leads_nowhere_is_noticed(
    meili: Meili, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a server cuts values otherwise than we believe."""
    long = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 300
    meili.put(home.index, [{ID: key_of(1), TAGS: [long]}])

    def with_long_tag(document: Document) -> dict[str, object]:
        return {**to_payload(document), **({TAGS: [long]} if document.number == 1 else {})}

    monkeypatch.setattr(comparing, "to_payload", with_long_tag)
    assert words(home.check()) == [f"{HELD[0].record.repo_id}: it is not found by its tags"]
    monkeypatch.setattr("indexer.checking.LOOKED_UP", 1)
    assert home.check().agrees


class Moving:
    """A held index in which something moves just before it is looked at."""

    def __init__(self, held: HeldIndex, move: Callable[[], object]) -> None:
        self.state, self.damage, self.highest = held.state, held.damage, held.highest
        self._held = held
        self._move = move

    def differences(
        self, numbers: Sequence[int], documents: Mapping[int, Document], *, words: bool
    ) -> dict[int, str]:
        self._move()
        return self._held.differences(numbers, documents, words=words)


class MovingReader:
    def __init__(self, reader: EngineReader, move: Callable[[], object]) -> None:
        self.search, self.owners, self.state = reader.search, reader.owners, reader.state
        self._reader = reader
        self._move = move

    def hold(self) -> HeldIndex:
        return Moving(self._reader.hold(), self._move)


def test_what_is_stored_while_it_is_looked_at_is_left_out(home: Home) -> None:
    def move() -> None:
        changed = replace(HELD[3], record=replace(HELD[3].record, repo_id="new/name"))
        counted = replace(HELD[4], counters=replace(HELD[4].counters, likes=99))
        home.put(changed, counted, removed=(3,))
        assert home.sync() == "followed"

    report = check_index(home.catalog, MovingReader(engines.reader(home.index), move), sample=None)

    assert report.agrees, words(report)
    assert (report.comparison.compared, report.comparison.left_out) == (len(HELD) - 3, 3)


def test_a_long_name_is_looked_up_by_all_of_its_pieces(tmp_path: Path) -> None:
    home = Home(tmp_path)
    name = "-".join(f"{chr(97 + n)}long{n}word" for n in range(9))
    home.put(replace(HELD[0], record=replace(HELD[0].record, repo_id=f"{'a-long-owner' * 3}/{name}")))
    home.sync()

    assert home.check().agrees
    home.catalog.close()
