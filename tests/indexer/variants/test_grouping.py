import pytest

from indexer.variants.contents import contents_of, variants_of
from indexer.variants.grouping import MAX_SINGLES
from indexer.variants.records import UNKNOWN, Facts, RepoFile, Variant

FACTS = Facts("owner/name")


def files_of(*paths: str, size: int | None = 10) -> list[RepoFile]:
    return [RepoFile(path, size) for path in paths]


def only(*paths: str, facts: Facts = FACTS) -> Variant:
    (variant,) = variants_of(files_of(*paths), facts)
    return variant


def test_shards_are_one_variant_in_their_order() -> None:
    variant = only(*(f"X-Q8_0-0000{number}-of-00003.gguf" for number in (3, 1, 2)))

    assert [file.path[-20:-15] for file in variant.files] == ["-0000"] * 3
    assert [file.path[-15] for file in variant.files] == ["1", "2", "3"]
    assert (variant.bytes, variant.shards, variant.missing, variant.is_parted) == (30, 3, 0, False)


def test_missing_shards_are_counted_and_no_memory_is_promised() -> None:
    variant = only("X-Q8_0-00001-of-00003.gguf", "X-Q8_0-00003-of-00003.gguf")

    assert (variant.bytes, variant.shards, variant.missing, variant.needs) == (20, 3, 1, ())


@pytest.mark.parametrize(
    "names",
    [
        ("X.Q8_0.gguf.part1of2", "X.Q8_0.gguf.part2of2"), ("X.Q8_0.gguf-split-a", "X.Q8_0.gguf-split-b"),
        ("X.Q8_0.gguf-part-a", "X.Q8_0.gguf-part-b"), ("X.Q8_0.gguf.a", "X.Q8_0.gguf.b"),
        ("X.Q8_0.gguf.aa", "X.Q8_0.gguf.ab"), ("X.Q8_0.gguf.001", "X.Q8_0.gguf.002"),
        ("X.Q8_0.gguf.part0", "X.Q8_0.gguf.part1"),
    ],
)  # fmt: skip
def test_raw_parts_are_one_variant_that_must_be_joined(names: tuple[str, str]) -> None:
    variant = only(*names)

    assert [file.path for file in variant.files] == list(names)
    assert (variant.label, variant.is_parted, variant.shards, variant.missing) == ("Q8_0", True, 2, 0)
    assert only(names[1]).missing == (0 if names[1].endswith("part1") else 1)


def test_sets_differ_by_folder_name_and_total() -> None:
    paths = [
        "a/X-Q8_0-00001-of-00001.gguf", "b/X-Q8_0-00001-of-00001.gguf", "a/Y-Q8_0-00001-of-00001.gguf",
        "a/X-Q8_0-00001-of-00002.gguf", "a/X-Q8_0.gguf",
    ]  # fmt: skip

    variants = variants_of(files_of(*paths), FACTS)

    assert len({variant.key for variant in variants}) == 5
    assert [variant.missing for variant in variants] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "name", ["X.gguf.md", "X.gguf.out", "X.gguf.sig", "X.gguf.tmp", "README.md", "gguf", ""]
)
def test_what_only_stands_beside_a_file_is_none(name: str) -> None:
    assert contents_of(files_of(name), FACTS).variants == ()


@pytest.mark.parametrize(
    ("name", "label", "form"),
    [
        ("model.safetensors", UNKNOWN, "safetensors"), ("model.fp16.safetensors", "F16", "safetensors"),
        ("pytorch_model.bin", UNKNOWN, "pytorch"), ("consolidated.00.pth", UNKNOWN, "pytorch"),
        ("onnx/model_q4f16.onnx", "Q4F16", "onnx"), ("onnx/model_fp16.onnx", "F16", "onnx"),
        ("onnx/model_quantized.onnx", "Q8", "onnx"), ("model.onnx", UNKNOWN, "onnx"),
        ("tf_model.h5", UNKNOWN, "tensorflow"), ("flax_model.msgpack", UNKNOWN, "flax"),
        ("rust_model.ot", UNKNOWN, "rust"), ("model.tflite", UNKNOWN, "tflite"),
        ("model.engine", UNKNOWN, "tensorrt"), ("ggml-model-q4_0.bin", "Q4_0", "ggml"),
        ("openvino_model.bin", UNKNOWN, "openvino"), ("X.llamafile", UNKNOWN, "llamafile"),
        ("X.mlpackage/Data/com.apple.CoreML/weights/weight.bin", UNKNOWN, "coreml"),
        ("model.pte", UNKNOWN, "executorch"), ("MODEL.SAFETENSORS", UNKNOWN, "safetensors"),
        ("adapter_model.safetensors", "LoRA", "safetensors"),
        ("pytorch_lora_weights.safetensors", "LoRA", "safetensors"),
        ("params_shard_0.bin", UNKNOWN, "mlc"),
    ],
)  # fmt: skip
def test_other_formats_are_named(name: str, label: str, form: str) -> None:
    variant = only(name)

    assert (variant.label, variant.format) == (label, form)


