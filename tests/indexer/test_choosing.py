"""Which variants a query chooses, and how the memory they take is summed up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.choosing import admits, chosen_by, fit_of, pointed_at
from indexer.filters import NO_FILTERS
from indexer.measures import GIB, Memory
from indexer.query import parse_query
from indexer.variants.memory import PADDING, Context, needs_of
from indexer.variants.records import CONTEXTS, Contents, RepoFile, Sidecar, Variant

Q4 = Variant(
    "q4", "Q4_K_M", "gguf", (RepoFile("a/x-Q4_K_M.gguf"),), 4_920, 4.894, 8_030, needs=(10, 20, 30, 40)
)
LARGE = Variant(
    "q4l", "Q4_K_L", "gguf", (RepoFile("x-Q4_K_L.gguf"),), 5_300, 5.29, 8_030, needs=(11, 21, 31, 41)
)
PLAIN = Variant("st", "unknown", "safetensors", (RepoFile("b/model.safetensors"),))


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("", [Q4, LARGE, PLAIN]),
        ("quant:q4", [Q4, LARGE]),
        ("quant:q4_k_m", [Q4]),
        ("quant:unknown", []),
        ("format:safetensors", [PLAIN]),
        ("quant:q4 format:safetensors", []),
        ("size:<5000", [Q4]),
        ("size:>=0", [Q4, LARGE]),
        ("bits:4.89", [Q4, LARGE]),
        ("bits:>5", [LARGE]),
        ("params:<9k", [Q4, LARGE]),
    ],
)
def test_a_variant_is_all_that_is_asked_at_once(text: str, admitted: list[Variant]) -> None:
    filters = parse_query(text).filters

    assert [one for one in (Q4, LARGE, PLAIN) if admits(filters, one)] == admitted


def test_a_variant_fits_at_the_length_of_context_that_is_asked_for() -> None:
    tight = replace(NO_FILTERS, fits=Memory(10, 10))

    assert [one for one in (Q4, LARGE, PLAIN) if admits(tight, one)] == [Q4, LARGE]
    assert [one for one in (Q4, LARGE, PLAIN) if admits(replace(tight, context=5_000), one)] == [Q4]
    assert not any(admits(replace(tight, context=10_000), one) for one in (Q4, LARGE, PLAIN))


def test_parameters_of_a_model_as_a_whole_do_not_choose_among_its_variants() -> None:
    contents = Contents((Q4, LARGE, PLAIN))

    assert chosen_by(parse_query("quant:q4_k_m params:70b"), contents) == (Q4,)
    assert chosen_by(parse_query("quant:q4_k_m params:70b <6gb"), contents) == ()


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("a/x-Q4_K_M.gguf", (Q4,)),
        ("a", (Q4,)),
        ("b/", (PLAIN,)),
        ("Q4_K_M", (Q4,)),
        ("q4", (Q4, LARGE)),
        ("Q8_0", ()),
        ("main", ()),
    ],
)
def test_a_pasted_link_points_at_a_variant(text: str, pointed: tuple[Variant, ...]) -> None:
    assert pointed_at(text, (Q4, LARGE, PLAIN)) == pointed


@given(
    st.integers(0, 2**45), st.integers(0, 2**40), st.tuples(*[st.integers(0, 2**40)] * 4), st.integers(0, 3),
    st.integers(0, 2**46), st.integers(0, 2**46),
)  # fmt: skip
def test_the_parts_of_a_fit_are_those_its_need_was_made_of(
    size: int, beside: int, contexts: tuple[int, ...], place: int, vram: int, ram: int
) -> None:
    sidecars = (Sidecar("mmproj.gguf", "mmproj", beside),)
    padded = tuple(one * PADDING[0] // PADDING[1] for one in contexts)
    needs = needs_of(size + beside, Context(contexts, padded, is_guessed=False))
    fit = fit_of(Q4._replace(bytes=size, sidecars=sidecars, needs=needs), Memory(vram, ram), place)

    assert fit is not None
    assert fit.need == fit.files + fit.context_bytes + fit.overhead == needs[place]
    assert (fit.files, fit.context_bytes) == (size + beside, contexts[place])
    assert fit.context == CONTEXTS[place]
    expected = "vram" if fit.need <= vram else "ram" if fit.need <= vram + ram else "no"
    assert fit.verdict == expected


def test_without_a_size_or_without_memory_there_is_no_verdict() -> None:
    told = fit_of(Q4, None, 0)

    assert fit_of(PLAIN, Memory(GIB), 0) is None
    assert told is not None
    assert told.verdict is None
