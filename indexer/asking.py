"""The question of `hubdex search`: its options as a query, and as the parameters of a service."""

import argparse
from dataclasses import dataclass, replace
from typing import get_args

from indexer.errors import BadRequest
from indexer.filters import FACETS, NO_FILTERS
from indexer.machine import memory_here
from indexer.measures import MEASURES, Memory, memory_text, read_context, read_memory
from indexer.query import Kind, SearchQuery, Sort, parse_query


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the memory that variants are to say whether they fit into."""

    query: SearchQuery
    memory: Memory | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked to a command line."""
    parser.add_argument("q", nargs="*", help="the query, e.g. TheBloke/llama")
    parser.add_argument(
        "--kind", choices=get_args(Kind), default="model", help="what to look for (default model)"
    )
    parser.add_argument(
        "--sort", choices=get_args(Sort), default="relevance", help="the order (default relevance)"
    )
    parser.add_argument(
        "--facets",
        nargs="+",
        choices=FACETS,
        default=[],
        metavar="FIELD",
        help=f"count the values of fields over all that was found: {', '.join(FACETS)}",
    )
    parser.add_argument(
        "--fits",
        metavar="MEMORY",
        help="only variants that fit: 8gb, 8gb+32gb (graphics card and machine), auto (this machine's)",
    )
    parser.add_argument("--memory", help="as --fits, but all are found, and say whether they fit")
    parser.add_argument(
        "--ctx", metavar="TOKENS", help="the length of context they are to fit with: 4096, 8k"
    )
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--offset", type=int, default=0)


def question_of(arguments: argparse.Namespace) -> Question:
    """Read a command line; raises BadRequest."""
    filters = replace(NO_FILTERS, fits=_memory("--fits", arguments.fits))
    if arguments.ctx is not None:
        context = read_context(arguments.ctx)
        if context is None:
            raise BadRequest(f"--ctx takes a context such as 4096 or 8k; {arguments.ctx!r} is none.")
        filters = replace(filters, context=context)
    query = parse_query(
        " ".join(arguments.q),
        filters=filters,
        sort=arguments.sort,
        facets=arguments.facets,
        limit=arguments.limit,
        offset=arguments.offset,
        kind=arguments.kind,
    )
    return Question(query, _memory("--memory", arguments.memory))


def parameters_of(question: Question) -> list[tuple[str, str]]:
    """Give a question as a service is asked it: filters that were typed are said a second time."""
    query, filters = question.query, question.query.filters
    asked = {
        "q": query.text,
        "kind": query.kind,
        "sort": query.sort,
        "limit": str(query.limit),
        "offset": str(query.offset),
        "ctx": str(filters.context),
        "fits": memory_text(filters.fits) if filters.fits else "",
        "memory": memory_text(question.memory) if question.memory else "",
    }
    for measure in MEASURES:
        for name, end in zip(("min", "max"), filters.bounds_of(measure), strict=True):
            if end is not None:
                asked[f"{name}_{measure}"] = str(end / 100 if measure == "bits" else end)
    repeated: list[tuple[str, str]] = [(facet, value) for facet, values in filters.any_of for value in values]
    repeated += [("tag", tag) for tag in filters.tags]
    return [*asked.items(), *repeated, *(("facets", facet) for facet in query.facets)]


def _memory(option: str, text: str | None) -> Memory | None:
    if text is None:
        return None
    memory = memory_here() if text == "auto" else read_memory(text)
    if memory is None:
        raise BadRequest(f"{option} takes memory such as 8gb, 8gb+32gb or auto; {text!r} is none.")
    return memory
