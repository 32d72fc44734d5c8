"""What is read out of 9,161 real repositories of GGUF files."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.variants.contents import contents_of
from indexer.variants.records import Facts, RepoFile

pytestmark = pytest.mark.real_data

NO_GGUF = re.compile(r"\.gguf\.(?:inp|out|sig|tmp|html|c)$", re.IGNORECASE)
"""What stands beside GGUF files under their names."""
BARE = re.compile(
    r"(?i)(?:^|[-._/ ])(?:UD-)?(?:I?Q[1-8]_(?:[01]|K(?:_(?:XXL|XL|XS|[SML]))?|XXS|XS|[SML]|NL)"
    r"|BF16|FP?16|FP?32|TQ[12]_0|MXFP4(?:_MOE)?)(?=$|[-._/ ])"
)
"""What a regular expression alone would take for labels."""


def trees(folder: Path) -> Iterator[tuple[list[RepoFile], Facts]]:
    with gzip.open(folder / "gguf_trees.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            sizes = {file["rfilename"]: file.get("size") for file in row["files"]}
            files = [RepoFile(path, size) for path, size in sizes.items()]
            yield files, Facts(row["id"], tuple(row["tags"] or ()))


def test_every_gguf_file_has_one_place_and_no_byte_is_lost(real_data: Path) -> None:
    for files, facts in trees(real_data):
        contents = contents_of(files, facts)

        weights = {file.path: file.bytes for variant in contents.variants for file in variant.files}
        bundled = {one.path: one.bytes for variant in contents.variants for one in variant.sidecars}
        others = {one.path: one.bytes for one in contents.sidecars}
        ggufs = {
            file.path: file.bytes for file in files
            if ".gguf" in file.path.lower() and not NO_GGUF.search(file.path)
        }  # fmt: skip
        assert sum(len(variant.files) for variant in contents.variants) == len(weights)
        assert not weights.keys() & bundled.keys()
        assert not others.keys() & (weights | bundled).keys()
        assert ggufs.items() <= (weights | bundled | others).items()
        for variant in contents.variants:
            sizes = [file.bytes for file in variant.files]
            assert None in sizes or variant.bytes == sum(size for size in sizes if size is not None)


def test_nearly_all_weights_have_a_known_label(real_data: Path) -> None:
    known = bare = total = 0

    for files, facts in trees(real_data):
        for variant in contents_of(files, facts).variants:
            if variant.format == "gguf":
                total += len(variant.files)
                known += len(variant.files) if variant.is_known else 0
                bare += sum(BARE.search(file.path) is not None for file in variant.files)

    assert total > 130_000
    assert known / total >= 0.995
    assert known > bare


def test_keys_are_unique_and_counted_bits_are_possible(real_data: Path) -> None:
    for files, facts in trees(real_data):
        variants = contents_of(files, facts).variants

        assert len({variant.key for variant in variants}) == len(variants)
        assert all(
            variant.bits is None or 1 <= variant.bits <= 34 for variant in variants if not variant.is_nominal
        )
