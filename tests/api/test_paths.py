import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paths import RESERVED, Place, places_of, speaks_html


def meant(path: str) -> list[str]:
    """What a path can mean: `~` marks owners, `>` paths that lead on."""
    return [
        ("~" if place.kind == "owner" else "") + place.name + (">" if place.is_below else "")
        for place in places_of(path)
    ]


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/a/b", ["a/b"]),
        ("/a/b/", ["a/b>"]),
        ("/a", ["a", "~a"]),
        ("/a/", ["a>", "~a>"]),
        ("/a/models", ["a/models", "~a>"]),
        ("/a/b/tree/main", ["a/b>"]),
        ("/a/b/blob/main/x y/z", ["a/b>"]),
        ("/a/tree", ["a/tree", "a>"]),
        ("/a/tree/main", ["a>"]),
        ("/a/tree/tree/main", ["a/tree>", "a>"]),
        ("/a/b/discussions/1", []),
        ("/a/b/resolve/main/x", []),
        ("/a/resolve/main/x", []),
        ("/a/resolve", ["a/resolve"]),
        ("/", []), ("//", []), ("//a", []), ("/a//b", []), ("/a/b//", []), ("/a//", []),
        ("/../a", []), ("/./a", []), ("/.git/config", []),
        ("/a/\0", []), ("/" + "a" * 256, []), ("/a\n/b", []),
    ],
)  # fmt: skip
def test_a_path_is_read(path: str, places: list[str]) -> None:
    assert meant(path) == places


@pytest.mark.parametrize("first", sorted(RESERVED))
def test_reserved_segments_are_nobodys(first: str) -> None:
    for path in (
        f"/{first}",
        f"/{first}/",
        f"/{first}/x",
        f"/{first.upper()}/x/tree/main",
        f"/{first}/models",
    ):
        assert meant(path) == []


@given(st.text(max_size=60).map(lambda text: f"/{text}"))
def test_every_path_is_read(path: str) -> None:
    for place in places_of(path):
        assert place.name in path
    assert speaks_html(path) in {True, False}


def test_a_place_is_the_models_or_the_owners() -> None:
    assert places_of("/a") == (Place("model", "a", is_below=False), Place("owner", "a", is_below=False))
