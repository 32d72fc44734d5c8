from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pipeline import MAX_EXCERPT_LENGTH, to_batch
from crawler.rows import MAX_FILES, MAX_TAGS, key_in, parse_row
from indexer.errors import MalformedRow
from indexer.records import (
    Batch,
    Checkpoint,
    Counters,
    GgufFacts,
    Listed,
    ModelRecord,
    Removal,
    SetAside,
)
from tests.fakes.hub import make_row

KEY = "6a72f2e302294c7d32dd278e"
BEHIND = Batch(checkpoints=(Checkpoint("full", None, datetime(2026, 1, 1, tzinfo=UTC)),))


def listed(row: object) -> Listed:
    said = parse_row(row)
    assert isinstance(said, Listed)
    return said


def record(**fields: object) -> ModelRecord:
    return listed({"_id": KEY, "id": "acme/gale", **fields}).record


def counters(**fields: object) -> Counters:
    return listed({"_id": KEY, "id": "acme/gale", **fields}).counters


def test_parse_row_reads_a_full_row() -> None:
    row = make_row(id="acme/gale", downloads=12, likes=3, trendingScore=1.5, gated="manual")

    said = listed(row)

    assert said.record == ModelRecord(
        key=str(row["_id"]),
        repo_id="acme/gale",
        created_at=datetime(2024, 5, 10, 6, 47, 21, tzinfo=UTC),
        updated_at=datetime(2024, 5, 10, 6, 47, 21, tzinfo=UTC),
        sha=cast("str", row["sha"]),
        task="text-generation",
        library="transformers",
        tags=tuple(cast("list[str]", row["tags"])),
        gated="manual",
        disabled=False,
        params=7_241_732_096,
        dtypes=(("BF16", 7_241_732_096),),
        files=(".gitattributes", "README.md", "config.json", "model.safetensors", "tokenizer.json"),
    )
    assert said.counters == Counters(downloads=12, downloads_all_time=31_377, likes=3, trending=1.5)


def test_parse_row_takes_what_is_absent_for_unknown() -> None:
    said = parse_row({"_id": KEY, "id": "gpt2"})

    assert said == Listed(ModelRecord(key=KEY, repo_id="gpt2"), Counters())


def test_parse_row_reads_the_name_of_an_old_client() -> None:
    assert listed({"_id": KEY, "modelId": "acme/gale"}).record.repo_id == "acme/gale"


@pytest.mark.parametrize(
    ("value", "meaning"),
    [(False, "no"), (None, "no"), (True, "auto"), ("auto", "auto"), ("manual", "manual")],
)
def test_parse_row_reads_gated(value: object, meaning: str) -> None:
    assert record(gated=value).gated == meaning


@pytest.mark.parametrize(
    "text", ["2024-05-10T06:47:21.000Z", "2024-05-10T08:47:21+02:00", "2024-05-10T06:47:21+00:00"]
)
def test_parse_row_gives_times_in_utc(text: str) -> None:
    moment = record(createdAt=text).created_at

    assert moment is not None
    assert (moment, moment.tzinfo) == (datetime(2024, 5, 10, 6, 47, 21, tzinfo=UTC), UTC)


def test_parse_row_removes_a_private_model() -> None:
    assert parse_row(make_row(_id=KEY, private=True, id="acme/secret")) == Removal(KEY, "private")


@pytest.mark.parametrize("repo_id", ["gpt2", "a/b", "t5-length--truncated", "x/_", "a" * 96 + "/" + "b" * 96])
def test_parse_row_takes_legal_names(repo_id: str) -> None:
    assert record(id=repo_id).repo_id == repo_id


def test_parse_row_keeps_the_biggest_counter_of_a_database() -> None:
    assert counters(downloadsAllTime=2**63 - 1).downloads_all_time == 2**63 - 1


def test_parse_row_bounds_what_a_model_may_say() -> None:
    bounded = record(
        tags=["x" * 500, "y" * 501, *(f"t{number}" for number in range(2 * MAX_TAGS))],
        siblings=[{"rfilename": "a" * 4_096}, {"rfilename": "b" * 4_097}, {"rfilename": ""}],
    )

    assert bounded.tags[0] == "x" * 500
    assert bounded.tags[1] == "t0"
    assert len(bounded.tags) == MAX_TAGS - 1
    assert bounded.files == ("a" * 4_096,)
    assert record(siblings=[{"rfilename": "a"}] * (MAX_FILES + 1)).files is None


