"""The stage that looks for variants: the keystrokes of many names, and what a variant must be."""

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from indexer.filters import Facet
from indexer.process import collect_garbage_rarely
from tests.benchmarks.asking import WARM, ask, ask_all, opened, timings_of
from tests.benchmarks.figures import Figure, peak_memory, say, spread
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type, words_typed

WISHES = (
    "q4_k_m", "q4", "q4_k_m <6gb", "<6gb", "fits:8gb", "gguf fits:8gb", "bits:4-5", "quant:q8_0,q6_k",
    "format:safetensors <20gb", "q5_k_m fits:12gb+32gb ctx:32k",
)  # fmt: skip
"""What a variant must be, typed behind a name."""
COUNTED: tuple[Facet, ...] = ("format", "quant", "task", "library", "license")
EVERY = 4
"""Of the keystrokes, every so-manyth is asked with each wish."""


def variants_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Type names and wishes; hits are variants, then models that have one which meets all wishes."""
    collect_garbage_rarely()
    names = names_to_type(arguments.home, arguments.names)
    typed = distinct([*ids_typed(names), *words_typed(names)])
    of_variants = [replace(one, hits="variant") for one in typed]
    wished = list(_wished(typed))
    say(f"variants: {len(typed):,} keystrokes, {len(wished):,} with wishes")
    with opened(arguments.home) as search:
        ask(search, Question("", WARM, hits="variant"))
        answered = ask_all(search, of_variants)
        yield spread("variants: hits and total, every keystroke", timings_of(answered), p50=3, p99=12)
        yield spread("variants: by size", timings_of(ask_all(search, _by_size(of_variants))))
        for hits in ("variant", "model"):
            asked = ask_all(search, [replace(one, hits=hits) for one in wished])
            yield spread(f"{hits}s with wishes", timings_of(asked), p50=3, p99=12)
            for wish in WISHES:
                yield spread(
                    f"{hits}s: {wish}", timings_of(one for one in asked if one.question.kind == wish)
                )
    with opened(arguments.home) as search:
        ask(search, Question("", WARM, hits="variant"))
        again = ask_all(search, of_variants[::EVERY], COUNTED)
        yield spread("variants: with five facets", timings_of(again), p99=50)
        again = ask_all(search, wished, COUNTED)
        yield spread("models with wishes: with five facets", timings_of(again), p99=50)
    yield peak_memory("variants")


def _wished(typed: Sequence[Question]) -> Iterator[Question]:
    some = [Question("", ""), *random.Random(19).sample(typed, max(1, len(typed) // (EVERY * len(WISHES))))]
    for wish in WISHES:
        for one in some:
            yield Question(wish, f"{one.text} {wish}".strip())


def _by_size(questions: Sequence[Question]) -> list[Question]:
    return [replace(one, sort="size") for one in questions[::EVERY]]
