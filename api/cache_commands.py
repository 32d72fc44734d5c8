"""The commands `hubdex cache ls|verify|rm|pin|unpin|identify`: what lies on this disk."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from api.config import ApiConfig
from api.handoff.cache.answers import cache_answer, verified_answer
from api.handoff.cache.errors import Protected
from api.handoff.cache.keeping import delete_revision, pin_revision, why_protected
from api.handoff.cache.looking import find_revision, look
from api.handoff.cache.records import CachedRevision, CacheState
from api.handoff.cache.verifying import Verified, verify
from api.handoff.jobs.store import JobStore
from api.identifying import identified_answer, identified_lines, identify
from indexer.catalog.store import Catalog, utc_now
from indexer.config import read_config
from indexer.errors import EXIT_DONE, EXIT_FAILED, BadRequest, CatalogError
from indexer.process import configure_logging, run_command
from indexer.terminal import age_words, json_line, printable, size_words

_ABOUT = {
    "ls": "list the revisions in the Hugging Face cache, the one used last first",
    "verify": "read a revision and compare the hash of every file; exit 1 when any is wrong or missing",
    "rm": "delete a revision; what other revisions share with it stays",
    "pin": "let nothing delete a revision",
    "unpin": "let go of a pinned revision",
    "identify": "say which models hold a file, by its content; exit 1 when none is known to",
}


def main(given: Sequence[str]) -> int:
    """Run one command; give its exit code."""
    asked = _parser().parse_args(given)
    commands: Mapping[str, Callable[[ApiConfig, argparse.Namespace], int]] = {
        "ls": _list,
        "verify": _verify,
        "rm": _remove,
        "pin": _pin,
        "unpin": _pin,
        "identify": _identify,
    }

    def run() -> int:
        config = read_config(ApiConfig)
        configure_logging(config.log)
        return commands[asked.command](config, asked)

    return run_command(run)


def _list(config: ApiConfig, asked: argparse.Namespace) -> int:
    with JobStore(config.jobs_url) as store, _catalog(config) as catalog:
        state = look(config, store, catalog, utc_now)
    print(json_line(cache_answer(state, {})) if asked.json else "\n".join(_lines(state, utc_now())))
    return EXIT_DONE


def _verify(config: ApiConfig, asked: argparse.Namespace) -> int:
    one = _found(config, asked.model)
    try:
        found = verify(one.snapshot, _progress)
    finally:
        _progress_ended()
    if asked.json:
        named = {"model": one.snapshot.repo_id, "revision": one.snapshot.commit}
        print(json_line({**named, **verified_answer(found)}))
    else:
        print("\n".join(_verified_lines(one, found)))
    return EXIT_DONE if found.is_right else EXIT_FAILED


def _remove(config: ApiConfig, asked: argparse.Namespace) -> int:
    one = _found(config, asked.model)
    why = why_protected(one, force=asked.force)
    if why:
        raise Protected(*one.snapshot.name, why)
    if not asked.yes and not _agreed(one):
        return EXIT_FAILED
    with JobStore(config.jobs_url) as store:
        _, freed = delete_revision(config, store, *one.snapshot.name, force=asked.force)
    if asked.json:
        answer = {"model": one.snapshot.repo_id, "revision": one.snapshot.commit, "freed_bytes": freed}
        print(json_line(answer))
    else:
        print(f"deleted {_name(one)}: {size_words(freed)} are free now")
    return EXIT_DONE


def _pin(config: ApiConfig, asked: argparse.Namespace) -> int:
    pinned = asked.command == "pin"
    repo_id, _, revision = asked.model.partition("@")
    with JobStore(config.jobs_url) as store:
        one = pin_revision(config, store, repo_id, revision, pinned=pinned)
    if asked.json:
        print(json_line({"model": repo_id, "revision": one.snapshot.commit, "pinned": pinned}))
    else:
        print(f"{'pinned' if pinned else 'let go of'} {_name(one)}")
    return EXIT_DONE


def _identify(config: ApiConfig, asked: argparse.Namespace) -> int:
    with Catalog(config.database_url, read_only=True) as catalog:
        try:
            found = identify(asked.file, catalog, _progress)
        finally:
            _progress_ended()
    if asked.json:
        print(json_line(identified_answer(found)))
        return EXIT_DONE if found.holders else EXIT_FAILED
    print("\n".join(identified_lines(found)))
    return EXIT_DONE


def _found(config: ApiConfig, named: str) -> CachedRevision:
    repo_id, _, revision = named.partition("@")
    with JobStore(config.jobs_url) as store:
        return find_revision(look(config, store, None, utc_now), repo_id, revision)


def _agreed(one: CachedRevision) -> bool:
    """Ask whoever sits there."""
    if not sys.stdin.isatty():
        raise BadRequest("Nobody is there to be asked; say --yes to delete unasked.")
    print(
        f"Delete {_name(one)}, {size_words(one.snapshot.bytes)}? [y/N] ", end="", file=sys.stderr, flush=True
    )
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _lines(state: CacheState, now: datetime) -> Iterator[str]:
    """Say what lies in the cache, in columns."""
    names = [printable(one.snapshot.repo_id) for one in state.revisions]
    width = max(map(len, names), default=0)
    for one, name in zip(state.revisions, names, strict=True):
        used = one.snapshot.last_used
        age = age_words((now - used).total_seconds()).removeprefix("as of ") if used else "never used"
        size = size_words(one.snapshot.bytes)
        commit = printable(one.snapshot.commit[:12])
        yield f"{name:<{width}}  {commit:<12}  {size:>10}  {age:<16}  {', '.join(_remarks(one))}"
    total = f"{len(state.revisions):,} revisions, {size_words(state.bytes)} in {printable(str(state.path))}"
    limit = f" of {size_words(state.limit)}" if state.limit is not None else ""
    free = f", {size_words(state.free_bytes)} free on the disk" if state.free_bytes is not None else ""
    yield f"{total}; {size_words(state.downloaded_bytes)}{limit} downloaded by Hubdex{free}"
    if state.partial_bytes:
        yield f"{size_words(state.partial_bytes)} of downloads that are not finished"
    if state.is_cut:
        yield "There are more revisions than can be listed."
    yield from map(printable, state.problems)


def _remarks(one: CachedRevision) -> Iterator[str]:
    yield "complete" if one.is_complete else "incomplete"
    if one.is_current is not None:
        yield "current" if one.is_current else "older"
    told = {"by hubdex": one.is_ours, "pinned": one.is_pinned, "downloading": one.is_in_use}
    yield from (word for word, is_so in told.items() if is_so)
    yield from map(printable, one.snapshot.refs[:3])


def _verified_lines(one: CachedRevision, found: Verified) -> Iterator[str]:
    kinds = {"wrong": found.wrong, "missing": found.missing, "no hash is known": found.unknown}
    for word, paths in kinds.items():
        for path in paths:
            yield f"{word}: {printable(path)}"
    counts = f"{len(found.right):,} right, {len(found.wrong):,} wrong, {len(found.missing):,} missing"
    yield f"{_name(one)}: {counts}, {size_words(found.bytes)} read"


def _name(one: CachedRevision) -> str:
    return f"{printable(one.snapshot.repo_id)} ({printable(one.snapshot.commit[:12])})"


@contextmanager
def _catalog(config: ApiConfig) -> Iterator[Catalog | None]:
    """Open the catalog, if there is one that can be read: the disk can be told of without."""
    catalog: Catalog | None = None
    with suppress(CatalogError):
        catalog = Catalog(config.database_url, read_only=True)
    try:
        yield catalog
    finally:
        if catalog is not None:
            catalog.close()


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        share = min(100, 100 * done // max(1, of))
        print(f"\r{size_words(done)} of {size_words(of)} read, {share} %", end="\x1b[K", file=sys.stderr)


def _progress_ended() -> None:
    if sys.stderr.isatty():
        print("\r", end="\x1b[K", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubdex cache", description="Look after the files on this disk.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in _ABOUT.items():
        one = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        if name == "identify":
            one.add_argument("file", type=Path)
        elif name != "ls":
            one.add_argument(
                "model", metavar="MODEL[@REVISION]",
                help="a model's id; of several revisions: which, by commit (six digits do), branch or tag",
            )  # fmt: skip
        if name == "rm":
            one.add_argument("--yes", action="store_true", help="do not ask")
            one.add_argument("--force", action="store_true", help="also what Hubdex did not download")
        one.add_argument("--json", action="store_true", help="answer in JSON")
    return parser
