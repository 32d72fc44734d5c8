"""From files to variants; pure."""

import re
from collections.abc import Sequence

from indexer.variants.records import Contents, Facts, RepoFile, Variant

_LABEL = re.compile(r"[-._](I?Q\d\w*|BF16|F16)\.gguf$", re.IGNORECASE)


def contents_of(files: Sequence[RepoFile], facts: Facts) -> Contents:
    """Give what is in a repository."""
    variants = []
    for file in files:
        if file.path.endswith(".gguf"):
            found = _LABEL.search(file.path)
            label = found[1].upper() if found else "unknown"
            bits = 800 * file.bytes // facts.gguf_params / 100 if file.bytes and facts.gguf_params else None
            needs = () if file.bytes is None else tuple(file.bytes + 2**27 * (4**n) for n in range(4))
            variants.append(
                Variant(file.path, label, "gguf", (file,), file.bytes, bits, facts.gguf_params, needs=needs)
            )
    weights = tuple(file for file in files if file.path.endswith(".safetensors"))
    if weights:
        variants.append(Variant("safetensors", "BF16", "safetensors", weights))
    return Contents(tuple(variants))
