"""The files of a repository, in the order in which they matter; pure."""

import re
from collections.abc import Sequence

from indexer.formats import FORMATS, format_of

_NO_WEIGHTS = re.compile(
    r"(?:^|/)(?:training_args|training_state[\w-]*|trainer_state|(?:\w+\.)?optimizer|[\w-]*optim_states|opt_state|scheduler"
    r"|scaler|rng_state[\w-]*|random_states[\w-]*|sample_input|keras_metadata|feats_(?:lengths_)?stats)\.\w+$"
    r"|/plugins/profile/"
)
"""What a training leaves behind beside the weights, under the same endings."""
_DIGITS = re.compile(r"(\d{1,18})", re.ASCII)


def is_weights(path: str) -> bool:
    """Tell whether a file holds weights, by its name."""
    return format_of(path) is not None and not is_left_over(path)


def is_left_over(path: str) -> bool:
    """Tell whether a file is what a training left behind, though it ends like weights."""
    return _NO_WEIGHTS.search(path.lower()) is not None


def weights_first(paths: Sequence[str], limit: int) -> list[str]:
    """Give so many paths in the order people look for them: weights, then the rest; what is higher up first.

    Of more than these, those that came first are taken: putting tens of thousands in order takes a second.
    """
    weights = [path for path in paths if is_weights(path)]
    chosen = sorted(weights[:limit], key=_place)
    if len(chosen) < limit:
        known = set(weights)
        others = [path for path in paths if path not in known]
        chosen += sorted(others[: limit - len(chosen)], key=_place)
    return chosen


def _place(path: str) -> tuple[int, int, list[tuple[str, int]], str]:
    ending = path.rpartition(".")[2].lower()
    kind = FORMATS.index(ending) if ending in FORMATS else len(FORMATS)
    return path.count("/"), kind, _natural(path.lower()), path


def _natural(text: str) -> list[tuple[str, int]]:
    """Cut a text into pairs of letters and a number, so that part 2 comes before part 10."""
    parts = [*_DIGITS.split(text), ""]
    return [(letters, int(digits or 0)) for letters, digits in zip(parts[::2], parts[1::2], strict=True)]
