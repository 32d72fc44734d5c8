"""The models that are recommended at the moment: by the user's file where there is one, else by our own."""

import logging
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock

from api.handoff.plain_yaml import MAX_CHARACTERS
from api.handoff.recommended import BadRecommendations, Recommended, read_recommended

FILE = "recommended.yaml"

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int] | None
"""When a file was changed, its size, and which one it is; `None`: there is none."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Models that are recommended."""

    models: tuple[Recommended, ...]
    warning: str = ""
    """What is wrong with the user's file, so that the packaged one counts; empty: nothing."""


class Shelves:
    """Reads the recommended models, anew whenever their file has changed. Safe to share between threads.

    Args:
        home: the folder where `recommended.yaml` may lie.
        named: the file that the user named instead; then it has to be there.

    """

    def __init__(self, home: Path, named: Path | None = None) -> None:
        self._path = named or home / FILE
        self._is_named = named is not None
        self._lock = Lock()
        self._known: tuple[_Stamp, Shelf] | None = None

    def current(self) -> Shelf:
        """Give the models that are recommended now; whatever is wrong with the file, there are some."""
        with self._lock:
            stamp = self._stamp()
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, self._read(stamp)
            return self._known[1]

    def _stamp(self) -> _Stamp:
        try:
            told = self._path.stat()
        except OSError:
            return None
        return told.st_mtime_ns, told.st_size, told.st_ino

    def _read(self, stamp: _Stamp) -> Shelf:
        if stamp is None and not self._is_named:
            return Shelf(packaged())
        try:
            return Shelf(read_recommended(_text(self._path)))
        except BadRecommendations as error:
            warning = f"{self._path.name} is not used: {error}. Hubdex's own recommendations are shown."
            logger.warning("recommendations not used file=%s why=%s", self._path, error)
            return Shelf(packaged(), warning)


@cache
def packaged() -> tuple[Recommended, ...]:
    """Give Hubdex's own recommendations."""
    return read_recommended(files("api").joinpath("handoff", FILE).read_text(encoding="utf-8"))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise BadRecommendations("it is not there, or is no file")
        with path.open(encoding="utf-8") as opened:
            return opened.read(MAX_CHARACTERS + 1)
    except OSError as error:
        raise BadRecommendations(f"it cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadRecommendations("it is not written in UTF-8") from None
