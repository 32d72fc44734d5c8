"""An index built by several processes at once: each builds a part, then the parts become one index.

Cutting names is Python's work, and Python does one thing at a time: a single process leaves most of the
second core idle. A Tantivy index is a list of segments, files that never change; an index of all parts is
their files in one folder, and one list (`meta.json`).
"""

import signal
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

import orjson

from indexer.engines.contract import Documents, Progress
from indexer.engines.embedded.damage import META
from indexer.engines.embedded.feeding import Feed
from indexer.engines.embedded.folder import folder_of, make_folder, replace_file
from indexer.engines.embedded.schema import make_schema, open_index
from indexer.errors import EngineError
from indexer.process import collect_garbage_rarely
from indexer.query import Kind

HEAP_BYTES = 800_000_000
"""Memory for grams before they go to disk, in all; fewer, larger segments need fewer merges."""
THREADS = 2
TOLD_EVERY = 2_000
"""Documents between two reports of progress."""

_KINDS: tuple[Kind, ...] = ("variant", "model")
"""What is joined, in order: the variants lie below the models."""
_MANAGED = ".managed.json"
_LOCKS = (".tantivy-writer.lock", ".tantivy-meta.lock")


def build(folder: Path, parts: Sequence[Documents], progress: Progress) -> None:
    """Build an index of all parts in an empty folder.

    Raises:
        EngineError: a process that builds a part failed.
        ValueError, OSError, RuntimeError: Tantivy failed.

    """
    if len(parts) == 1:
        _build_part(folder, parts[0], progress)
        return
    folders = [make_folder(folder / f"part-{number}") for number in range(len(parts))]
    _build_apart(list(zip(folders, parts, strict=True)), progress)
    for kind in _KINDS:
        _join(folder_of(folder, kind), [folder_of(one, kind) for one in folders], kind)


def _build_part(folder: Path, documents: Documents, progress: Progress, of: int = 1) -> None:
    feed = Feed(folder, HEAP_BYTES // of, max(1, THREADS // of))
    written = 0
    try:
        for document in documents():
            feed.add(document)
            written += 1
            if written % TOLD_EVERY == 0:
                progress(TOLD_EVERY)
        progress(written % TOLD_EVERY)
        feed.commit()
    except BaseException:
        feed.let_go()  # its threads must not go on writing to what is about to be removed
        raise
    feed.finish()


def _build_apart(parts: Sequence[tuple[Path, Documents]], progress: Progress) -> None:
    context = get_context("spawn")  # a fork would inherit the catalog's connections and other threads' locks
    pipes: list[Connection] = []
    processes = []
    try:
        for folder, documents in parts:
            ours, theirs = context.Pipe(duplex=False)
            pipes.append(ours)
            process = context.Process(target=_work, args=(folder, documents, len(parts), theirs), daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        _listen(pipes, progress)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _listen(pipes: Sequence[Connection], progress: Progress) -> None:
    """Wait until every part is built."""
    waiting = list(pipes)
    while waiting:
        for pipe in cast("list[Connection]", wait(waiting)):
            try:
                said = pipe.recv()
            except EOFError:
                raise EngineError("A process that builds the index ended before it was done.") from None
            match said:
                case int():
                    progress(said)
                case str():
                    raise EngineError(said)
                case _:
                    waiting.remove(pipe)


def _work(folder: Path, documents: Documents, of: int, pipe: Connection) -> None:
    """Build a part, in a process of its own; and say how many more are written, why it failed, or `None`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    collect_garbage_rarely()
    try:
        _build_part(folder, documents, pipe.send, of)
        pipe.send(None)
    except BrokenPipeError:
        return  # nobody waits for it any more
    except Exception as error:  # noqa: BLE001  whatever it is, it is told where somebody handles it
        pipe.send(f"A process that builds the index failed: {error}.")


def _join(folder: Path, parts: Sequence[Path], kind: Kind) -> None:
    """Make one index of several: move their files together, and list all segments."""
    metas = [orjson.loads((part / META).read_bytes()) for part in parts]
    managed: list[str] = []
    for part in parts:
        for file in part.iterdir():
            if file.name not in (META, _MANAGED, *_LOCKS):
                file.rename(folder / file.name)
                managed.append(file.name)
            else:
                file.unlink()
        part.rmdir()
    segments = [segment for meta in metas for segment in meta["segments"]]
    joined = metas[0] | {"segments": segments, "opstamp": max(meta["opstamp"] for meta in metas)}
    replace_file(folder / _MANAGED, orjson.dumps([*managed, META]))
    replace_file(folder / META, orjson.dumps(joined))
    held = open_index(folder, make_schema(kind)).searcher().num_docs
    wanted = sum(segment["max_doc"] for segment in segments)
    if held != wanted:
        raise EngineError(f"The index of all parts holds {held} {kind}s of {wanted}.")
