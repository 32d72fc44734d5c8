"""The set of hits, over all pages, is that of a definition in a few plain lines.

The definition is that of the README, put down a second time: it shares nothing with the code it judges.
"""

import re
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.hits import Hit
from indexer.ranking import Step
from tests.indexer.house import House

pytestmark = pytest.mark.usefixtures("each_engine")

PAGE = 16

# -- the definition ----------------------------------------------------------------------------


def plain(text: str) -> str:
    """Case and accents do not matter; every separator is a space, but a decimal point stays."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text.lower()) if ord(char) < 0x300)
    return re.sub(r"(?<!\d)\.|\.(?!\d)|[^a-z0-9.]", " ", bare)


def matches(term: str, part: str) -> bool:
    return any(matches_at(term, part, at) for at in range(len(part)) if part[at].isalnum())


def matches_at(term: str, part: str, at: int) -> bool:
    before, rest = part[:at][-1:], part[at:]
    if term[0].isdigit():
        if before.isdigit() or before == ".":
            return False  # not where a number begins
        if before.isalpha():  # a number in a word runs on into numbers only
            rest = re.match(r"\S+(?: +\d\S*)*", rest)[0]  # type: ignore[index]
        return rest.replace(" ", "").startswith((term, term.replace(".", "")))
    inside = before.isalnum() or before == "."
    if inside and len(term.replace(".", "")) == 1:
        return False  # a single letter says something only where a word begins
    reached = rest.split(" ")[0] if inside else rest.replace(" ", "")
    return reached.replace(".", "").startswith(term.replace(".", ""))


def tagged(term: str, tags: Iterable[str]) -> bool:
    """Say whether a term is a tag, or one of its words but no number; tags with a key do not count."""
    for words in (plain(tag).split() for tag in tags if ":" not in tag and tag != "endpoints_compatible"):
        spellings = {"".join(words), *(word for word in words if word.isalpha())}
        if term[0].isdigit() and term in spellings:
            return True
        if not term[0].isdigit() and term.replace(".", "") in {one.replace(".", "") for one in spellings}:
            return True
    return False


def answers(query: str, repo_id: str, tags: Iterable[str] = ()) -> bool:
    """Say whether a model answers a query."""
    owner, _, name = (plain(part) for part in repo_id.rpartition("/"))
    query = re.sub(r"(?<![\d.])(\d)_(\d)(?![a-zA-Z\d.])", r"\1.\2", query)  # 3_1 is 3.1
    words = [word for word in query.split() if word[0] != "-" or word == "-"]
    excluded = plain(" ".join(word for word in query.split() if word not in words)).split()
    anywhere, in_name = " ".join(words), ""
    bound = next((word for word in words if "/" in word), None)
    if bound is not None:
        left, _, right = bound.partition("/")
        place = words.index(bound)
        anywhere, in_name = " ".join(words[:place]), " ".join([right, *words[place + 1 :]])
        if not re.sub(r"[ .]", "", owner).startswith(re.sub(r"[ .]", "", plain(left))):
            return False

    def in_id(term: str) -> bool:
        return matches(term, owner) or matches(term, name)

    return (
        all(in_id(term) or tagged(term, tags) for term in plain(anywhere).split())
        and all(matches(term, name) for term in plain(in_name).split())
        and not any(in_id(term) or tagged(term, tags) for term in excluded)
    )


@pytest.mark.parametrize(
    ("query", "repo_id", "expected"),
    [
        ("llama2", "meta-llama/Llama-2-7b", True),
        ("lama2", "meta-llama/Llama-2-7b", False),
        ("qwen25", "Qwen/Qwen2.5-7B", True),
        ("7b", "Qwen/Qwen2.5-27B", False),
        ("7b", "Qwen/Qwen-1.7B", False),
        ("17b", "Qwen/Qwen-1.7B", False),
        ("1.7b", "Qwen/Qwen-1.7B", True),
        ("7b", "a/Mistral7B", True),
        ("creme", "a/Crème_b", True),
        ("llama3_1", "meta-llama/Llama-3.1-8B", True),
        ("qwen2_5-vl", "a/qwen2_5_vl", True),
        ("TheBloke/llama 7b", "TheBloke/CodeLlama-7B", True),
        ("/llama", "meta-llama/Prompt-Guard", False),
        ("llama -guard", "meta-llama/Prompt-Guard", False),
    ],
)
def test_the_definition_says_what_the_readme_says(query: str, repo_id: str, *, expected: bool) -> None:
    assert answers(query, repo_id) is expected


# -- names and queries -------------------------------------------------------------------------

WORDS = "llama Lam code 7b 27B 1.7b Qwen 2.5 3 x2 v1.0 chat Crème e5 stablediffusion 8x22b 0.5 a 12 B"
WORD = st.sampled_from(WORDS.split())
JOINT = st.sampled_from(["-", "_", ".", "", "--", "-_"])
PART = st.lists(st.tuples(WORD, JOINT).map("".join), min_size=1, max_size=5).map(
    lambda words: "".join(words).strip("-_.")
)
ID = st.one_of(PART, *[st.tuples(PART, PART).map("/".join)] * 3)


@st.composite
def queries(draw: st.DrawFn, names: list[str]) -> str:
    """What somebody types who has one of the names in mind, or not."""

    def piece() -> str:
        text = draw(st.sampled_from(names))
        start = draw(st.integers(0, len(text) - 1))
        piece = text[start : start + draw(st.integers(1, 14))]
        return draw(
            st.sampled_from([piece, piece.lower(), piece.replace("-", " "), re.sub(r"[-_.]", "", piece)])
        )

    shape = draw(
        st.sampled_from(
            ["{0}", "{0}", "{0} {1}", "{0} -{1}", "{0}/{1}", "/{0}", "{0}/", "-{0}", "{0} {1}/{2}"]
        )
    )
    return draw(st.one_of(st.just(shape.format(piece(), piece(), piece())), PART, WORD, ID))


TAG = "llama Qwen2.5 7b text-to-image 4-bit chat license:lam base_model:a/e5 endpoints_compatible Crème 1.7b"
TAGS = st.lists(st.sampled_from(TAG.split()), max_size=4).map(tuple)
MODELS = st.lists(st.tuples(ID, TAGS), min_size=1, max_size=70, unique_by=lambda one: one[0].lower())
CASE = MODELS.map(dict).flatmap(
    lambda models: st.tuples(
        st.just(models), st.lists(queries([*models, *TAG.split()]), min_size=25, max_size=25)
    )
)
Case: TypeAlias = tuple[dict[str, tuple[str, ...]], list[str]]


def walked(house: House, text: str) -> list[str]:
    """Give what matches as it was typed, from page after page; the total counts every hit there is."""
    hits: list[Hit] = []
    while True:
        page = house.ask(text, PAGE, len(hits))
        hits += page.hits
        if len(page.hits) < PAGE:
            assert page.total == len(hits), text
            return [hit.model.record.repo_id for hit in hits if hit.step is not Step.TYPO]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(CASE)
@example((dict.fromkeys(["q/1.7b", *(f"q/17b-{n}" for n in range(60))], ()), ["q/17b", "q/1.7b", "17b"]))
@example(({f"q/{n}": ("text-to-image",) for n in range(60)}, ["text image", "to q 1", "q -image", "q/text"]))
def test_hits_are_those_of_the_definition_on_every_page(case: Case) -> None:
    models, texts = case
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), models)
        for text in texts:
            wanted = [name for name, tags in models.items() if answers(text, name, tags)]

            assert sorted(walked(house, text)) == sorted(wanted), text
        house.catalog.close()
