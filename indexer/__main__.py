"""`python -m indexer {sync,rebuild,check,keys,search,status}`: the index follows the catalog, or is asked."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import get_args

import orjson

from indexer.answers import page_answer
from indexer.catalog.passes import SET_ASIDE_KEPT
from indexer.catalog.store import Catalog, utc_now
from indexer.checking import SAMPLE, check_index
from indexer.conditions import check_answer, set_asides_answer, status_answer
from indexer.config import HomeConfig, KeysConfig, read_config
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.keys import make_keys
from indexer.errors import EXIT_DONE, EXIT_FAILED, CatalogMissing, CatalogOutdated, EngineUnavailable
from indexer.filters import FACETS
from indexer.process import (
    StopRequest,
    collect_garbage_rarely,
    configure_logging,
    exclusive,
    run_command,
)
from indexer.query import Sort, parse_query
from indexer.remote import ask_service
from indexer.search import Search
from indexer.sync import Sync, SyncReport
from indexer.terminal import answer_lines, check_lines, has_colours, json_line, set_aside_lines, status_lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the room; gives its exit code."""
    arguments = _parser().parse_args(argv)
    return run_command(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubdex index", description="Keep the index and ask it.")
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="bring the index to where the catalog is")
    sync.add_argument("--follow", action="store_true", help="go on following until stopped")
    sync.add_argument(
        "--interval", type=float, default=2.0, metavar="SECONDS", help="pause between two looks (default 2)"
    )
    rebuild = commands.add_parser("rebuild", help="build the index anew from the catalog")
    check = commands.add_parser("check", help="compare the index with the catalog")
    drawn = check.add_mutually_exclusive_group()
    drawn.add_argument(
        "--sample", type=_positive, default=SAMPLE, metavar="N", help=f"compare N models (default {SAMPLE:,})"
    )
    drawn.add_argument("--all", action="store_true", help="compare every model")
    keys = commands.add_parser("keys", help="make the two keys of Meilisearch servers, and print them")
    search = commands.add_parser("search", help="ask the index", prog="hubdex search")
    search.add_argument("q", nargs="*", help="the query, e.g. TheBloke/llama")
    search.add_argument(
        "--sort", choices=get_args(Sort), default="relevance", help="the order (default relevance)"
    )
    search.add_argument(
        "--facets",
        nargs="+",
        choices=FACETS,
        default=[],
        metavar="FIELD",
        help=f"count the values of fields over all that was found: {', '.join(FACETS)}",
    )
    search.add_argument("--url", help="ask the service that runs there, e.g. http://127.0.0.1:8017")
    search.add_argument("--limit", type=int, default=20)
    search.add_argument("--offset", type=int, default=0)
    status = commands.add_parser(
        "status", help="what is known, how old and how complete", prog="hubdex status"
    )
    status.add_argument(
        "--set-aside",
        nargs="?",
        type=_count,
        const=20,
        metavar="N",
        help="show the newest N rows of the Hub that had no meaning (20 when N is not given)",
    )
    for command in (sync, rebuild, check, keys, search, status):
        command.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    config = read_config(HomeConfig)
    configure_logging(config.log)
    if arguments.command == "search":
        return _search(config, arguments)
    if arguments.command == "status":
        return _status(config, arguments)
    if arguments.command == "check":
        return _check(config, arguments)
    if arguments.command == "keys":
        return _keys(as_json=arguments.json)
    collect_garbage_rarely()
    with exclusive(config.lock_folder, "index sync"):
        if arguments.command == "rebuild":
            _report(_sync_once(config, rebuild=True), as_json=arguments.json)
        elif arguments.follow:
            _follow(config, max(0.1, arguments.interval), as_json=arguments.json)
        else:
            _report(_sync_once(config), as_json=arguments.json)
    return EXIT_DONE


