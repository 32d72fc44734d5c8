"""The quants that exist, as data: what each is called, its bits, what it costs, and who can load it; pure.

*Nominal* bits are those of the block layout of its main tensor type. *Typical* bits are those of a whole
file, per weight, of about 8 billion of them: mixes keep some tensors in better types. They are medians of
files of known size beside one in 16 bits; use them only where bytes are unknown.
"""

from typing import NamedTuple


class Quant(NamedTuple):
    """One quant."""

    label: str
    """As it is commonly written."""
    number: int | None
    """`general.file_type` in the header of a GGUF file; ik_llama.cpp and publishers' mixes have none here."""
    nominal: float
    """Bits per weight of its main tensor type."""
    typical: float
    """Bits per weight of a whole file."""
    cost: float | None = None
    """Rise of the perplexity of Llama 3 8B; indicative: one model, one test."""
    is_ik_only: bool = False
    """Whether only ik_llama.cpp loads it."""
    is_legacy: bool = False
    """Whether only an old llama.cpp loads it."""
    is_ggml: bool = True
    """Whether GGUF files can be of it; the others are of other formats only."""


_MAINLINE = (
    Quant("F32", 0, 32, 32), Quant("F16", 1, 16, 16), Quant("BF16", 32, 16, 16), Quant("F64", None, 64, 64),
    Quant("Q8_0", 7, 8.5, 8.5, 0.003), Quant("Q6_K", 18, 6.5625, 6.57, 0.02),
    Quant("Q5_K_M", 17, 5.5, 5.71, 0.06), Quant("Q5_K_S", 16, 5.5, 5.58, 0.10),
    Quant("Q5_K", 17, 5.5, 5.71, 0.06),
    Quant("Q5_1", 9, 6.0, 6.05), Quant("Q5_0", 8, 5.5, 5.59, 0.13),
    Quant("Q4_K_M", 15, 4.5, 4.91, 0.18), Quant("Q4_K_S", 14, 4.5, 4.68, 0.27),
    Quant("Q4_K", 15, 4.5, 4.91, 0.18),
    Quant("Q4_1", 3, 5.0, 5.12), Quant("Q4_0", 2, 4.5, 4.66, 0.47),
    Quant("Q3_K_L", 13, 3.4375, 4.30, 0.56), Quant("Q3_K_M", 12, 3.4375, 4.0, 0.66),
    Quant("Q3_K_S", 11, 3.4375, 3.67, 1.63), Quant("Q3_K", 12, 3.4375, 4.0, 0.66),
    Quant("Q3_K_XS", 22, 3.4375, 3.50, is_legacy=True),
    Quant("Q2_K", 10, 2.625, 3.17, 3.52), Quant("Q2_K_S", 21, 2.625, 2.97),
    Quant("IQ4_NL", 25, 4.5, 4.66), Quant("IQ4_XS", 30, 4.25, 4.46),
    Quant("IQ3_M", 27, 3.66, 3.77), Quant("IQ3_S", 26, 3.4375, 3.66), Quant("IQ3_XS", 22, 3.3, 3.51),
    Quant("IQ3_XXS", 23, 3.0625, 3.26), Quant("IQ2_M", 29, 2.7, 2.93), Quant("IQ2_S", 28, 2.5625, 2.78),
    Quant("IQ2_XS", 20, 2.3125, 2.59), Quant("IQ2_XXS", 19, 2.0625, 2.4), Quant("IQ1_M", 31, 1.75, 2.15),
    Quant("IQ1_S", 24, 1.5625, 2.01),
    Quant("TQ1_0", 36, 1.6875, 1.9), Quant("TQ2_0", 37, 2.0625, 2.7), Quant("MXFP4_MOE", 38, 4.25, 4.4),
    Quant("MXFP4", 38, 4.25, 4.4), Quant("NVFP4", 39, 4.5, 4.9),
    Quant("Q1_0", 40, 1.125, 1.2), Quant("Q2_0", 41, 2.25, 2.3), Quant("Q2_0_G128", 41, 2.125, 2.2),
    Quant("Q4_1_SOME_F16", 4, 5.0, 5.5, is_legacy=True), Quant("Q4_2", 5, 4.5, 4.6, is_legacy=True),
    Quant("Q4_3", 6, 5.0, 5.1, is_legacy=True), Quant("Q4_0_4_4", 33, 4.5, 4.63, is_legacy=True),
    Quant("Q4_0_4_8", 34, 4.5, 4.63, is_legacy=True), Quant("Q4_0_8_8", 35, 4.5, 4.63, is_legacy=True),
)  # fmt: skip
"""Those llama.cpp writes or once wrote. `Q3_K`, `Q4_K` and `Q5_K` are its short names of the `_M` ones."""

