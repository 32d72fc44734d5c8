"""What the dtypes in a safetensors header tell of weights: their label and their size; pure.

The Hub reads one checkpoint of a repository: `model.safetensors`, or the shards of its index.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from indexer.variants.grouping import Group
from indexer.variants.labels import Label, to_label
from indexer.variants.records import Facts
from indexer.variants.sizing import MOST_BYTES

_DTYPES = {
    "F64": (8, "F64"), "F32": (4, "F32"), "F16": (2, "F16"), "BF16": (2, "BF16"), "F8_E4M3": (1, "FP8"),
    "F8_E5M2": (1, "FP8"), "F8_E8M0": (1, ""), "I32": (4, ""), "U32": (4, ""), "I16": (2, ""),
    "U16": (2, ""), "I8": (1, ""), "U8": (1, ""), "BOOL": (1, ""),
}  # fmt: skip
"""Bytes of each element, and the label of floats."""
_OTHER = (8, "")
_MOST_OTHERS = 0.01
"""The part of the bytes that positions and masks may take; where more are no floats, they may be packed."""
_MOST_APART = 0.01
"""The part of the total that the dtypes may differ from it by."""
_HEADER, _MORE = 2**16, 0.05
"""Bytes, and part of them, that files may have beyond the elements: their header, small layers apart."""
_LAYERS = re.compile(r"\d+_[^/]+/")
"""Folders of the small layers that sentence-transformers puts behind a model."""


class Told(NamedTuple):
    """What the dtypes tell of one group."""

    group: Group
    label: Label
    """The one that most of the bytes are in."""
    bytes: int
    """Of all elements: the files without their headers."""

    def agrees(self, size: int | None) -> bool:
        """Tell whether files of this size, if it is known, can be those that were read."""
        return size is None or self.bytes <= size <= self.bytes * (1 + _MORE) + _HEADER


def told_by_dtypes(groups: Sequence[Group], facts: Facts) -> Told | None:
    """Give what the dtypes of a model tell, and of which group; `None`: nothing, or nobody knows of which."""
    group = _group_read(groups)
    if group is None or not facts.params:
        return None
    label, most, floats, total, counted = "", 0, 0, 0, 0
    for name, elements in facts.dtypes:
        each, said = _DTYPES.get(name, _OTHER)
        size = each * elements
        counted += elements
        total += size
        if said:
            floats += size
            if size > most:
                label, most = said, size
    is_one = 2 * most > total and floats >= (1 - _MOST_OTHERS) * total
    is_sound = total <= MOST_BYTES and abs(counted - facts.params) <= _MOST_APART * facts.params
    return Told(group, to_label(label), total) if is_one and is_sound else None


def _group_read(groups: Sequence[Group]) -> Group | None:
    """Give the group that is the checkpoint the Hub reads; it stands above all folders."""
    found = [group for group in groups if group.format == "safetensors"]
    if len(found) > 1:
        found = [group for group in found if group.key == "safetensors" and _is_plain(group)]
    return found[0] if found and not found[0].missing and _is_one(found[0]) else None


def _is_plain(group: Group) -> bool:
    return any(file.path.startswith(("model.safetensors", "model-0")) for file in group.files)


def _is_one(group: Group) -> bool:
    """Tell whether files are one file, or all shards of one set, and what small layers follow them."""
    first, count = "", 0
    for file in group.files:
        path = file.path
        if "/" not in path:
            first, count = first or path, count + 1
        elif not _LAYERS.match(path):
            return False
    return count == 1 or f"-of-{count:05d}." in first
