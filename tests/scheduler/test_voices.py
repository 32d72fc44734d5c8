"""What children say, line by line."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.voices import MAX_LINE, Voice, writer_to


def passed_on(pieces: list[bytes], name: str = "job") -> list[bytes]:
    lines: list[bytes] = []
    voice = Voice(name, lines.append)
    for piece in pieces:
        voice.hear(piece)
    voice.end()
    return lines


@pytest.mark.parametrize(
    ("said", "name", "expected"),
    [
        (b"one\ntwo", "job", [b"job | one\n", b"job | two\n"]),
        (b"one\n", "", [b"one\n"]),
        (b"hubdex: It failed.\n", "job", [b"hubdex: job: It failed.\n"]),
        (b'{"level":"info"}\n', "job", [b'{"level":"info"}\n']),
        (b"\n", "job", [b"job | \n"]),
        (b"", "job", []),
        (b"x" * (MAX_LINE + 1) + b"\ny", "job", [b"job | " + b"x" * MAX_LINE + b" ...\n", b"job | y\n"]),
    ],
)
def test_lines_get_the_name_of_who_says_them(said: bytes, name: str, expected: list[bytes]) -> None:
    assert passed_on([said], name) == expected


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_it_does_not_matter_in_what_pieces_it_comes(said: bytes, cuts: list[int]) -> None:
    ends = sorted(cuts)
    pieces = [said[begin:end] for begin, end in zip([0, *ends], [*ends, len(said)], strict=True)]
    assert passed_on(pieces) == passed_on([said])


def test_where_nothing_can_be_written_the_line_is_lost_and_nothing_else() -> None:
    closed = io.BytesIO()
    closed.close()
    writer_to(closed)(b"line\n")
    with open("/dev/full", "wb", 0) as full:  # noqa: PTH123
        writer_to(full)(b"line\n")