_MIXES = tuple(
    Quant(label, None, nominal, typical)
    for label, nominal, typical in (
        ("Q2_K_L", 2.625, 3.6), ("Q3_K_XL", 3.4375, 4.75), ("Q4_K_L", 4.5, 5.3), ("Q5_K_L", 5.5, 6.03),
        ("Q6_K_L", 6.5625, 6.82), ("Q8_0_L", 8.5, 8.9),
        ("Q2_K_XS", 2.625, 2.7), ("Q2_K_XL", 2.625, 4.2), ("Q4_K_XL", 4.5, 5.8), ("Q5_K_XL", 5.5, 6.6),
        ("Q6_K_XL", 6.5625, 7.5), ("Q8_K_XL", 8.5, 10.2), ("Q6_K_S", 6.5625, 6.6), ("IQ4_NL_XL", 4.5, 5.0),
        ("Q2_K_M", 2.625, 3.16), ("Q6_K_M", 6.5625, 6.7), ("Q4_0_L", 4.5, 5), ("Q4_1_L", 5, 5.4),
        ("Q5_0_L", 5.5, 5.9), ("Q5_1_L", 6, 6.3),
        ("F16_Q8_0", 8.5, 9.5), ("BF16_Q8_0", 8.5, 9.5), ("F16_Q6_K", 6.5625, 8),
        ("BF16_Q6_K", 6.5625, 8),
        ("F16_Q4_K", 4.5, 6.5), ("BF16_Q4_K", 4.5, 6.5),
        ("Q2_K_P", 2.625, 3.3), ("Q3_K_P", 3.4375, 4.4), ("Q4_K_P", 4.5, 5.2), ("Q5_K_P", 5.5, 6),
        ("Q6_K_P", 6.5625, 7), ("Q8_K_P", 8.5, 9.5),
        ("Q2_HA", 2.625, 4), ("Q2_MA", 2.625, 4), ("Q3_HA", 3.4375, 4.5), ("Q3_MA", 3.4375, 4.5),
        ("Q4_HA", 4.5, 5.5), ("Q5_HA", 5.5, 6.5), ("Q6_HA", 6.5625, 7.5), ("Q8_HA", 8.5, 9),
        ("Q8R16", 8.5, 8.5), ("Q4_K_4", 4.5, 4.7), ("Q4_X", 4.5, 4.6), ("Q8_P", 8.5, 8.5),
        ("Q4_K_H", 4.5, 4.5),
        ("IQ1_S_XS", 1.5625, 1.9), ("IQ1_M_XS", 1.75, 2), ("IQ1_M_L", 1.75, 2.3),
        ("IQ1_M_XL", 1.75, 2.4), ("IQ2_S_XL", 2.5625, 2.9), ("IQ3_M_XL", 3.66, 4),
        ("IQ1_S_M", 1.5625, 2.1), ("IQ4_KS_L", 4.25, 4.5), ("IQ4_XS_L", 4.25, 4.6), ("Q4_0_S", 4.5, 4.6),
        ("Q3_K_XXL", 3.4375, 5), ("Q3_K_H", 3.4375, 3.6), ("MXFP4_H", 4.25, 4.4), ("TQ3_4S", 3.5, 4),
    )
)  # fmt: skip
"""Publishers' own, with some tensors in other types than their namesakes: bartowski's `_L` and `_XL` (Q8_0
embeddings), Unsloth's `_XL` and `_XS` (a quant for each layer), Mungert's (`F16_`: embeddings), others'."""

_DYNAMIC = tuple(
    Quant(f"UD-{label}", None, nominal, typical)
    for label, nominal, typical in (
        ("Q2_K_XL", 2.625, 3.25), ("Q3_K_XL", 3.4375, 4.1), ("Q4_K_XL", 4.5, 4.95), ("Q5_K_XL", 5.5, 5.72),
        ("Q6_K_XL", 6.5625, 7.15), ("Q8_K_XL", 8.5, 9.8), ("IQ1_S", 1.5625, 2.05), ("IQ1_M", 1.75, 2.2),
        ("IQ2_XXS", 2.0625, 2.42), ("IQ2_M", 2.7, 2.92), ("IQ3_XXS", 3.0625, 3.28), ("TQ1_0", 1.6875, 2.1),
    )
)  # fmt: skip
"""Unsloth's where they differ from their namesakes."""

_IK = tuple(
    Quant(label, None, nominal, typical, is_ik_only=True)
    for label, nominal, typical in (
        ("Q6_0", 6.5, 6.5), ("Q8_KV", 8, 8.0), ("Q8_K_R8", 8.5, 8.5), ("Q1_0_G128", 1.125, 1.2),
        ("I2_S", 2, 2.6),
        ("IQ1_BN", 1.62, 1.7), ("IQ2_BN", 2, 2.1), ("IQ1_KT", 1.75, 1.9), ("IQ2_KS", 2.1875, 2.4),
        ("IQ2_KT", 2.125, 2.3), ("IQ2_K", 2.375, 2.6), ("IQ2_KL", 2.69, 2.9), ("IQ3_KT", 3.125, 3.3),
        ("IQ3_KS", 3.19, 3.4), ("IQ3_K", 3.44, 3.6), ("IQ3_KL", 4, 4), ("IQ4_KSS", 4, 4.1),
        ("IQ4_KT", 4, 4.1), ("IQ4_KS", 4.25, 4.4), ("IQ4_K", 4.5, 4.6), ("IQ5_KS", 5.25, 5.3),
        ("IQ5_K", 5.5, 5.6), ("IQ6_K", 6.6, 6.6), ("IQ1_S_R4", 1.5, 1.9), ("IQ1_M_R4", 1.75, 2.1),
    )
)  # fmt: skip
"""Those only ik_llama.cpp has; it also repacks others by rows: `_R4`, `_R8`, `_R16`, of the same bits."""

