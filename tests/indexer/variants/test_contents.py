from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.files import is_weights
from indexer.variants.contents import contents_of, variants_of
from indexer.variants.records import Contents, Facts, RepoFile

FACTS = Facts("owner/Name-7B-GGUF", ("gguf", "text-generation"))
WORDS = st.sampled_from([
    "model", "X", "7B", "Q4_K_M", "q8_0", "UD-Q2_K_XL", "i1-IQ1_S", "f16", "BF16", "mmproj", "imatrix",
    "mtp", "lora",
    "vae", "00001-of-00003", "00002-of-00003", "1-of-2", "gguf", "part1of2", "split-a", "unet", "onnx",
    "fp16", "Q4",
    "checkpoint-5", "adapter_model", "pytorch_model", "*", "vocab", "t5xxl", "consolidated.00", "int8",
    "4bit",
])  # fmt: skip
ENDINGS = st.sampled_from([
    "", ".gguf", ".GGUF", ".safetensors", ".bin", ".onnx", ".md", ".json", ".gguf.part1of2",
    ".gguf-split-a", ".pth",
    ".dat", ".imatrix", ".gguf.a", ".onnx_data", ".gguf:q8_0", ".gguf.md", ".xml", ".npz", ".gguf_file",
])  # fmt: skip
NAMES = st.builds(
    lambda words, glue, ending: glue.join(words) + ending,
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from(["-", ".", "_", "/", " "]),
    ENDINGS,
)
PATHS = st.one_of(NAMES, st.text(max_size=30), st.builds("{}/{}".format, WORDS, NAMES))
TREES = st.lists(
    st.builds(RepoFile, PATHS, st.one_of(st.none(), st.integers(0, 1 << 40)), is_exact=st.booleans()),
    unique_by=lambda file: file.path,
    max_size=12,
)
ANY_FACTS = st.builds(
    Facts,
    st.one_of(st.just("owner/Name-7B-Q4_K_M-GGUF"), st.text(max_size=20)),
    st.lists(st.sampled_from(["mlx", "4-bit", "awq", "lora", "imatrix", "text-to-image", "llama"])).map(
        tuple
    ),
    st.one_of(st.none(), st.sampled_from(["mlx", "peft", "diffusers"])),
    params=st.one_of(st.none(), st.integers(0, 1 << 45)),
    gguf_params=st.one_of(st.none(), st.integers(0, 1 << 45)),
    architecture=st.one_of(st.none(), st.sampled_from(["llama", "gemma3"])),
)


def places(contents: Contents) -> Counter[str]:
    """How often each file is a variant's, or a sidecar; one sidecar serves many variants."""
    weights = [file.path for variant in contents.variants for file in variant.files]
    bundled = {sidecar.path for variant in contents.variants for sidecar in variant.sidecars}
    return Counter([*weights, *bundled, *(sidecar.path for sidecar in contents.sidecars)])


@settings(deadline=None)
@given(TREES, ANY_FACTS)
def test_every_file_has_one_place_or_holds_no_weights(files: list[RepoFile], facts: Facts) -> None:
    counted = places(contents_of(files, facts))

    assert set(counted.values()) <= {1}
    assert set(counted) <= {file.path for file in files}
    for file in files:
        assert file.path in counted or not is_weights(file.path)


@settings(deadline=None)
@given(TREES, ANY_FACTS)
def test_bytes_are_the_sum_of_the_files(files: list[RepoFile], facts: Facts) -> None:
    for variant in contents_of(files, facts).variants:
        sizes = [file.bytes for file in variant.files]
        if None not in sizes:
            assert variant.bytes == sum(size or 0 for size in sizes)
        assert len(variant.files) == variant.shards - variant.missing
        assert variant.label
        assert variant.format == variant.format.lower()


