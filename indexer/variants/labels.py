"""The label of weights, read out of their path; and whether a word that was typed means labels; pure.

A label stands between separators (`- . / _`, space). In the name of a file the last one counts, and the
file comes before its folders. It is as long as it can be: IQ2_KL is no IQ2_K. What looks like a label and
is none that is known (`Q4_K_P`) stays as it is. A wrong label is worse than none: AVQ2 is no Q2.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from indexer.variants.quants import EMBEDDED, FLOATS, QUANTS, ROWS, SAME_AS, SHORT, SPELLINGS, quant_of
from indexer.variants.records import UNKNOWN


class Label(NamedTuple):
    """A label as it was read."""

    text: str = UNKNOWN
    is_known: bool = False
    bits: float | None = None
    """Per weight of a whole file, typically."""
    nominal: float | None = None
    """Per weight of its main tensor type."""
    rank: int = 7
    """Of those that most people should take: the lower, the sooner."""
    is_dynamic: bool = False
    is_ik_only: bool = False
    is_legacy: bool = False
    is_ggml: bool = False
    """Whether GGUF files can be of it; `4bit` and `FP8` are of other formats."""
    is_quant: bool = False
    """Whether it is one of those, known, and no float."""


NO_LABEL = Label()

_RUN = re.compile(
    r"(?<![A-Z0-9])(?:(?P<ud>UD)[-_])?(?P<run>"
    r"I?Q[1-8]-(?:K(?:-(?:XS|XL|[SML])(?![A-Z0-9]))?|NL|XXS|XS)(?![A-Z0-9])"
    r"|(?:I?Q[1-8]|TQ[1-8]|[MN][XV]FP[4-8]|W[48]AF?P?[0-9]|B?F(?:P|LOAT)?[1-8]|NF4|U?INT[48]|BNB4|I[28]_S)[A-Z0-9]*"
    r"(?:_[A-Z0-9]+)*"
    r"|(?P<bits>[2-8])[-_]?BITS?(?![A-Z0-9])"
    r"|(?P<bpw>[1-8](?:[._][0-9]{1,3})?)[-_]?BPW(?![A-Z0-9]))"
)
_SPREAD = re.compile(r"(?<![A-Z0-9])Q_(?=[2-8]_[01K])")
"""Some write `q_4_k`."""
_SOME = re.compile(r"[-_.](?:EMBD?|EMBED|EMBEDDINGS?|OUT|OUTPUT|OE|HEAD|LM_HEAD)[-_.]")
_KINDS = re.compile(r"-(?:[A-Z]{0,4}FFN|[EHQKOUD]{1,7}|(?:[EHQKOUD]{1,7}-B16-)+[EHQKOUD]{1,7})-")
"""Kinds of tensors, between the quants of each."""
_TRAINED = ("MXFP4", "NVFP4")
_SIZE = re.compile(r"(?:[SMLXNPHRK]{1,4}[0-9]{0,2}|[HM]A|BN|K[STLV]S?|[48]|[0-9]S)\Z")
"""What follows a quant when it makes another of it; `IMAT`, `V2` and `IT` do not."""
_DIGIT = "0123456789"
_GGML = QUANTS["Q8_0"]
_SHAPED = re.compile(r"(?:I?Q[1-8]|TQ[1-8])(?:[KSMLXNHP]{0,4}|R[0-9]{1,2})\Z|MXFP[4-8]\Z|NVFP4\Z")
"""The first piece of what looks like a label."""


def read_label(path: str) -> Label:
    """Read the label of a file out of its path, without its ending and its number among shards."""
    if "/" not in path:
        return label_in(path)
    name = path
    while True:
        folder, _, name = name.rpartition("/")
        found = label_in(name)
        if found is not NO_LABEL or not folder:
            return found
        name = folder


def read_labels(paths: Iterable[str]) -> list[Label]:
    """Read the labels of the files of a repository: most are called alike, and only what differs is read."""
    labels = []
    alike = None
    for path in paths:
        start = max(path.rfind("-"), path.rfind(".")) + 1
        label = _TAILS.get(path[start:]) if path[:start] == alike else None
        if label is None:
            label = read_label(path)
            if label is _TAILS.get(path[start:]):
                alike = path[:start]
        labels.append(label)
    return labels


def label_in(name: str) -> Label:
    """Read the label out of one part of a path: the last one that stands there."""
    start = max(name.rfind("-"), name.rfind(".")) + 1
    tail = _TAILS.get(name[start:])
    if tail is not None:
        end = start - 1
        before = name[max(name.rfind("-", 0, end), name.rfind(".", 0, end)) + 1 : end] if start else ""
        if before in _DYNAMIC:
            return to_label(f"UD-{tail.text}")
        if before not in _TELLING and not (before and _TENSORS.issuperset(before)):
            return tail
    return _label_within(name.upper())


def _label_within(name: str) -> Label:
    last = said = NO_LABEL
    if "Q_" in name:
        name = _SPREAD.sub("Q", name)
    end, is_trained = 0, False
    for match in _RUN.finditer(name):
        run, dynamic, bits, bpw = match.group("run", "ud", "bits", "bpw")
        start = match.start()
        if bits:
            said = to_label(f"{bits}bit")
        elif bpw:
            said = to_label(f"{bpw.replace('_', '.')}bpw")
        elif found := _resolve(_in_model(run), name[match.end() : match.end() + 2]):
            label = to_label(f"UD-{found}" if dynamic else found)
            if last.is_quant and label.is_quant and _is_mixed(last, label, name[end:start]):
                return NO_LABEL
            if not last.is_quant or not _is_of_some(label, name[end:start], is_trained):
                is_trained = name.endswith(("QAT-", "QAT_"), 0, start)
                last, end = label, match.end()
    return said if last is NO_LABEL else last


def _is_mixed(one: Label, other: Label, between: str) -> bool:
    """Tell whether two labels are of tensors, and none is of the whole: `Q8_0-FFN-Q4_K-Q4_K-Q5_1`.

    Not where a model was trained in the first: `mxfp4-Q5_0`.
    """
    if one.text.startswith(_TRAINED):
        return _KINDS.fullmatch(between) is not None
    return (between == "-" and one != other) or _KINDS.fullmatch(between) is not None


def _is_of_some(label: Label, between: str, is_trained: bool) -> bool:  # noqa: FBT001
    """Tell whether a label behind a quant is of its embeddings: `Q4_K_M-fp16`, `Q3_K_L-Q8`, `Q8_0-out-f16`.

    Not that of a model which was trained for a quant: `qat-q4_0-F16`.
    """
    if label.text in SHORT or _SOME.fullmatch(between):
        return True
    return label.text in FLOATS and not is_trained and len(between) == 1


def _in_model(run: str) -> str:
    """Give a run without the float in front of it, which the name of a model ends in: `Chroma-BF16_Q4_K`."""
    run = run.replace("-", "_")
    return run.partition("F16_")[2] or run if run.startswith(EMBEDDED) else run


@lru_cache(maxsize=65_536)
def _resolve(run: str, after: str = "") -> str | None:
    """Give the label that a run of pieces joined by `_` is, or `None`."""
    pieces = run.split("_")
    for count in range(len(pieces), 0, -1):
        joined = "_".join(pieces[:count])
        label = SPELLINGS.get(joined, joined)
        if label.startswith("Q") and label not in QUANTS:
            label = SPELLINGS.get("".join(pieces[:count]), label)  # `Q4_KM`; but IQ4_K_S is no IQ4_KS.
        if _is_known(label):
            if label in FLOATS or not QUANTS.get(label, _GGML).is_ggml:
                return _resolve("_".join(pieces[count:])) or label
            return _with_rest(label, pieces[count:], after)
        if label in SHORT and count == 1:
            return _with_rest(label, pieces[1:], after)
    if _SHAPED.match(pieces[0]):
        return _with_rest(pieces[0], pieces[1:], after)
    return _resolve("_".join(pieces[1:])) if len(pieces) > 1 else None


def _is_known(label: str) -> bool:
    return label in QUANTS or (label.endswith(ROWS) and label.rpartition("_")[0] in QUANTS)


def _with_rest(label: str, rest: list[str], after: str) -> str | None:
    """Give the label and what changes it behind it; a version behind a short one (`Q3.5`) says it is none."""
    if not rest and not _is_known(label) and after[:1] == "." and after[1:].isdigit():
        return None
    if not _is_known(label) and rest and _SHAPED.match(rest[0]):
        return _resolve("_".join(rest))
    is_known = _is_known(label)
    for piece in rest:
        if not _SIZE.match(piece) and (is_known or not (len(piece) == 1 and piece in _DIGIT)):
            break
        label = f"{label}_{piece}"
    return label


@lru_cache(maxsize=16_384)
def to_label(text: str) -> Label:
    """Give what is known of a label in its common spelling."""
    quant = quant_of(text)
    if quant is None:
        return _raw(text)
    return Label(
        text, quant.label not in SHORT, quant.typical, quant.nominal, _rank(text, quant.nominal),
        text.startswith("UD-"), quant.is_ik_only, quant.is_legacy, quant.is_ggml,
        quant.is_ggml and quant.label not in SHORT and text not in FLOATS,
    )  # fmt: skip


def _raw(text: str) -> Label:
    if text.endswith("bit"):  # A scale and an offset for each group of 64 weights take half a bit.
        bits = float(text[0]) + 0.5
        return Label(text, True, bits, float(text[0]), _rank(text, bits - 0.5))
    if text.endswith("bpw"):
        return Label(
            text, True, float(text[:-3]), float(text[:-3]), _rank(text, float(text[:-3])), is_ggml=True
        )
    base = next((quant_of(text[:end]) for end in range(len(text), 1, -1) if quant_of(text[:end])), None)
    if base is None:
        return Label(text)
    return Label(
        text,
        False,
        base.typical,
        base.nominal,
        _rank(text, base.nominal),
        text.startswith("UD-"),
        is_ggml=base.is_ggml,
    )


def _rank(text: str, bits: float) -> int:
    if text in {"Q4_K_M", "UD-Q4_K_XL"}:
        return 0 if text == "Q4_K_M" else 1
    limits = ((10, 5), (7, 3), (3.9, 2), (2.9, 4))
    return next((rank for least, rank in limits if bits >= least), 6)


def _ways_to_write(label: str) -> tuple[str, ...]:
    lower = label.lower()
    return (lower,) if label.startswith(EMBEDDED) else (label, lower, label.capitalize())


_TAILS = {
    spelled: to_label(label)
    for written, label in [*((label, label) for label in QUANTS), *SPELLINGS.items()]
    if label not in FLOATS
    for spelled in _ways_to_write(written)
}
"""Labels that most names end in, after their last `-` or `.`: no need to look at the rest."""
_TENSORS = frozenset("EHQKOUDFN")
_DYNAMIC = frozenset({"UD", "ud"})
_TELLING = frozenset({"embed", "EMBED", "embd", "out", "output", *_TAILS})
"""What stands before such a label and has a say in it."""


@lru_cache(maxsize=16_384)
def label_tokens(label: str) -> tuple[str, ...]:
    """Give what a quant word can match of a label, in lower case: it, and each beginning of it at a `_`."""
    if label == UNKNOWN:
        return ()
    plain = label.removeprefix("UD-")
    same = SAME_AS.get(plain)
    beginnings = [*_beginnings(plain), *([same.lower()] if same else [])]
    if plain != label:
        beginnings = ["ud", *(f"ud-{one}" for one in beginnings), *beginnings]
    return tuple(dict.fromkeys(beginnings))


def _beginnings(label: str) -> Iterator[str]:
    pieces = label.lower().split("_")
    yield from ("_".join(pieces[:count]) for count in range(1, len(pieces) + 1))


_TOKENS = frozenset(
    token for label in (*QUANTS, *SHORT) for token in label_tokens(label) if any(map(str.isdigit, token))
) - {"i2", "i8"}
_TYPED_BITS = re.compile(r"([2-8])[-_ ]?bits?\Z")
_TYPED_BPW = re.compile(r"([1-8](?:\.[0-9]{1,3})?)[-_ ]?bpw\Z")


@lru_cache(maxsize=4_096)
def read_quant_word(text: str) -> str | None:
    """Give the value of `label_tokens` that a typed word means, or `None`: then it is no quant word.

    `Q4_K_M`, `q4-k-m` and `q4km` are `q4_k_m`; `fp16` is `f16`; `8-bit` is `8bit`. Names are none: `qwen`,
    `i1`.
    """
    word = text.lower().rstrip("_-")
    if len(word) > 20:
        return None
    if bits := _TYPED_BITS.match(word):
        return f"{bits.group(1)}bit"
    if bpw := _TYPED_BPW.match(word):
        return f"{bpw.group(1)}bpw"
    dynamic = word.startswith(("ud-", "ud_"))
    plain = (word[3:] if dynamic else word).replace("-", "_")
    plain = SPELLINGS.get(plain.upper(), plain.upper()).lower()
    if plain not in _TOKENS and not (plain.upper().endswith(ROWS) and _is_known(plain.upper())):
        return None
    return f"ud-{plain}" if dynamic else plain