_OTHERS = tuple(
    Quant(label, None, bits, bits, is_ggml=label == "I8_S")
    for label, bits in (
        ("FP8", 8), ("FP8_E4M3FN", 8), ("FP8_E4M3", 8), ("FP8_E5M2", 8), ("FP4", 4.5), ("NF4", 4.5),
        ("INT8", 8),
        ("UINT8", 8), ("INT4", 4.5), ("UINT4", 4.5), ("BNB4", 4.5), ("Q4F16", 4.5), ("Q2F16", 2.5),
        ("Q1F16", 1.5),
        ("W4A16", 4.5), ("W8A16", 8), ("W8A8", 8), ("W4A8", 4.5), ("W4A4", 4.5), ("W4AFP8", 4.5), ("I8_S", 8),
        ("MXFP8", 8.25), ("MXFP6", 6.25), ("FP6", 6.5),
    )
)  # fmt: skip
"""Those of other formats: floats of a byte or less, whole numbers, weights and activations apart."""

_DIGITS = tuple(
    Quant(label, None, nominal, typical)
    for label, nominal, typical in (
        ("Q1", 1, 1.6), ("Q2", 2, 3.2), ("Q3", 3, 4), ("Q4", 4, 4.8), ("Q5", 5, 5.7), ("Q6", 6, 6.57),
        ("Q8", 8, 8.51),
        ("IQ1", 1, 2), ("IQ2", 2, 2.6), ("IQ3", 3, 3.6), ("IQ4", 4, 4.5), ("TQ1", 1.7, 1.9),
        ("TQ2", 2.1, 2.3),
    )
)  # fmt: skip
"""What people shorten labels to: they say how many bits, not which quant."""

QUANTS = {quant.label: quant for quant in (*_MAINLINE, *_MIXES, *_DYNAMIC, *_IK, *_OTHERS)}
"""Every quant that is known, by its label."""
SHORT = {quant.label: quant for quant in _DIGITS}
"""Labels that leave open which quant it is."""
EMBEDDED = ("F16_", "BF16_")
"""What Mungert's mixes begin with, always in lower case (`bf16_q8_0`); others write a model's name so."""
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
"""Those that are no quants: the weights as they were trained, or half of them."""
ROWS = ("_R4", "_R8", "_R16")
"""What ik_llama.cpp appends when it has repacked rows."""
_NOT_SHORTENED = ("I2_S", "I8_S", "Q2_HA", "Q4_X", "Q8_P")
SPELLINGS = {
    "FP16": "F16", "FLOAT16": "F16", "FP32": "F32", "FLOAT32": "F32", "FP64": "F64", "FLOAT64": "F64",
    "BFLOAT16": "BF16", "FP8_E4M3FNUZ": "FP8_E4M3FN", "Q4048": "Q4_0_4_8", "Q4044": "Q4_0_4_4",
    "Q4088": "Q4_0_8_8", "Q80": "Q8_0", "Q40": "Q4_0", "Q41": "Q4_1", "Q50": "Q5_0", "Q51": "Q5_1",
} | {
    label.replace("_", ""): label
    for label in QUANTS
    if label[0] in "QI" and "_" in label and label not in _NOT_SHORTENED
    if not label.replace("_", "").lstrip("IQ").isdigit()
}  # fmt: skip
"""Other ways to write a label: `FP16`, `Q4KM`. Not `Q20` or `I2S`: words of other things."""
SAME_AS = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}
"""Labels that llama.cpp takes for another; diffusion models have both, which differ."""


def quant_of(label: str) -> Quant | None:
    """Give what is known of a label: `UD-` in front and rows behind change neither bits nor cost by much."""
    plain = label.removeprefix("UD-")
    found = QUANTS.get(label) or QUANTS.get(plain) or SHORT.get(plain)
    if found is None and plain.endswith(ROWS):
        base = QUANTS.get(plain.rpartition("_")[0])
        return base and base._replace(label=plain, number=None, is_ik_only=True, is_legacy=False)
    return found


def quality_cost(label: str) -> float | None:
    """Give how much the perplexity of Llama 3 8B rose by a quant, where it was measured; indicative."""
    quant = None if label.startswith("UD-") else quant_of(label)
    return quant.cost if quant else None
