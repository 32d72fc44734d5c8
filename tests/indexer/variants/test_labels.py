import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.variants.contents import variants_of
from indexer.variants.labels import label_tokens, read_label, read_labels, read_quant_word, to_label
from indexer.variants.quants import EMBEDDED, QUANTS, quality_cost, quant_of
from indexer.variants.records import UNKNOWN, Facts, RepoFile

FOUND_IN_THE_WILD = [
    # plain, with any separator and in any case
    ("Llama-3.2-3B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
    ("llama-2-7b-chat.Q3_K_M.gguf", "Q3_K_M"),
    ("ggml-model-q4_0.gguf", "Q4_0"),
    ("model_q4_k_m.gguf", "Q4_K_M"),
    ("Model Name Q5_K_S.gguf", "Q5_K_S"),
    # shards and raw parts
    ("X-Q8_0-00001-of-00003.gguf", "Q8_0"),
    ("X.Q8_0.gguf.part1of2", "Q8_0"),
    ("X.Q8_0.gguf-split-a", "Q8_0"),
    ("x-q4_k_m.gguf.b", "Q4_K_M"),
    # a folder for each quant: the file's own name comes first
    ("UD-Q4_K_XL/X-UD-Q4_K_XL-00001-of-00003.gguf", "UD-Q4_K_XL"),
    ("BF16/X-BF16-00001-of-00002.gguf", "BF16"),
    ("X-Q8_0/X-00001-of-00002.gguf", "Q8_0"),
    ("Q2_K/X-Q4_K_M.gguf", "Q4_K_M"),
    # Unsloth's and bartowski's own
    ("UD-Q2_K_XL.gguf", "UD-Q2_K_XL"),
    ("X-UD-IQ1_S.gguf", "UD-IQ1_S"),
    ("m-Q2_K_L.gguf", "Q2_K_L"),
    ("m-Q3_K_XL.gguf", "Q3_K_XL"),
    ("m-Q4_K_L.gguf", "Q4_K_L"),
    ("m-Q5_K_L.gguf", "Q5_K_L"),
    ("m-Q6_K_L.gguf", "Q6_K_L"),
    # weighted
    ("X.i1-Q4_K_M.gguf", "Q4_K_M"),
    # noise behind the label
    ("m-Q5_K_M-imat.gguf", "Q5_K_M"),
    ("m-Q4_K_M_imat.gguf", "Q4_K_M"),
    ("m-IQ4_XS-4.25bpw.gguf", "IQ4_XS"),
    ("m-Q8_0-v2.gguf", "Q8_0"),
    ("gemma-4-E2B_q4_0-it.gguf", "Q4_0"),
    ("m-Q2_0_g128.gguf", "Q2_0_G128"),
    # short ones
    ("m-q4.gguf", "Q4"),
    ("m-fp16.gguf", "F16"),
    ("m-Q4_K.gguf", "Q4_K"),
    ("m-Q3_K.gguf", "Q3_K"),
    ("m-Q5_K.gguf", "Q5_K"),
    # ik_llama.cpp's and others that peers miss
    ("m-IQ2_KL.gguf", "IQ2_KL"),
    ("m-IQ4_KSS.gguf", "IQ4_KSS"),
    ("m-IQ1_S_R4.gguf", "IQ1_S_R4"),
    ("m-Q8_0_R8.gguf", "Q8_0_R8"),
    ("m-MXFP4_MOE.gguf", "MXFP4_MOE"),
    ("m-TQ1_0.gguf", "TQ1_0"),
    ("m-i2_s.gguf", "I2_S"),
    ("m-NVFP4.gguf", "NVFP4"),
    ("m-Q1_0.gguf", "Q1_0"),
    # removed from llama.cpp
    ("m-Q4_0_4_4.gguf", "Q4_0_4_4"),
    ("m-Q4_0_4_8.gguf", "Q4_0_4_8"),
    ("m-Q4_0_8_8.gguf", "Q4_0_8_8"),
    ("m-Q4_2.gguf", "Q4_2"),
    ("m-Q4_3.gguf", "Q4_3"),
    # none at all, and what only looks like one
    ("model.gguf", UNKNOWN),
    ("X-7B.gguf", UNKNOWN),
    ("m-AVQ2.gguf", UNKNOWN),
    ("Q3.5-27B-Opus.gguf", UNKNOWN),
    ("Affine-q32b.gguf", UNKNOWN),
    ("Model-HQ4_K.gguf", UNKNOWN),
    # of two, the later; but not where it is of the embeddings, nor where each is of some tensors
    ("lzlv_70b_fp16_hf.Q8_0.gguf", "Q8_0"),
    ("gemma-3-it-qat-q4_0-unquantized-F16.gguf", "F16"),
    ("gemma-3-it-qat-q4_0-f16.gguf", "F16"),
    ("gpt-oss-20b-mxfp4.i1-IQ1_M.gguf", "IQ1_M"),
    ("gemma-2-9b-it-Q4_K_M-fp16.gguf", "Q4_K_M"),
    ("gemma-2-9b-it-Q3_K_L-Q8.gguf", "Q3_K_L"),
    ("X.f16.q6.gguf", "Q6"),
    ("hidream_e1_bf16_Q4_K_M.gguf", "Q4_K_M"),
    ("NextCoder-7B-bf16_q8_0.gguf", "BF16_Q8_0"),
    ("Chroma-HD-BF16_Q8_0.gguf", "Q8_0"),
    ("Chroma-HD-BF16_Q4_K_S.gguf", "Q4_K_S"),
    ("GLM-4.5-Air-Q8_0-FFN-IQ4_XS-IQ4_XS-Q5_0.gguf", UNKNOWN),
    ("Seed-mxfp4_moe-HQKU-IQ4NL-EOD-MXFP4.gguf", UNKNOWN),
    ("biggie_groked_int8_q8_0.gguf", "Q8_0"),
    # other ways to write them
    ("model-q4k.gguf", "Q4_K"),
    ("tobyworld-q4km.gguf", "Q4_K_M"),
    ("it-IQ4-NL_ud-imtrx.gguf", "IQ4_NL"),
    ("ggml-mistral-q_4_k.gguf", "Q4_K"),
    ("meta-405b-q4048.gguf", "Q4_0_4_8"),
]
"""How files are really called, and what a person reads in it."""


@pytest.mark.parametrize(("path", "label"), FOUND_IN_THE_WILD)
def test_a_label_is_read_as_a_person_reads_it(path: str, label: str) -> None:
    (variant,) = variants_of([RepoFile(path)], Facts("owner/name"))

    assert variant.label == label


@pytest.mark.parametrize("number", range(1, 4))
@pytest.mark.parametrize(
    ("label", "flags"),
    [
        ("UD-Q2_K_XL", {"is_dynamic"}), ("IQ2_KL", {"is_ik_only"}), ("Q4_K_M_R4", {"is_ik_only"}),
        ("I2_S", {"is_ik_only"}), ("Q4_0_4_4", {"is_legacy"}), ("Q4_K_M", set()), ("Q2_0", set()),
    ],
)  # fmt: skip
def test_who_can_load_a_quant_is_said(label: str, flags: set[str], number: int) -> None:
    path = f"m-{label}-0000{number}-of-00003.gguf"

    (variant,) = variants_of([RepoFile(path)], Facts("owner/name"))

    said = {name for name in ("is_dynamic", "is_ik_only", "is_legacy") if getattr(variant, name)}
    assert (variant.label, said) == (label, flags)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("m-Q4_K_Z", "Q4_K"),
        ("m-Q7_M", "Q7_M"),
        ("m-IQ9", UNKNOWN),
        ("m-Q4_K_XXXL", "Q4_K_XXXL"),
        ("m-TQ3_0", "TQ3_0"),
        ("m-Q8_1", "Q8_1"),
    ],
)
def test_what_looks_like_a_label_stays_as_it_is(path: str, label: str) -> None:
    found = read_label(path)

    assert found.text == label
    assert found.is_known == (label == "Q4_K")


