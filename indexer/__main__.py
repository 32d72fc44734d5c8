"""`python -m indexer {sync,rebuild,check,upkeep,keys,search,status}`: catalog and index, kept and asked."""

import argparse
import dataclasses
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

import orjson

from indexer.activity import Activity, next_answers, run_answers
from indexer.allowances import allowances_in, for_crawls
from indexer.answers import page_answer
from indexer.asking import add_options, question_of
from indexer.catalog.passes import SET_ASIDE_KEPT
from indexer.catalog.store import Catalog, utc_now
from indexer.checking import SAMPLE, check_index
from indexer.conditions import check_answer, set_asides_answer, status_answer
from indexer.config import HomeConfig, KeysConfig, read_config
from indexer.engines.contract import IndexState
from indexer.engines.meilisearch.keys import make_keys
from indexer.engines.opening import EMBEDDED, Replica, open_reader, open_replicas, replica_states
from indexer.errors import EXIT_DONE, EXIT_FAILED, EXIT_TRY_LATER, EngineUnavailable
from indexer.following import follow_all, sync_all
from indexer.freshness import read_periods, staleness
from indexer.hub import HubConfig
from indexer.logs import tell_error
from indexer.planned import read_plan
from indexer.process import (
    StopRequest,
    collect_garbage_rarely,
    configure_logging,
    exclusive,
    run_command,
)
from indexer.remote import ask_service
from indexer.runs import Runs, RunWriter
from indexer.search import Search
from indexer.sync import SyncReport
from indexer.terminal import (
    activity_lines,
    answer_lines,
    check_lines,
    has_colours,
    json_line,
    set_aside_lines,
    status_lines,
)
from indexer.upkeep import UPKEEP, keep_up


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
    upkeep = commands.add_parser(
        "upkeep", help="drop from the catalog what nobody needs, look whether it is sound"
    )
    keys = commands.add_parser("keys", help="make the two keys of Meilisearch servers, and print them")
    search = commands.add_parser("search", help="ask the index", prog="hubdex search")
    add_options(search)
    search.add_argument("--url", help="ask the service that runs there, e.g. http://127.0.0.1:8017")
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
    for command in (sync, rebuild, check, upkeep, keys, search, status):
        command.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    config = read_config(HomeConfig)
    configure_logging(config.log)
    if arguments.command == "search":
        return _search(config, arguments)
    if arguments.command == "status":
        return _status(read_config(HubConfig), arguments)
    if arguments.command == "check":
        return _check(config, arguments)
    if arguments.command == "keys":
        return _keys(as_json=arguments.json)
    if arguments.command == "upkeep":
        return _upkeep(config, as_json=arguments.json)
    collect_garbage_rarely()
    with exclusive(config.lock_folder, "index sync"), Runs(config).running("index-sync") as run:
        if arguments.command == "sync" and arguments.follow:
            _follow(config, run, max(0.1, arguments.interval), as_json=arguments.json)
            return EXIT_DONE
        return _sync_once(config, run, rebuild=arguments.command == "rebuild", as_json=arguments.json)


def _sync_once(config: HomeConfig, run: RunWriter, *, rebuild: bool, as_json: bool) -> int:
    """Bring every index up to date; what went wrong with one is told behind the reports of the others."""
    counts = Counter[str]()
    ended = sync_all(config, open_replicas(config), rebuild=rebuild, progress=_progress)
    for one in ended:
        if one.report is not None:
            _report(one.name, one.report, as_json=as_json)
            _note(run, counts, one.report)
    errors = [one.error for one in ended if one.error is not None]
    errors.sort(key=lambda error: error.exit_code == EXIT_FAILED)  # where trying later does not help is told
    for error in errors[:-1]:
        tell_error(error)
    if errors:
        raise errors[-1]
    return EXIT_DONE


def _follow(config: HomeConfig, run: RunWriter, interval: float, *, as_json: bool) -> None:
    """Sync again and again until SIGTERM or Ctrl-C."""
    stop, counts = StopRequest().listen(), Counter[str]()

    def tell(name: str, report: SyncReport) -> None:
        _report(name, report, as_json=as_json)
        _note(run, counts, report)

    follow_all(config, open_replicas(config), stop, interval, tell)


