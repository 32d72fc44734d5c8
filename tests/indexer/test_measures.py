"""Numbers with units, as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.measures import (
    GIB,
    MAX_MEMORY,
    MEASURES,
    MOST,
    Bounds,
    Measure,
    Memory,
    memory_text,
    read_bounds,
    read_context,
    read_memory,
    read_size,
)

GB = 10**9


@pytest.mark.parametrize(
    ("measure", "text", "wanted"),
    [
        ("params", "7b", Bounds(6_300_000_000, 7_700_000_000)),
        ("params", "1.5B-8b", Bounds(1_500_000_000, 8 * GB)),
        ("params", "1..8b", Bounds(GB, 8 * GB)),
        ("params", "<8b", Bounds(None, 8 * GB - 1)),
        ("bytes", "<6gb", Bounds(None, 6 * GB - 1)),
        ("bytes", ">=500MB", Bounds(500_000_000, None)),
        ("bytes", "4-6gb", Bounds(4 * GB, 6 * GB)),
        ("bytes", "<=2GiB", Bounds(None, 2 * GIB)),
        ("bytes", "1000", Bounds(900, 1_100)),
        ("bits", "4-5", Bounds(400, 500)),
        ("bits", ">=4.5bpw", Bounds(450, None)),
        ("bits", "<=8", Bounds(None, 800)),
        ("bits", "lots", None),
        ("bytes", "<", None),
        ("params", "7gb", None),
        ("bits", "4gb", None),
        ("bytes", "", None),
    ],
)
def test_a_range_is_read(measure: Measure, text: str, wanted: Bounds | None) -> None:
    assert read_bounds(measure, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<6gb", Bounds(None, 6 * GB - 1)),
        ("<6g", Bounds(None, 6 * GB - 1)),
        (">=1.5TB", Bounds(1_500 * GB, None)),
        ("<300mib", Bounds(None, 300 * 2**20 - 1)),
        ("<8b", None),  # as many parameters?
        ("<6", None),
        ("6gb", None),
        ("<gb", None),
        ("<", None),
    ],
)
def test_a_bare_size_has_a_sign_and_a_unit(text: str, wanted: Bounds | None) -> None:
    assert read_size(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("8gb", Memory(8 * GIB)),
        ("8", Memory(8 * GIB)),
        ("24GiB", Memory(24 * GIB)),
        ("512mb", Memory(512 * 2**20)),
        ("8gb+32gb", Memory(8 * GIB, 32 * GIB)),
        ("0+16", Memory(0, 16 * GIB)),
        ("0", None),
        ("8gb+", None),
        ("8+8+8", None),
        ("lots", None),
        ("99999tb", None),
    ],
)
def test_memory_is_read_in_gibibytes(text: str, wanted: Memory | None) -> None:
    assert read_memory(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("4096", 4_096),
        ("8k", 8_192),
        ("128K", 131_072),
        ("1m", 1_048_576),
        ("0", None),
        ("99m", None),
        ("", None),
    ],
)
def test_a_context_is_read_in_tokens(text: str, wanted: int | None) -> None:
    assert read_context(text) == wanted


@given(st.sampled_from(MEASURES), st.text(max_size=30))
def test_any_text_is_a_range_in_bounds_or_none(measure: Measure, text: str) -> None:
    found = read_bounds(measure, text)

    assert found is None or all(one is None or -1 <= one <= MOST + 1 for one in found)


@given(st.integers(0, 4_096), st.integers(0, 4_096))
def test_memory_is_written_as_it_is_read(vram: int, ram: int) -> None:
    memory = Memory(vram * GIB, ram * GIB)

    assert read_memory(memory_text(memory)) == (memory if 0 < memory.total <= MAX_MEMORY else None)


@given(st.lists(st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=3))
def test_a_narrower_range_admits_what_both_admit(ranges: list[tuple[int | None, int | None]]) -> None:
    narrowed = Bounds()
    for one in ranges:
        narrowed = narrowed.within(Bounds(*one))

    for number in range(10):
        assert narrowed.admits(number) == all(Bounds(*one).admits(number) for one in ranges)