@pytest.mark.parametrize(
    ("repo_id", "tags", "label", "form"),
    [
        ("mlx-community/Llama-8B-4bit", ("mlx",), "4bit", "mlx"), ("o/Llama-8B-mlx-bf16", (), "BF16", "mlx"),
        ("o/Llama-8B-AWQ", ("4-bit", "awq"), "4bit", "awq"), ("o/Llama-8B-GPTQ-Int4", (), "INT4", "gptq"),
        ("unsloth/Llama-8b-bnb-4bit", ("bitsandbytes",), "4bit", "bnb"),
        ("o/Llama-8B-exl2-4.0bpw", (), "4.0bpw", "exl2"),
        ("o/Llama-8B-4.0bpw-exl3", (), "4.0bpw", "exl3"), ("o/Llama-8B-FP8", (), "FP8", "safetensors"),
        ("o/Llama-8B", ("fp8",), "FP8", "safetensors"), ("o/Llama-8B-NVFP4", (), "NVFP4", "safetensors"),
        ("o/Llama-8B-Q4_K_M-GGUF", (), UNKNOWN, "safetensors"), ("o/Llama-8B", (), UNKNOWN, "safetensors"),
        ("o/X-7B-FP16-awq", (), "4bit", "awq"), ("o/X-7B-FP16-8bits", ("bitsandbytes",), "8bit", "bnb"),
        ("o/Llama-8B.w4a16", (), "W4A16", "safetensors"),
    ],
)  # fmt: skip
def test_names_and_tags_say_the_format_and_the_label(
    repo_id: str, tags: tuple[str, ...], label: str, form: str
) -> None:
    variant = only("model.safetensors", facts=Facts(repo_id, tags))

    assert (variant.label, variant.format) == (label, form)


def test_the_weights_of_a_revision_in_one_format_are_one_variant() -> None:
    paths = [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin", "training_args.bin", "config.json", "optimizer.pt", "README.md",
    ]  # fmt: skip

    variants = variants_of(files_of(*paths), FACTS)

    assert [(one.format, one.shards, one.bytes) for one in variants] == [
        ("safetensors", 2, 20),
        ("pytorch", 1, 10),
    ]


def test_a_pipeline_of_several_folders_is_one_variant_for_each_precision() -> None:
    folders = ("unet", "vae", "text_encoder", "text_encoder_2")
    names = ("model.safetensors", "model.fp16.safetensors")
    paths = [f"{folder}/{name}" for folder in folders for name in names]

    variants = variants_of(files_of(*paths, "model_index.json"), Facts("o/x", library="diffusers"))

    assert [(one.label, one.format, len(one.files)) for one in variants] == [
        ("F16", "safetensors", 4), (UNKNOWN, "safetensors", 4),
    ]  # fmt: skip


def test_missing_shards_of_other_formats_are_counted() -> None:
    variant = only("model-00001-of-00003.safetensors")

    assert (variant.shards, variant.missing) == (3, 2)


def test_checkpoints_are_variants_of_their_own() -> None:
    variants = variants_of(files_of("model.safetensors", "checkpoint-5/model.safetensors"), FACTS)

    assert {variant.key for variant in variants} == {"safetensors", "safetensors@checkpoint-5"}


def test_crowds_of_files_are_one_variant() -> None:
    names = [f"style{'abcdefghij'[number % 10]}{number}x.safetensors" for number in range(MAX_SINGLES)]

    few = variants_of(files_of(*names), FACTS)
    many = variants_of(files_of(*names, "another.safetensors"), FACTS)

    assert len(few) == MAX_SINGLES
    assert [len(one.files) for one in many] == [MAX_SINGLES + 1]


def test_adapters_of_packed_quants_are_adapters() -> None:
    variant = only("adapter_model.safetensors", facts=Facts("o/X-bnb-4bit", ("bitsandbytes", "4-bit")))

    assert (variant.label, variant.format) == ("LoRA", "safetensors")


def test_external_data_belongs_to_its_graph() -> None:
    variant = only("onnx/model.onnx", "onnx/model.onnx_data")

    assert (variant.format, variant.bytes) == ("onnx", 20)