@settings(deadline=None)
@given(TREES, ANY_FACTS)
def test_keys_are_unique_and_the_order_of_files_does_not_matter(files: list[RepoFile], facts: Facts) -> None:
    contents = contents_of(files, facts)

    keys = [variant.key for variant in contents.variants]
    assert len(set(keys)) == len(keys)
    assert contents_of(files[::-1], facts) == contents
    assert variants_of(files, facts) == list(contents.variants)


def test_what_most_people_should_take_comes_first() -> None:
    labels = [
        "F16", "IQ1_S", "Q8_0", "Q5_K_M", "Q4_K_M", "UD-Q4_K_XL", "Q3_K_M", "IQ4_XS", "Q4_0_4_4", "IQ4_KSS",
        "Q9",
    ]  # fmt: skip
    bytes_of = {"IQ4_XS": 4_400, "Q5_K_M": 5_700}
    files = [RepoFile(f"X-{label}.gguf", bytes_of.get(label, 5_000) * 1_000_000) for label in labels]
    files += [RepoFile("X-Q4_K_M-00001-of-00002.gguf", 1), RepoFile("X.Q4_K_M.gguf.part1of2", 1)]

    variants = variants_of(files, FACTS)

    assert [variant.label for variant in variants] == [
        "Q4_K_M", "UD-Q4_K_XL", "IQ4_XS", "Q5_K_M", "Q8_0", "Q3_K_M", "F16", "IQ1_S", "unknown", "IQ4_KSS",
        "Q4_0_4_4", "Q4_K_M", "Q4_K_M",
    ]  # fmt: skip
    assert [variant.missing > 0 or variant.is_parted for variant in variants] == [False] * 11 + [True] * 2


def test_gguf_comes_before_other_formats() -> None:
    files = [RepoFile("model.safetensors", 10), RepoFile("X-F16.gguf", 10), RepoFile("model.engine", 10)]

    assert [variant.format for variant in variants_of(files, FACTS)] == ["gguf", "safetensors", "tensorrt"]


def test_files_called_alike_in_one_format_have_keys_of_their_own() -> None:
    files = [RepoFile("koala-7B-4bit-128g.safetensors"), RepoFile("koala-7B-4bit-128g.pt")]

    variants = variants_of(files, Facts("o/koala-7B-GPTQ", ("gptq",)))

    assert [variant.format for variant in variants] == ["gptq", "gptq"]
    assert len({variant.key for variant in variants}) == 2


def test_keys_stay_the_same_when_other_files_come_and_go() -> None:
    files = [
        RepoFile("a/X-Q8_0-00001-of-00002.gguf"),
        RepoFile("a/X-Q8_0-00002-of-00002.gguf"),
        RepoFile("X.gguf"),
    ]

    alone = {variant.key for variant in variants_of(files[:2], FACTS)}
    beside = {variant.key for variant in variants_of(files, FACTS)}

    assert alone == {"a/X-Q8_0*00002.gguf"}
    assert alone < beside


@pytest.mark.parametrize(
    ("path", "facts", "is_weighted"),
    [
        ("X.i1-Q4_K_M.gguf", Facts("o/X"), True), ("X-Q4_K_M-imat.gguf", Facts("o/X"), True),
        ("X-Q4_K_M.gguf", Facts("o/X-i1-GGUF"), True), ("X-Q4_K_M.gguf", Facts("o/X", ("imatrix",)), True),
        ("X-Q4_K_M.gguf", Facts("o/X"), False), ("X.i1-F16.gguf", Facts("o/X"), False),
        ("X-Q8_0.gguf", Facts("o/X", ("imatrix",)), False),
    ],
)  # fmt: skip
def test_what_a_matrix_guided_is_said(path: str, facts: Facts, is_weighted: object) -> None:
    (variant,) = variants_of([RepoFile(path)], facts)

    assert variant.is_weighted == is_weighted


def test_a_matrix_in_the_repository_guided_its_quants() -> None:
    files = [RepoFile("X-Q4_K_M.gguf"), RepoFile("X-imatrix.gguf", 1000)]

    (variant,) = variants_of(files, FACTS)

    assert variant.is_weighted