BAD_FIELDS: list[tuple[str, object]] = [
    ("_id", None),
    ("_id", 7),
    ("_id", "6A72F2E302294C7D32DD278E"),
    ("_id", KEY + "0"),
    ("id", None),
    ("id", ""),
    ("id", "a/b/c"),
    ("id", "../etc"),
    ("id", "acme/.."),
    ("id", "acme/gale\n"),
    ("id", "a" * 97),
    ("id", "acmé/gale"),
    ("private", "yes"),
    ("disabled", 1),
    ("gated", "sometimes"),
    ("gated", 1),
    ("gated", []),
    ("downloads", True),
    ("downloads", -1),
    ("downloads", 2**63),
    ("downloads", 1.0),
    ("likes", "7"),
    ("trendingScore", "hot"),
    ("trendingScore", float("nan")),
    ("trendingScore", True),
    ("tags", "gguf"),
    ("tags", [1]),
    ("tags", ["\ud800"]),
    ("siblings", {"files": []}),
    ("siblings", ["README.md"]),
    ("siblings", [{"rfilename": 3}]),
    ("siblings", [{}]),
    ("siblings", [{"rfilename": "\udfff"}]),
    ("createdAt", "yesterday"),
    ("createdAt", "2024-05-10T06:47:21"),
    ("lastModified", 1_700_000_000),
    ("lastModified", "0001-01-01T00:00:00+14:00"),
    ("sha", 5),
    ("pipeline_tag", "x" * 256),
    ("library_name", ["transformers"]),
    ("safetensors", 7),
    ("safetensors", {"total": "many"}),
]
BAD_WORDS = {"siblings": "file", "id": "its id", "safetensors": "safetensors"}


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_parse_row_refuses_what_has_no_meaning(field: str, value: object) -> None:
    row = {**make_row(_id=KEY, id="acme/gale"), field: value}

    with pytest.raises(MalformedRow) as refusal:
        parse_row(row)

    assert BAD_WORDS.get(field, field) in refusal.value.reason
    assert "None" not in str(refusal.value)


def test_parse_row_names_no_private_model() -> None:
    with pytest.raises(MalformedRow) as refusal:
        parse_row({"_id": "broken", "id": "acme/secret", "private": True})

    assert "secret" not in f"{refusal.value} {refusal.value.row_id}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
wild_rows = st.fixed_dictionaries({}, optional=dict.fromkeys([*make_row(), "modelId"], json_values))
nearly_good_rows = st.builds(
    lambda field, value: {**make_row(), field: value}, st.sampled_from([*make_row()]), json_values
)


@given(st.one_of(json_values, wild_rows, nearly_good_rows))
def test_parse_row_gives_a_storable_meaning_or_refuses(row: object) -> None:
    try:
        said = parse_row(row)
    except MalformedRow:
        return

    if isinstance(said, Listed):
        texts = [said.record.repo_id, said.record.sha, said.record.task, said.record.library]
        orjson.dumps([texts, said.record.tags, said.record.files, said.record.dtypes])


@given(st.lists(st.one_of(json_values, wild_rows, nearly_good_rows), max_size=5))
def test_to_batch_accounts_for_every_row(rows: list[object]) -> None:
    batch = to_batch(rows, BEHIND)

    assert len(batch.listed) + len(batch.removals) + len(batch.set_aside) == len(rows)
    assert all(len(aside.excerpt) <= MAX_EXCERPT_LENGTH for aside in batch.set_aside)
    orjson.dumps([[aside.excerpt, aside.reason] for aside in batch.set_aside])


def test_to_batch_sets_aside_a_row_without_meaning_and_goes_on() -> None:
    batch = to_batch([make_row(id="acme/gale"), make_row(id="acme/storm", likes=-1)], BEHIND)

    assert [one.record.repo_id for one in batch.listed] == ["acme/gale"]
    assert [(aside.row_id, aside.reason) for aside in batch.set_aside] == [
        ("acme/storm", "its likes is not a count")
    ]
    assert '"id":"acme/storm"' in batch.set_aside[0].excerpt


