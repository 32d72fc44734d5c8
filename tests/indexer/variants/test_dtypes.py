"""What the dtypes in a safetensors header tell of weights nobody has read the size of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.variants.contents import variants_of
from indexer.variants.records import UNKNOWN, Facts, RepoFile, Variant

LLAMA = 8_030_261_248
PLAIN = ("model.safetensors",)
SHARDS = tuple(f"model-{number:05d}-of-00004.safetensors" for number in range(1, 5))


def facts(repo_id: str = "o/x", tags: tuple[str, ...] = (), /, **dtypes: int) -> Facts:
    return Facts(repo_id, tags, params=sum(dtypes.values()) or None, dtypes=tuple(sorted(dtypes.items())))


def found(known: Facts, *paths: str, size: int | None = None) -> dict[str, Variant]:
    return {one.key: one for one in variants_of([RepoFile(path, size) for path in paths], known)}


def only(known: Facts, *paths: str, size: int | None = None) -> Variant:
    (variant,) = found(known, *paths, size=size).values()
    return variant


@pytest.mark.parametrize(
    ("dtypes", "label", "size"),
    [
        ({"BF16": LLAMA}, "BF16", 2 * LLAMA), ({"F16": LLAMA}, "F16", 2 * LLAMA),
        ({"F32": 137_022_720}, "F32", 548_090_880), ({"F64": 1_000_000}, "F64", 8_000_000),
        ({"F32": 124_056_578, "I64": 514}, "F32", 496_230_424),
        ({"BF16": 3_918_786_560, "F8_E4M3": 680_571_043_840, "F32": 41_555_600}, "FP8", 688_574_839_360),
        ({"F8_E5M2": 900, "F32": 100}, "FP8", 1_300),
        ({"BF16": 900, "F32": 300}, "BF16", 3_000), ({"BF16": 900, "F32": 600}, "F32", 4_200),
        ({"BF16": 100_000, "BOOL": 400}, "BF16", 200_400), ({"BF16": 100_000, "F4": 1}, "BF16", 200_008),
    ],
)  # fmt: skip
@pytest.mark.parametrize("paths", [PLAIN, SHARDS])
def test_floats_tell_the_label_and_the_size(
    paths: tuple[str, ...], dtypes: dict[str, int], label: str, size: int
) -> None:
    variant = only(facts(**dtypes), *paths, "config.json", "model.safetensors.index.json")

    assert (variant.label, variant.bytes) == (label, size)
    assert (variant.is_known, variant.is_estimated, variant.needs != ()) == (True, True, True)
    assert (variant.params, variant.params_source) == (
        sum(dtypes.values()),
        "label" if label == "F64" else "header",
    )


def test_the_bits_are_counted_from_all_dtypes() -> None:
    mixed = only(facts(BF16=900, F32=300), *PLAIN)

    assert (mixed.bits, mixed.is_nominal) == (20.0, False)


@pytest.mark.parametrize(
    "dtypes",
    [
        {"I32": 900, "F16": 300}, {"U8": 900, "BF16": 300}, {"I8": LLAMA}, {"I64": 10, "F32": 90},
        {"BF16": 70_426_624, "U8": 25_165_824}, {"U8": 4_000, "F8_E4M3": 500, "BF16": 5_000},
        {"F8_E4M3": 3_200, "F8_E8M0": 100}, {"F4": 900}, {"BF16": 300, "F4": 900}, {"NEW": 900},
        {"BF16": 500, "F32": 250}, {"BF16": 0}, {"F32": 2**63 - 1}, {},
    ],
)  # fmt: skip
def test_what_may_be_packed_or_is_of_no_one_dtype_tells_nothing(dtypes: dict[str, int]) -> None:
    variant = only(facts(**dtypes), *PLAIN)

    assert (variant.label, variant.bytes, variant.bits) == (UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("params", "label"), [(1_000, "BF16"), (1_005, "BF16"), (500, UNKNOWN), (8_000, UNKNOWN), (None, UNKNOWN)]
)
def test_dtypes_that_do_not_add_up_tell_nothing(params: int | None, label: str) -> None:
    variant = only(Facts("o/x", params=params, dtypes=(("BF16", 1_000),)), *PLAIN)

    assert (variant.label, variant.bytes) == (label, None if label == UNKNOWN else 2_000)


@pytest.mark.parametrize(
    ("known", "label", "form"),
    [
        (facts("o/X-mlx", ("mlx",), BF16=900), UNKNOWN, "mlx"),
        (facts("o/X-AWQ", ("awq",), F16=900), "4bit", "awq"),
        (facts("o/X", ("bitsandbytes",), F16=900), UNKNOWN, "bnb"),
        (facts("o/X-FP8", BF16=10, F8_E4M3=880), "FP8", "safetensors"),
        (facts("o/X-NVFP4", U8=450, F8_E4M3=60), "NVFP4", "safetensors"),
        (facts("o/X-Q4_K_M-GGUF", BF16=900), "BF16", "safetensors"),
    ],
)
def test_packed_formats_and_labels_of_their_own_stay(known: Facts, label: str, form: str) -> None:
    variant = only(known, *PLAIN)

    assert (variant.label, variant.format) == (label, form)


def test_a_label_of_its_own_does_not_make_the_header_wrong_about_the_size() -> None:
    variant = only(facts("o/X-FP8", BF16=1_000, F8_E4M3=7_000), *PLAIN)

    assert (variant.label, variant.bytes, variant.bits) == ("FP8", 9_000, 9.0)


@pytest.mark.parametrize(
    "paths",
    [
        ("unet/model.safetensors", "vae/model.safetensors"), ("0_Transformer/model.safetensors",),
        ("checkpoint-5/model.safetensors",), SHARDS[:3], SHARDS[:1],
        (*SHARDS[:3], "model-00001-of-00005.safetensors"), ("model.safetensors", *SHARDS),
        ("model.safetensors", "text_model.safetensors"), ("model.safetensors", "vae/model.safetensors"),
    ],
)  # fmt: skip
def test_what_is_not_the_one_checkpoint_that_was_read_stays_unknown(paths: tuple[str, ...]) -> None:
    variant = only(facts(BF16=900), *paths)

    assert (variant.label, variant.bytes) == (UNKNOWN, None)


def test_layers_behind_a_model_are_counted_in() -> None:
    paths = ("1_Pooling/config.json", "2_Dense/model.safetensors", *PLAIN)

    assert only(facts(F32=900), *paths).label == "F32"


def test_of_several_checkpoints_only_that_of_the_plain_name_was_read() -> None:
    known = facts(F32=900)
    several = found(
        known, *PLAIN, "model.fp16.safetensors", "consolidated.safetensors", "checkpoint-5/model.safetensors",
        "adapter_model.safetensors",
    )  # fmt: skip

    assert {key: (one.label, one.bytes) for key, one in several.items() if one.label != "F16"} == {
        "safetensors": ("F32", 3_600), "safetensors@checkpoint-5": (UNKNOWN, None),
        "safetensors:consolidated": (UNKNOWN, None), "safetensors:adapter_model": ("LoRA", None),
    }  # fmt: skip
    assert several["safetensors:fp16"].label == "F16"
    assert {one.label for one in found(known, "a.safetensors", "b.safetensors").values()} == {UNKNOWN}
    assert {one.label for one in found(known, "weights.safetensors", "b.safetensors").values()} == {UNKNOWN}
    assert only(known, "a.safetensors").label == "F32"


def test_an_adapter_stays_one() -> None:
    assert only(facts(F32=900), "adapter_model.safetensors").label == "LoRA"


def test_weights_of_other_formats_are_not_told_by_it() -> None:
    both = found(facts(F32=900), *PLAIN, "pytorch_model.bin", "onnx/model.onnx")

    assert {one.format: one.label for one in both.values()} == {
        "safetensors": "F32", "pytorch": UNKNOWN, "onnx": UNKNOWN,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "label"),
    [
        (2 * LLAMA, "BF16"), (2 * LLAMA + 32_000, "BF16"), (int(2.04 * LLAMA), "BF16"),
        (2 * LLAMA - 1, UNKNOWN), (LLAMA, UNKNOWN), (4 * LLAMA, UNKNOWN), (0, UNKNOWN),
    ],
)  # fmt: skip
def test_known_sizes_stay_and_must_agree(size: int, label: str) -> None:
    told, untold = (
        only(facts(BF16=LLAMA), *PLAIN, size=size),
        only(Facts("o/x", params=LLAMA), *PLAIN, size=size),
    )

    assert told.label == label
    assert told == untold._replace(label=told.label, is_known=told.is_known)


def test_a_small_file_may_be_mostly_header() -> None:
    known = facts(F32=1_000)

    assert only(known, *PLAIN, size=30_000).label == "F32"
    assert only(known, *PLAIN, size=90_000).label == UNKNOWN


def test_the_size_of_an_earlier_commit_is_kept_and_said_to_be_estimated() -> None:
    file = RepoFile("model.safetensors", 2 * LLAMA, is_exact=False)
    (variant,) = variants_of([file], facts(BF16=LLAMA))

    assert (variant.label, variant.bytes, variant.is_estimated) == ("BF16", 2 * LLAMA, True)


NAMES = st.sampled_from(["BF16", "F16", "F32", "F64", "F8_E4M3", "F8_E8M0", "I64", "I32", "U8", "BOOL", "X"])
PATHS = st.sampled_from([*PLAIN, *SHARDS, "a.safetensors", "vae/model.safetensors", "pytorch_model.bin"])


@given(
    st.dictionaries(NAMES, st.integers(0, 2**63 - 1), max_size=4),
    st.lists(PATHS, unique=True),
    st.none() | st.integers(0, 2**50),
)
def test_dtypes_change_no_file_and_no_known_size(
    dtypes: dict[str, int], paths: list[str], size: int | None
) -> None:
    told = found(facts(**dtypes), *paths, size=size)
    untold = found(Facts("o/x", params=sum(dtypes.values()) or None), *paths, size=size)

    assert {key: one.files for key, one in told.items()} == {key: one.files for key, one in untold.items()}
    assert sum(one.label != UNKNOWN for one in told.values()) <= 1
    for key, one in told.items():
        if size is not None:
            assert (one.bytes, one.is_estimated) == (untold[key].bytes, untold[key].is_estimated)
        if one.is_estimated:
            assert one.bytes is not None
            assert 0 < one.bytes <= 2**50