def test_the_model_s_name_counts_for_its_only_file_without_a_label() -> None:
    facts = Facts("owner/Llama-7B-Q4_K_M-GGUF")

    alone = variants_of([RepoFile("model.gguf")], facts)
    of_two = variants_of([RepoFile("a.gguf"), RepoFile("b.gguf")], facts)
    beside = variants_of([RepoFile("model.gguf"), RepoFile("model-Q4_K_M.gguf")], facts)

    assert [variant.label for variant in alone] == ["Q4_K_M"]
    assert {variant.label for variant in of_two} == {UNKNOWN}
    assert {variant.label for variant in beside} == {"Q4_K_M", UNKNOWN}


@pytest.mark.parametrize(
    ("label", "tokens"),
    [
        ("Q4_K_M", {"q4", "q4_k", "q4_k_m"}),
        ("UD-Q4_K_XL", {"ud", "ud-q4", "ud-q4_k", "ud-q4_k_xl", "q4", "q4_k", "q4_k_xl"}),
        ("IQ4_XS", {"iq4", "iq4_xs"}),
        ("Q4_K", {"q4", "q4_k", "q4_k_m"}),
        ("F16", {"f16"}),
        ("4bit", {"4bit"}),
        (UNKNOWN, set()),
    ],
)
def test_a_label_is_matched_by_its_beginnings(label: str, tokens: set[str]) -> None:
    assert set(label_tokens(label)) == tokens


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("q4_k_m", "q4_k_m"), ("Q4_K", "q4_k"), ("q4", "q4"), ("iq3_xs", "iq3_xs"),
        ("ud-q2_k_xl", "ud-q2_k_xl"),
        ("bf16", "bf16"), ("fp16", "f16"), ("f16", "f16"), ("FP32", "f32"), ("mxfp4", "mxfp4"),
        ("4bit", "4bit"),
        ("8-bit", "8bit"), ("q4km", "q4_k_m"), ("q4-k-m", "q4_k_m"), ("4.25bpw", "4.25bpw"), ("fp8", "fp8"),
        ("int4", "int4"), ("q8_0_r8", "q8_0_r8"), ("i2_s", "i2_s"), ("nvfp4", "nvfp4"),
    ],
)  # fmt: skip
def test_a_typed_quant_is_a_quant_word(word: str, meant: str) -> None:
    assert read_quant_word(word) == meant


