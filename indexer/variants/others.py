"""The variants that files of other formats than GGUF are; pure."""

import re
from collections.abc import Sequence

from indexer.formats import formats_named, formats_tagged
from indexer.text import words_of
from indexer.variants.dtypes import told_by_dtypes
from indexer.variants.ggufs import architecture_of, keeps_context
from indexer.variants.grouping import Group
from indexer.variants.kinds import MAX_LORA
from indexer.variants.labels import NO_LABEL, Label, label_in, read_label, to_label
from indexer.variants.memory import NO_CONTEXT, context_of, needs_of
from indexer.variants.quants import FLOATS, SHORT
from indexer.variants.records import Facts, Variant
from indexer.variants.sizing import Params, is_near, params_in, size_of, total_of

PACKED = ("mlx", "exl3", "exl2", "gptq", "awq", "bnb")
"""Formats that are safetensors files with quants inside, the more telling first."""
LORA = Label("LoRA", is_known=True, rank=6)
"""Of an adapter: weights that change those of another model."""
_PACKED_TAGS = frozenset({*PACKED, "bitsandbytes"})
_BITS = ("4-bit", "8-bit", "3-bit", "6-bit", "5-bit", "2-bit")
_SAID_BITS = re.compile(r"(?<![0-9])([2-8])[-_]?bits?(?![a-z])", re.IGNORECASE)
_ADAPTER = re.compile(r"(?:^|[-_./])(?:adapters?(?:_model)?|q?loras?)(?:[-_./]|$)", re.IGNORECASE)
_GGML = ("ggml", "llamafile")
"""Formats of the quants that GGUF files are of."""
_ANYWHERE = frozenset({*FLOATS, *SHORT, "MXFP4", "NVFP4"})
"""Labels that are of any format."""
_PACKS_ELEMENTS = 7.9
"""Bits: below, a header's elements hold several weights each."""


def other_variants(groups: Sequence[Group], facts: Facts) -> list[Variant]:
    """Give the variant that each group is."""
    packed = _packed(facts)
    keeps = keeps_context(facts, otherwise=False)
    architecture = architecture_of(facts) if keeps else None
    said = _said_of_all(facts, packed)
    told = told_by_dtypes(groups, facts) if facts.dtypes and packed is None else None
    variants = []
    for group in groups:
        is_adapter = _is_adapter(group, facts)
        form = group.format if is_adapter else _format(group, packed)
        label = LORA if is_adapter else _label(group, form, said)
        total, is_exact = total_of(group.files)
        if told is not None and group is told.group and not is_adapter and told.agrees(total):
            label = told.label if label is NO_LABEL else label
            total, is_exact = (told.bytes, False) if total is None else (total, is_exact)
        sources = _sources(group, label, form, facts)
        size = size_of(total, label, sources, is_exact=is_exact, is_whole=group.missing == 0)
        context = context_of(architecture, *size.params) if keeps and size.params else NO_CONTEXT
        needs = needs_of(size.bytes, context) if size.bytes is not None and label is not LORA else ()
        params, source = size.params or (None, None)
        variants.append(Variant(
            group.key.replace(group.format, form, 1), label.text, form, group.files, size.bytes, size.bits,
            params,
            group.shards, group.missing, (), needs, label.is_known, not size.is_exact, size.is_nominal,
            context.is_guessed, source,
        ))  # fmt: skip
    return variants


def _packed(facts: Facts) -> str | None:
    """Give the format of safetensors files that hold quants, by the model's tags, library and name."""
    found: frozenset[str] = frozenset()
    if not _PACKED_TAGS.isdisjoint(facts.tags):
        found = formats_tagged(facts.tags)
    if facts.library in PACKED:
        found |= {facts.library}
    name = facts.repo_id.lower()
    if "mlx" in name or "exl" in name or "gptq" in name or "awq" in name or "bnb" in name:
        found |= formats_named(words_of(name))
    return next((form for form in PACKED if form in found), None) if found else None


def _format(group: Group, packed: str | None) -> str:
    if group.format == "numpy":
        return "mlx" if packed == "mlx" else "numpy"
    if packed is None or group.format not in {"safetensors", "pytorch"}:
        return group.format
    return packed if group.format == "safetensors" or packed in {"gptq", "awq"} else group.format


def _said_of_all(facts: Facts, packed: str | None) -> Label:
    """Give the label that the model's name or tags say; the floats a quant was made from are none."""
    name = facts.repo_id.rpartition("/")[2]
    said = label_in(name)
    if packed in {None, "mlx"} or said.text not in FLOATS:
        if _fits(said):
            return said
    elif words := _SAID_BITS.search(name):
        return to_label(f"{words[1]}bit")
    if packed:
        bits = next((tag for tag in _BITS if tag in facts.tags), "4-bit" if packed == "awq" else None)
        return to_label(bits.replace("-", "")) if bits else NO_LABEL
    return to_label("FP8") if "fp8" in facts.tags else NO_LABEL


def _fits(label: Label) -> bool:
    """Tell whether weights that are no GGUF can be of a label."""
    if label is NO_LABEL:
        return False
    return not label.is_ggml or label.text in _ANYWHERE or label.text.endswith("bpw")


def _label(group: Group, form: str, said: Label) -> Label:
    if group.name:
        own = read_label(group.name)
        if _fits(own) or form in _GGML:
            return own
        if group.name.endswith("quantized"):
            return to_label("Q8")
    return said if form in PACKED or form in {"safetensors", "pytorch"} else NO_LABEL


def _is_adapter(group: Group, facts: Facts) -> bool:
    if group.key == group.format or group.format not in {"safetensors", "pytorch"}:
        return False
    stem = group.key.rpartition(":")[2]
    if stem == group.key or not ("lora" in facts.tags or _ADAPTER.search(stem)):
        return False
    return all(file.bytes is None or file.bytes <= MAX_LORA for file in group.files)


def _sources(group: Group, label: Label, form: str, facts: Facts) -> list[Params]:
    """Give the parameters a group may have, the surest first; packed quants hold several in each element."""
    packs = form in PACKED or form in _GGML or (label.bits is not None and label.bits < _PACKS_ELEMENTS)
    sources: list[Params] = [(facts.params, "header")] if facts.params and not packs else []
    if sources or label is LORA:
        return sources
    said = params_in(group.name) or params_in(facts.repo_id.rpartition("/")[2])
    if facts.base_params and (said is None or is_near(facts.base_params, said)):
        sources.append((facts.base_params, "base"))
    if said:
        sources.append((said, "name"))
    return sources
