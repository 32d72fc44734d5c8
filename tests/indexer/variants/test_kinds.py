import pytest

from indexer.variants.contents import contents_of
from indexer.variants.records import Facts, RepoFile, SidecarKind

FACTS = Facts("owner/name-7B-GGUF")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("mmproj-model-f16.gguf", "mmproj"), ("X.mmproj-Q8_0.gguf", "mmproj"),
        ("mmproj/X-BF16.gguf", "mmproj"),
        ("llava-mm-proj.gguf", "mmproj"), ("imatrix.gguf", "imatrix"), ("imatrix.dat", "imatrix"),
        ("X.imatrix", "imatrix"), ("X.imatrix.gguf", "imatrix"), ("X-imatrix.gguf", "imatrix"),
        ("imatrix_unsloth.dat", "imatrix"), ("imatrix_unsloth.gguf_file", "imatrix"),
        ("gemma-7b-qat-q4_0.imatrix.gguf", "imatrix"), ("mtp-X-Q8_0.gguf", "draft"),
        ("MTP/mtp-X-BF16.gguf", "draft"), ("eagle3-X-Q8_0.gguf", "draft"), ("dflash-X-BF16.gguf", "draft"),
        ("X-lora.gguf", "lora"), ("LoRA-X-F16.gguf", "lora"), ("adapter_model.gguf", "lora"),
        ("ggml-vocab-llama-bpe.gguf", "vocab"), ("X-control-vector.gguf", "other"),
        ("vocoder-X-Q8_0.gguf", "other"), ("clip/t5-v1_1-xxl-encoder-Q4_K_M.gguf", "encoder"),
        ("ltxv_vae_fp32-f16.gguf", "encoder"), ("clip_l_fp32-f16.gguf", "encoder"),
    ],
)  # fmt: skip
def test_what_serves_weights_is_no_variant(path: str, kind: SidecarKind) -> None:
    contents = contents_of([RepoFile(path, 1000), RepoFile("X-Q4_K_M.gguf", 4_000_000_000)], FACTS)

    (variant,) = contents.variants
    assert variant.label == "Q4_K_M"
    assert [(one.path, one.kind) for one in (*variant.sidecars, *contents.sidecars)] == [(path, kind)]


@pytest.mark.parametrize(
    "path",
    [
        "Qwen3.8-27B-MTP-IQ4_KS.gguf", "R3-Qwen3-4B-LoRA-14k.Q2_K.gguf", "X-lorablated-Q4_K_M.gguf",
        "Model-NEO-Imatrix-Q4_K_M.gguf", "X-jp-imatrix.IQ3_M.gguf", "Eclipse-31B.Q4_K_M.gguf",
        "X-DRAFT-0.6B-Q4_0.gguf", "OpenCoder-8B.Q8_0.gguf", "Qwen3-Tokenizer-Slerp-Q2_K.gguf",
    ],
)  # fmt: skip
def test_weights_may_have_such_words_in_their_names(path: str) -> None:
    contents = contents_of([RepoFile(path)], Facts("owner/other"))

    assert [variant.key for variant in contents.variants] == [path]
    assert contents.sidecars == ()


def test_names_of_adapters_do_not_hide_whole_models() -> None:
    files = [RepoFile(f"R3-4B-LoRA-14k.{label}.gguf") for label in ("Q4_K_M", "f16")]

    assert len(contents_of(files, FACTS).variants) == 2
    assert contents_of(files[1:], FACTS).variants == ()
    assert len(contents_of([RepoFile("X-lora.f16.gguf", 14_000_000_000)], FACTS).variants) == 1


def test_an_encoder_alone_is_what_its_repository_is_about() -> None:
    contents = contents_of([RepoFile("t5-v1_1-xxl-encoder-Q8_0.gguf")], FACTS)

    assert [variant.label for variant in contents.variants] == ["Q8_0"]


def test_control_vectors_are_no_weights() -> None:
    facts = Facts("owner/creative-writing-control-vectors-v3.0")

    contents = contents_of([RepoFile("a/qwen:32b-character__debias.gguf")], facts)

    assert (contents.variants, [one.kind for one in contents.sidecars]) == ((), ["other"])


def test_the_nearest_projector_comes_along() -> None:
    files = [
        RepoFile("X-Q4_K_M.gguf", 4_000_000_000), RepoFile("BF16/X-BF16.gguf", 14_000_000_000),
        RepoFile("mmproj-Q8_0.gguf", 500_000_000), RepoFile("mmproj-F16.gguf", 1_000_000_000),
        RepoFile("mmproj-F32.gguf", 2_000_000_000), RepoFile("other/mmproj-Q8_0.gguf", 1),
    ]  # fmt: skip

    contents = contents_of(files, FACTS)

    bundled = {variant.label: [one.path for one in variant.sidecars] for variant in contents.variants}
    assert bundled == {"Q4_K_M": ["mmproj-Q8_0.gguf"], "BF16": ["mmproj-F16.gguf"]}
    assert [one.path for one in contents.sidecars] == ["mmproj-F32.gguf", "other/mmproj-Q8_0.gguf"]


def test_a_projector_in_the_same_folder_comes_before_one_above() -> None:
    files = [RepoFile("a/X-Q8_0.gguf"), RepoFile("a/mmproj-F32.gguf"), RepoFile("mmproj-Q8_0.gguf")]

    (variant,) = contents_of(files, FACTS).variants

    assert [one.path for one in variant.sidecars] == ["a/mmproj-F32.gguf"]


def test_between_both_16_bit_floats_the_one_all_programs_load_is_taken() -> None:
    files = [RepoFile("X-Q4_K_M.gguf"), RepoFile("mmproj-BF16.gguf"), RepoFile("mmproj-F16.gguf")]

    (variant,) = contents_of(files, FACTS).variants

    assert [one.path for one in variant.sidecars] == ["mmproj-F16.gguf"]