@pytest.mark.parametrize(
    "word",
    [
        "q", "qwen", "qwen2.5", "qwq", "i1", "i2", "7b", "f5", "f1", "q32b", "ud", "bit", "9bit", "avq2",
        "k_m", "",
        "llama", "b1", "v2", "xl", "moe", "r1", "q9", "iq", "int", "fp", "m2", "e4b", "q-align",
        "q4_k_m_extra",
    ],
)  # fmt: skip
def test_a_word_of_a_name_is_no_quant_word(word: str) -> None:
    assert read_quant_word(word) is None


@pytest.mark.parametrize("label", sorted(QUANTS))
def test_every_known_label_can_be_read_and_typed(label: str) -> None:
    found = read_label(f"model-7b-{label.lower() if label.startswith(EMBEDDED) else label}")

    assert (found.text, found.is_known) == (label, True)
    assert read_quant_word(label) in label_tokens(label)
    assert found.bits is not None
    assert found.nominal is not None
    assert 1 <= found.bits <= 64


def test_bits_and_costs_are_those_that_were_measured() -> None:
    quant = quant_of("Q4_K_M")

    assert quant is not None
    assert (quant.number, quant.nominal, round(quant.typical, 1)) == (15, 4.5, 4.9)
    assert quality_cost("Q4_K_M") == 0.18
    assert quality_cost("Q4_K") == 0.18
    assert quality_cost("UD-Q4_K_XL") is None
    assert quality_cost("IQ4_XS") is None
    assert quality_cost(UNKNOWN) is None


def test_repacked_rows_have_the_bits_of_what_was_repacked() -> None:
    assert to_label("Q4_K_M_R4").bits == to_label("Q4_K_M").bits


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_a_label_or_none(text: str) -> None:
    found = read_label(text)

    assert found.text == UNKNOWN or found.text.lower() in label_tokens(found.text)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([path.rpartition(".")[0] for path, _ in FOUND_IN_THE_WILD] + ["", "a/"]), max_size=9
    )
)
def test_labels_are_read_the_same_alone_and_together(paths: list[str]) -> None:
    assert read_labels(paths) == [read_label(path) for path in paths]


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_quant_word_means_what_some_label_has(text: str) -> None:
    meant = read_quant_word(text)

    assert meant is None or read_quant_word(meant) == meant
