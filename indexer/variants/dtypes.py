"""What the dtypes in a safetensors header tell of weights: their label and their size; pure.

The Hub reads one checkpoint of a repository: `model.safetensors`, or the shards of its index.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from indexer.variants.grouping import Group
from indexer.variants.labels import Label, to_label
from indexer.variants.records import Facts
from indexer.variants.sizing import total_of

_LABELS = {
    "F64": "F64", "F32": "F32", "F16": "F16", "BF16": "BF16", "F8_E4M3": "FP8", "F8_E5M2": "FP8",
}  # fmt: skip
_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "I32": 4, "U32": 4,
    "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_MOST_BYTES_EACH = 8
_MOST_OTHERS = 0.01
"""The part of the bytes that positions and masks may take; where more are no floats, they may be packed."""
_MOST_APART = 0.01
"""The part of the total that the dtypes may differ from it by."""
_MOST_BYTES = 2**50
"""Of a model; a header can claim anything."""
_HEADER, _MORE = 2**16, 0.05
"""Bytes, and part of them, that files may have beyond the elements: their header, small layers apart."""
_LAYERS = re.compile(r"\d+_[^/]+/")
"""Folders of the small layers that sentence-transformers puts behind a model."""


class Told(NamedTuple):
    """What the dtypes tell of one group."""

    group: Group
    label: Label
    bytes: int
    """Of all elements: the files without their headers."""


def told_by_dtypes(groups: Sequence[Group], facts: Facts) -> Told | None:
    """Give what the dtypes of a model tell, and of which group; `None`: nothing, or nobody knows of which."""
    read = _read(facts)
    group = _group_read(groups) if read else None
    if read is None or group is None:
        return None
    label, least = read
    size, _ = total_of(group.files)
    if size is not None and not least <= size <= least * (1 + _MORE) + _HEADER:
        return None
    return Told(group, label, least)


def _read(facts: Facts) -> tuple[Label, int] | None:
    """Give the label that most of the bytes are in, and how many there are, where they are floats."""
    by_label: dict[str, int] = {}
    count = others = 0
    for name, elements in facts.dtypes:
        count += elements
        size = elements * _BYTES.get(name, _MOST_BYTES_EACH)
        if label := _LABELS.get(name):
            by_label[label] = by_label.get(label, 0) + size
        else:
            others += size
    total = sum(by_label.values()) + others
    if not facts.params or abs(count - facts.params) > _MOST_APART * facts.params:
        return None
    if not 0 < total <= _MOST_BYTES or others > _MOST_OTHERS * total:
        return None
    label, most = max(by_label.items(), key=lambda one: one[1])
    return (to_label(label), total) if 2 * most > total else None


def _group_read(groups: Sequence[Group]) -> Group | None:
    """Give the group that is the checkpoint the Hub reads; it stands above all folders."""
    found = [group for group in groups if group.format == "safetensors"]
    if len(found) > 1:
        found = [group for group in found if group.key == "safetensors" and _is_plain(group)]
    if len(found) != 1 or found[0].missing:
        return None
    paths = [file.path for file in found[0].files if not _LAYERS.match(file.path)]
    is_one = len(paths) == 1 or (paths and f"-of-{len(paths):05d}." in paths[0])
    return found[0] if is_one and not any("/" in path for path in paths) else None


def _is_plain(group: Group) -> bool:
    return any(file.path.startswith(("model.safetensors", "model-0")) for file in group.files)