def test_to_batch_keeps_nothing_of_a_private_row() -> None:
    batch = to_batch([{"_id": "broken", "id": "acme/secret", "private": True}], BEHIND)

    assert "secret" not in repr(batch)


@pytest.mark.parametrize("total", [-1_000_000_000, 0])
def test_a_senseless_parameter_count_is_unknown_and_costs_nothing_else(total: int) -> None:
    parsed = parse_row(make_row(safetensors={"parameters": {"BF16": total}, "total": total}))

    assert isinstance(parsed, Listed)
    assert parsed.record.params is None


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"F32": 11_683_584, "BF16": 512}, (("BF16", 512), ("F32", 11_683_584))),
        ({"BF16": 0}, (("BF16", 0),)),
        ({"BF16": 2**63 - 1}, (("BF16", 2**63 - 1),)),
        ({f"F{number:02}": number for number in range(16)}, tuple((f"F{n:02}", n) for n in range(16))),
        ({"F8_E4M3_ABCDEFGH": 1}, (("F8_E4M3_ABCDEFGH", 1),)),
        ({f"F{number}": number for number in range(17)}, ()),
        ({"F8_E4M3_ABCDEFGHI": 1}, ()),
        ({"BF16": 8, "bf16": 8}, ()),
        ({"": 8}, ()),
        ({"BF16\n": 8}, ()),
        ({"\ud800": 8}, ()),
        ({"BF16": -1}, ()),
        ({"BF16": 2**63}, ()),
        ({"BF16": 8.0}, ()),
        ({"BF16": True}, ()),
        ({"BF16": 8, "F32": None}, ()),
        ({}, ()),
        ([["BF16", 8]], ()),
        (None, ()),
    ],
)
def test_parse_row_takes_of_dtypes_what_has_a_meaning(told: object, meant: object) -> None:
    said = record(safetensors={"parameters": told, "total": 8})

    assert (said.dtypes, said.params) == (meant, 8)


@given(st.dictionaries(st.text(max_size=20) | st.sampled_from(["BF16", "F32"]), st.integers(-1, 2**64)))
def test_parse_row_takes_all_dtypes_or_none(counts: dict[str, int]) -> None:
    said = record(safetensors={"parameters": counts, "total": 8})

    assert dict(said.dtypes) in (counts, {})
    assert list(said.dtypes) == sorted(said.dtypes)


def test_half_a_surrogate_pair_in_an_id_is_set_aside_in_storable_words() -> None:
    with pytest.raises(MalformedRow) as refused:
        parse_row({"_id": KEY, "id": "acme/\ud800"})

    assert refused.value.row_id == "acme/?"
    assert key_in({"_id": f"{KEY[:-1]}\ud800"}) is None


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"total": 8, "architecture": "llama", "context_length": 4_096}, GgufFacts(8, "llama", 4_096)),
        ({"total": 8}, GgufFacts(8)),
        (None, GgufFacts()),
        ([], GgufFacts()),
        ({"total": 2**63, "architecture": "a" * 256, "context_length": -1}, GgufFacts()),
        ({"total": True, "architecture": "\ud800", "context_length": "4096"}, GgufFacts()),
    ],
)
def test_parse_row_takes_of_a_gguf_header_what_has_a_meaning(told: object, meant: GgufFacts) -> None:
    row = make_row(gguf=told)

    asked, unasked = parse_row(row, has_gguf=True), parse_row(row)

    assert isinstance(asked, Listed)
    assert isinstance(unasked, Listed)
    assert (asked.gguf, unasked.gguf) == (meant, None)


def test_to_batch_keeps_what_was_asked_for_and_what_was_set_aside_before() -> None:
    behind = replace(BEHIND, set_aside=(SetAside("why", "who", "what"),))
    batch = to_batch([make_row(gguf={"total": 8}), {}], behind, has_gguf=True)

    assert [one.gguf for one in batch.listed] == [GgufFacts(8)]
    assert len(batch.set_aside) == 2
