"""Where the embedded engine's indexes lie, and which of them is the live one.

    <index folder>/current          names the live index; replaced in one step by a rebuild
    <index folder>/models-<stamp>/  the index of models, with `hubdex.json` (how far it follows) beside
                                    its files, and below it
                          variants/  the index of their variants

`hubdex.json` is written after both have committed: a crash before it replays changes that are already
in, in one or in both, which changes nothing. It names these commits, so that an index older than they,
put back or left behind by a power cut, is not taken for one that has come as far.
"""

import os
import shutil
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import orjson

from indexer.engines.contract import IndexState
from indexer.engines.embedded.damage import damaged_file, opstamp_of
from indexer.engines.embedded.schema import SCHEMA_VERSION
from indexer.errors import EngineUnavailable
from indexer.query import KINDS, Kind

_CURRENT = "current"
_STATE = "hubdex.json"
_PREFIX = "models-"
_VARIANTS = "variants"
_OPSTAMPS: dict[Kind, str] = {"model": "opstamp", "variant": "variants_opstamp"}
_REBUILT = "`hubdex index sync` rebuilds it"


def live_folder(root: Path) -> Path | None:
    """Give the folder of the live index, or `None` when there is none."""
    try:
        name = (root / _CURRENT).read_text().strip()
    except OSError:
        return None
    folder = root / name
    ours = name.startswith(_PREFIX) and "/" not in name
    return folder if ours and folder.is_dir() else None


def new_folder(root: Path) -> Path:
    """Make an empty folder for an index that is not live yet."""
    return make_folder(root / f"{_PREFIX}{uuid4().hex}")


def make_folder(folder: Path) -> Path:
    """Make a folder for both kinds of documents."""
    folder_of(folder, "variant").mkdir(parents=True)
    return folder


def folder_of(folder: Path, kind: Kind) -> Path:
    """Give where the documents of a kind lie."""
    return folder / _VARIANTS if kind == "variant" else folder


def damage_in(folder: Path) -> str | None:
    """Name the first file that is not as it was written; `None` when all are.

    Raises:
        OSError, ValueError, KeyError or TypeError: a list of segments cannot be read.

    """
    for kind in KINDS:
        at = folder_of(folder, kind)
        if (name := damaged_file(at)) is not None:
            return (at / name).relative_to(folder).as_posix()
    return None


def make_live(root: Path, folder: Path) -> None:
    """Put an index in the place of the live one."""
    replace_file(root / _CURRENT, folder.name.encode())


def drop_others(root: Path) -> None:
    """Remove every index but the live one: superseded, or left half-built by a crash.

    Readers that still have one open keep its files until they let go of them.
    """
    live = live_folder(root)
    for folder in root.glob(f"{_PREFIX}*"):
        if folder != live:
            shutil.rmtree(folder, ignore_errors=True)


def state_file(folder: Path) -> Path:
    """Give the path of the file that says how far an index follows."""
    return folder / _STATE


def read_state(folder: Path) -> IndexState:
    """Give how far an index follows.

    Raises:
        EngineUnavailable: the index is unreadable, of another schema version or older than its state.

    """
    try:
        data = orjson.loads(state_file(folder).read_bytes())
        version = int(data["schema_version"])
        if version != SCHEMA_VERSION:
            raise EngineUnavailable(f"The index is of version {version}, not {SCHEMA_VERSION}; {_REBUILT}.")
        state = IndexState(
            catalog=str(data["catalog"]),
            serial=int(data["serial"]),
            counters_serial=int(data["counters_serial"]),
            models=int(data["models"]),
            synced_at=datetime.fromisoformat(data["synced_at"]),
        )
        lost = any(opstamp_of(folder_of(folder, kind)) < int(data[key]) for kind, key in _OPSTAMPS.items())
    except (OSError, ValueError, KeyError, TypeError):
        raise EngineUnavailable(f"The index is damaged; {_REBUILT}.") from None
    if lost:
        raise EngineUnavailable(f"The index is older than its own state says; {_REBUILT}.")
    return state


def write_state(folder: Path, state: IndexState) -> None:
    """Store how far the newest commit of an index follows."""
    replace_file(
        state_file(folder),
        orjson.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                **{key: opstamp_of(folder_of(folder, kind)) for kind, key in _OPSTAMPS.items()},
                "catalog": state.catalog,
                "serial": state.serial,
                "counters_serial": state.counters_serial,
                "models": state.models,
                "synced_at": state.synced_at.isoformat(),
            }
        ),
    )


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, finds the old or the new one, never a half.

    What was put into its folder before (Tantivy leaves its last rename to chance) is on the disk
    before it, and it is there before anything that comes after: the removal of what it replaces.
    """
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    _sync_folder(path.parent)
    beside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
