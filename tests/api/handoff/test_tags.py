"""Which label the Hub and llama.cpp read from the name of a file."""

import pytest

from api.handoff.tags import hub_label, llama_matches, llama_models, llama_tag


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("m-Q4_K_M.gguf", "Q4_K_M"),
        ("llama-2-7b-chat.Q3_K_M.gguf", "Q3_K_M"),
        ("ggml-model-q4_0.gguf", "Q4_0"),
        ("m-Q4_K_L.gguf", None),
        ("m-Q3_K_XL.gguf", "Q3_K_XL"),
        ("m-UD-Q2_K_XL.gguf", "UD-Q2_K_XL"),
        ("BF16/m-BF16-00001-of-00002.gguf", "BF16"),
        ("m.i1-Q4_K_M.gguf", "Q4_K_M"),
        ("m-IQ2_KL.gguf", "Q2_K"),
        ("m-IQ4_KSS.gguf", None),
        ("m-IQ1_S_R4.gguf", "IQ1_S_R"),
        ("m-Q4_K.gguf", None),
        ("m-q4.gguf", None),
        ("m-fp16.gguf", None),
        ("m-MXFP4_MOE.gguf", "MXFP4_MOE"),
        ("m-TQ1_0.gguf", "TQ1_0"),
        ("m-i2_s.gguf", None),
        ("gemma-4-E2B_q4_0-it.gguf", "Q4_0"),
        ("m.Q8_0.gguf.part1of2", "Q8_0"),
        ("m-Q5_K_M-imat.gguf", "Q5_K_M"),
        ("m-Q4_K_M_imat.gguf", "Q4_K_M_IMAT"),
        ("m-IQ4_XS-4.25bpw.gguf", "IQ4_XS"),
        ("m-Q8_0-v2.gguf", "Q8_0"),
        ("m-Q2_0_g128.gguf", "Q2_0_G"),
        ("mmproj-model-f16.gguf", "F16"),
        ("m-55IQ2_XXS-34Q2_K-07Q8_0.gguf", None),
        ("Q4_K_M/model.gguf", None),
        ("model.gguf", None),
    ],
)
def test_the_hub_reads_labels_by_an_unanchored_pattern(path: str, label: str | None) -> None:
    assert hub_label(path) == label


@pytest.mark.parametrize(
    ("label", "own", "others", "tag"),
    [
        ("Q4_K_M", "m-Q4_K_M.gguf", ["m-Q8_0.gguf"], "Q4_K_M"),
        ("Q4_K_M", "m.q4_k_m.gguf", [], "Q4_K_M"),
        ("Q4_K_L", "m-Q4_K_L.gguf", ["m-Q4_K_M.gguf"], "Q4_K_L"),
        ("F16", "m-f16.gguf", ["m-bf16.gguf"], None),
        ("BF16", "m-bf16.gguf", ["m-f16.gguf"], "BF16"),
        ("F16", "m-f16.gguf", ["mmproj-m-bf16.gguf"], "F16"),
        ("Q4_K_M", "m-Q4_K_M.gguf", ["UD/m-UD-Q4_K_M.gguf"], None),
        ("Q4_K_M", "m.i1-Q4_K_M.gguf", ["m.Q4_K_M.gguf"], None),
        ("Q4_K_M", "m-Q4_K_M_imat.gguf", [], None),
        ("F16", "m-fp16.gguf", [], None),
        ("unknown", "m.gguf", [], None),
    ],
)
def test_llama_cpp_is_asked_by_a_label_only_where_it_finds_nothing_else(
    label: str, own: str, others: list[str], tag: str | None
) -> None:
    assert llama_tag(label, [own], llama_models([own, *others])) == tag


def test_llama_cpp_looks_for_a_label_anywhere() -> None:
    models = llama_models(["a-IQ4_0.gguf", "Q4_0-b/c.gguf", "a-Q4_0", "mtp-Q4_0.gguf", "MMPROJ-Q4_0.gguf"])
    assert llama_matches("Q4_0", models) == ["a-iq4_0.gguf", "q4_0-b/c.gguf"]
    many = llama_models(["m-Q4_K_M.gguf", *(f"m{at}-Q8_0.gguf" for at in range(1_000))])
    assert llama_tag("Q4_K_M", ["m-Q4_K_M.gguf"], many) is None
    assert llama_tag("Q4_K_M", ["m-Q4_K_M.gguf"], many[:-1]) == "Q4_K_M"
