"""The stage that builds server indexes with fewer lengths of grams, to see which of them pay.

Looks at documents alone: the product stores beginnings of every length up to eight. Where a length is not
stored, a word is looked up by shorter beginnings that overlap (`llam`: `lla` and `lam`), or as the whole of
what begins there, which is stored whatever its length.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from statistics import median
from typing import cast

from indexer.documents import Document
from indexer.engines.meilisearch.asking import Answer, Asker, Question
from indexer.engines.meilisearch.feeding import Feed
from indexer.engines.meilisearch.fields import MODELS, STORED_IN, Payload, settings_of, to_payload
from indexer.engines.meilisearch.lookups import Filter, FilterTerms, Frequencies, equal
from indexer.engines.meilisearch.server import Server
from indexer.engines.terms import NAME, OWNER
from indexer.grams import GRAM, Term
from indexer.process import collect_garbage_rarely
from indexer.sync import documents_of
from indexer.text import words_of
from tests.benchmarks.asking import database_of
from tests.benchmarks.figures import Figure, amount, say, size_of
from tests.benchmarks.questions import names_to_type
from tests.benchmarks.sides import SETTINGS_NOTE, folder_of, running

ALL = tuple(range(1, GRAM + 1))
LENGTHS = (ALL, (1, 2, 3, 5, 8), (1, 2, 3, 4, 6, 8), (1, 2, 3, 8))
"""Lengths of beginnings that are stored; the first tells the exact totals."""
LOOKED_UP = range(4, GRAM)
"""Letters of the words that are looked up."""
INDEX = "grams"
AT_ONCE = 50
PATIENCE_SECONDS = 30.0
FIELDS = tuple(dict.fromkeys(chain(STORED_IN[OWNER.grams], STORED_IN[NAME.grams])))


def grams_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Build one index for each choice of lengths, each on a server of its own."""
    collect_garbage_rarely()
    words = _words(names_to_type(arguments.home, arguments.names))
    exact: dict[str, int] = {}
    for lengths in LENGTHS:
        what = f"grams of {_shown(lengths)}"
        say(f"{what}: building")
        with folder_of(arguments.home, "grams", keep=arguments.keep) as folder, running(folder) as server:
            yield from _built(arguments, what, server.url, lengths)
            yield amount(f"{what}: on disk", size_of((folder / "data").rglob("*")), "MB")
            totals = _totals(server.url, words, lengths)
        exact = exact or totals
        if lengths != ALL:
            yield from _compared(what, lengths, exact, totals)


def _built(arguments: argparse.Namespace, what: str, url: str, lengths: Sequence[int]) -> Iterator[Figure]:
    """Feed the documents, with beginnings of these lengths alone."""
    server = Server(url, None)
    began = time.perf_counter()
    server.create(INDEX, settings_of(MODELS))
    feed, documents, tokens = Feed(server, INDEX), 0, 0
    for document in islice(documents_of(database_of(arguments.home), 0, None), arguments.models):
        payload = shortened(to_payload(document), document, lengths)
        feed.add([payload])
        documents += 1
        tokens += sum(len(_tokens_in(payload, name)) for name in FIELDS)
    feed.finish()
    took = time.perf_counter() - began
    yield amount(f"{what}: build", took, "s", note=f"{documents:,} documents; {SETTINGS_NOTE}")
    yield amount(f"{what}: tokens of a document", tokens / documents, note="owner and name")


def shortened(payload: Payload, document: Document, lengths: Sequence[int]) -> Payload:
    """Leave out the beginnings of other lengths, but not what is a whole start or inside."""
    kept = dict(payload)
    for part, cut in ((OWNER, document.owner), (NAME, document.name)):
        whole = {text for text in chain(cut.starts, *cut.insides) if len(text) < GRAM}
        for name in STORED_IN[part.grams]:
            tokens = _tokens_in(payload, name)
            kept[name] = [token for token in tokens if len(token) in lengths or token in whole]
    return kept


def _tokens_in(payload: Payload, name: str) -> list[str]:
    return cast("list[str]", payload[name])


def _words(names: Sequence[str]) -> list[str]:
    """Give what is typed of the names' words, of the lengths that are looked up; each once."""
    words = (word for name in names for word in words_of(name.rpartition("/")[2]))
    typed = (Term(word[:end]).forms[0] for word in words for end in LOOKED_UP if end <= len(word))
    return list(dict.fromkeys(one for one in typed if len(one) in LOOKED_UP))


def _totals(url: str, words: Sequence[str], lengths: Sequence[int]) -> dict[str, int]:
    """Count the models with these words in their names."""
    asker = Asker(url, None)

    def ask(questions: Sequence[Question]) -> list[Answer]:
        return asker.ask(questions, time.monotonic() + PATIENCE_SECONDS)

    terms = FilterTerms(INDEX, ask, Frequencies())
    totals: dict[str, int] = {}
    for at in range(0, len(words), AT_ONCE):
        some = words[at : at + AT_ONCE]
        answers = ask([Question(INDEX, _filter(terms, word, lengths)) for word in some])
        totals |= {word: answer.total for word, answer in zip(some, answers, strict=True)}
    return totals


def _filter(terms: FilterTerms, word: str, lengths: Sequence[int]) -> Filter:
    whole = equal(NAME.grams, [word])
    if len(word) in lengths:
        return whole
    return terms.any_of([whole, terms.all_of([equal(NAME.grams, [one]) for one in pieces(word, lengths)])])


def pieces(word: str, lengths: Sequence[int]) -> list[str]:
    """Cut a word into the longest pieces that are stored, as few as overlap from its start to its end.

    Later ones that begin with a digit are left out: nothing inside a word is stored that does.
    """
    longest = max(length for length in lengths if length < len(word))
    last = len(word) - longest
    starts = [*range(0, last, longest - 1), last]
    return [word[at : at + longest] for at in starts if not at or word[at].isalpha()]


def _compared(
    what: str, lengths: Sequence[int], exact: dict[str, int], totals: dict[str, int]
) -> Iterator[Figure]:
    """Compare totals with the exact ones; words with digits apart, which can hardly be cut in pieces."""
    missing = [word for word in totals if len(word) not in lengths]
    letters = _shown([length for length in LOOKED_UP if length not in lengths])
    for kind, is_alpha in (("letters alone", True), ("with digits", False)):
        words = [word for word in missing if word.isalpha() == is_alpha]
        differing = [word for word in words if totals[word] != exact[word]]
        higher = sum(totals[word] > exact[word] for word in differing)
        note = f"of {len(words):,} words of {letters} characters; {higher:,} of them too high"
        yield amount(f"{what}: totals that differ, {kind}", len(differing), note=note)
        if differing:
            errors = {word: abs(totals[word] - exact[word]) / max(1, exact[word]) for word in differing}
            worst = max(errors, key=lambda word: errors[word])
            measured = {"p50": median(errors.values()) * 100, "worst": errors[worst] * 100}
            note = f"of those that differ; worst `{worst}`, {totals[worst]:,} instead of {exact[worst]:,}"
            yield Figure(f"{what}: relative error of a total, {kind}", measured, "%", note=note)


def _shown(lengths: Sequence[int]) -> str:
    return "1-8" if lengths == ALL else ",".join(map(str, lengths))
