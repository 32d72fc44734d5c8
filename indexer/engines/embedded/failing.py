"""What Tantivy raises, as errors of ours."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.errors import EngineError

MAX_REASON = 300
"""Characters of Tantivy's own words in a sentence of ours."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OF_A_THREAD = "io::Error most likely"
"""Of what stopped a thread of its own Tantivy tells only so much."""
_OS_ERROR = re.compile(r"(?:os error |code: )(\d+)")


@contextmanager
def translated(failed: str, kind: type[EngineError] = EngineError) -> Iterator[None]:
    """Turn whatever Tantivy raises into an error of ours.

    It raises ValueError, OSError or RuntimeError for whatever is wrong with an index, and panics over
    what it did not expect: that has no name that could be imported, and is no `Exception`.

    Args:
        failed: what then failed, the beginning of a sentence.
        kind: the error to raise.

    """
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        raise kind(_sentence(failed, error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise kind(_sentence(failed, error)) from error


def _sentence(failed: str, error: BaseException) -> str:
    if _has_no_room(error):
        return f"{failed}: the disk takes no more (full, over a quota or failing); make room and go on."
    if _OF_A_THREAD in str(error):
        return f"{failed}: its files could not be written (most likely the disk is full or failing)."
    return f"{failed}: {' '.join(str(error).split())[:MAX_REASON]}."


def _has_no_room(error: BaseException) -> bool:
    numbers = [int(number) for number in _OS_ERROR.findall(str(error))]
    return not _NO_ROOM.isdisjoint([*numbers, getattr(error, "errno", None)])