def _sync_once(config: HomeConfig, *, rebuild: bool = False) -> SyncReport:
    engine = EmbeddedWriter(config.index_folder)
    with Catalog(config.database_url, read_only=True) as catalog:
        try:
            sync = Sync(catalog, engine, progress=_progress)
            return sync.rebuild() if rebuild else sync.run()
        finally:
            engine.close()


def _follow(config: HomeConfig, interval: float, *, as_json: bool) -> None:
    """Sync again and again until SIGTERM or Ctrl-C; a catalog that is not there yet is waited for."""
    stop = StopRequest().listen()
    engine = EmbeddedWriter(config.index_folder)
    try:
        while not stop.is_set():
            try:
                with Catalog(config.database_url, read_only=True) as catalog:
                    sync = Sync(catalog, engine)
                    while not stop.is_set():
                        report = sync.run()
                        if report.done != "nothing":
                            _report(report, as_json=as_json)
                        stop.wait(interval)
            except (CatalogMissing, CatalogOutdated):
                stop.wait(interval)
    finally:
        engine.close()


def _search(config: HomeConfig, arguments: argparse.Namespace) -> int:
    query = parse_query(
        " ".join(arguments.q),
        sort=arguments.sort,
        facets=arguments.facets,
        limit=arguments.limit,
        offset=arguments.offset,
    )
    if arguments.url:
        answer = ask_service(arguments.url, query)
    else:
        with Catalog(config.database_url, read_only=True) as catalog:
            answer = page_answer(Search(catalog, EmbeddedReader(config.index_folder)).answer(query))
    if arguments.json:
        print(json_line(answer))
    else:
        print("\n".join(answer_lines(answer, colours=has_colours(sys.stdout, os.environ))))
    return EXIT_DONE


def _check(config: HomeConfig, arguments: argparse.Namespace) -> int:
    collect_garbage_rarely()
    with Catalog(config.database_url, read_only=True) as catalog:
        report = check_index(
            catalog,
            EmbeddedReader(config.index_folder),
            sample=None if arguments.all else arguments.sample,
            progress=_progress,
        )
    print(json_line(check_answer(report)) if arguments.json else "\n".join(check_lines(report)))
    return EXIT_DONE if report.agrees else EXIT_FAILED


def _keys(*, as_json: bool) -> int:
    settings = make_keys(read_config(KeysConfig)).settings()
    print(json_line(settings) if as_json else "\n".join(f"{name}={key}" for name, key in settings.items()))
    return EXIT_DONE


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return count


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= SET_ASIDE_KEPT:
        raise argparse.ArgumentTypeError(f"from 1 to {SET_ASIDE_KEPT:,}")
    return count


def _status(config: HomeConfig, arguments: argparse.Namespace) -> int:
    now = utc_now()
    with Catalog(config.database_url, read_only=True) as catalog:
        state = catalog.state()
        aside = catalog.set_aside(arguments.set_aside) if arguments.set_aside else []
    if arguments.set_aside:
        answered = [json_line(set_asides_answer(state, aside))]
        print("\n".join(answered if arguments.json else set_aside_lines(state, aside, now)))
        return EXIT_DONE
    try:
        index = EmbeddedReader(config.index_folder).state()
    except EngineUnavailable:
        index = None
    if arguments.json:
        print(json_line(status_answer(state, index, now)))
    else:
        print("\n".join(status_lines(state, index, now)))
    return EXIT_DONE


def _report(report: SyncReport, *, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(dataclasses.asdict(report)).decode(), flush=True)
    elif report.done == "nothing":
        print(f"The index is up to date: {report.models:,} models.", flush=True)
    else:
        why = f" ({report.why})" if report.why else ""
        print(
            f"Index {report.done}{why}: {report.written:,} documents written, {report.removed:,} removed "
            f"in {report.seconds:.1f} s, {report.per_second:,.0f} a second; {report.models:,} models.",
            flush=True,
        )


def _progress(written: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{written:,} of {of:,} models", end="" if written < of else "\n", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