def _search(config: HomeConfig, arguments: argparse.Namespace) -> int:
    question = question_of(arguments)
    if arguments.url:
        answer = ask_service(arguments.url, question)
    else:
        with Catalog(config.database_url, read_only=True) as catalog:
            search = Search(catalog, open_reader(config), periods=partial(read_periods, config))
            page = search.answer(question.query)
            answer = page_answer(page, question.memory)
    if arguments.json:
        print(json_line(answer))
    else:
        print("\n".join(answer_lines(answer, colours=has_colours(sys.stdout, os.environ))))
    return EXIT_DONE


def _check(config: HomeConfig, arguments: argparse.Namespace) -> int:
    collect_garbage_rarely()
    agrees = True
    with Catalog(config.database_url, read_only=True) as catalog:
        for replica in open_replicas(config):
            sample = None if arguments.all else arguments.sample
            report = check_index(catalog, replica.reader, sample=sample, progress=_progress)
            agrees = agrees and report.agrees
            if arguments.json:
                print(json_line({"server": replica.name} | check_answer(report)), flush=True)
            else:
                print("\n".join([*_named(replica), *check_lines(report)]), flush=True)
    return EXIT_DONE if agrees else EXIT_FAILED


def _upkeep(config: HomeConfig, *, as_json: bool) -> int:
    stop = StopRequest().listen()
    with exclusive(config.lock_folder, UPKEEP), Runs(config).running(UPKEEP) as run:
        report = keep_up(config, run, stop)
        print(json_line(dataclasses.asdict(report)) if as_json else report)
        run.end("done" if report.finished else "stopped", str(report))
    return EXIT_DONE if report.finished else EXIT_TRY_LATER


def _named(replica: Replica) -> list[str]:
    return [f"server   {replica.name}"] if replica.is_remote else []


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


def _status(config: HubConfig, arguments: argparse.Namespace) -> int:
    now = utc_now()
    with Catalog(config.database_url, read_only=True) as catalog:
        state = catalog.state()
        aside = catalog.set_aside(arguments.set_aside) if arguments.set_aside else []
    if arguments.set_aside:
        answered = [json_line(set_asides_answer(state, aside))]
        print("\n".join(answered if arguments.json else set_aside_lines(state, aside, now)))
        return EXIT_DONE
    index = _index_state(config)
    servers = replica_states([one for one in open_replicas(config) if one.is_remote])
    stale = staleness(state, index, read_periods(config), now)
    activity = Activity(tuple(Runs(config).ledgers()), read_plan(config))
    quota = for_crawls(allowances_in(config.quota_folder, config.upstream, time.time))
    if arguments.json:
        told = status_answer(state, index, servers, now) | {
            "stale": stale is not None,
            "message": stale.message if stale else "",
            "runs": run_answers(activity),
            "next": next_answers(activity.planned),
            "quota": quota and {"left": quota.left, "limit": quota.limit},
        }
        print(json_line(told))
        return EXIT_DONE
    if stale is not None:
        print(f"stale    {stale.message}")
    print("\n".join(status_lines(state, index, servers, now)))
    print("\n".join(activity_lines(activity, quota, now)))
    return EXIT_DONE


def _index_state(config: HomeConfig) -> IndexState | None:
    try:
        return open_reader(config).state()
    except EngineUnavailable:
        return None


def _note(run: RunWriter, counts: Counter[str], report: SyncReport) -> None:
    """Count what was done in the record of the run."""
    counts.update(syncs=1, written=report.written, removed=report.removed, **{report.done: 1})
    run.note(counts)


def _report(name: str, report: SyncReport, *, as_json: bool) -> None:
    where = "" if name == EMBEDDED else f" on {name}"
    if as_json:
        print(orjson.dumps({"server": name} | dataclasses.asdict(report)).decode(), flush=True)
    elif report.done == "nothing":
        print(f"The index{where} is up to date: {report.models:,} models.", flush=True)
    else:
        why = f" ({report.why})" if report.why else ""
        rate = f"{report.seconds:.1f} s, {report.per_second:,.0f} a second"
        print(
            f"Index{where} {report.done}{why}: {report.written:,} documents written, "
            f"{report.removed:,} removed in {rate}; {report.models:,} models.",
            flush=True,
        )


def _progress(written: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{written:,} of {of:,} models", end="" if written < of else "\n", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
