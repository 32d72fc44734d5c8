"""The variants of a model on its page, best first: size, bits, memory, and whatever is in their way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from api.having import NOTHING_HAD, Having
from api.pages.downloading import CLOSED_DOOR, Door, Spot, download_html
from api.pages.fits import fit_html, sum_html
from api.pages.layout import filter_path, model_path, use_path, variant_anchor
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.memory import reckon_form
from api.pages.words import ACCESS, memory_words, plural, size_words
from indexer.choosing import fit_of
from indexer.measures import memory_text
from indexer.records import ModelRecord
from indexer.variants.answers import Room
from indexer.variants.quants import quality_cost
from indexer.variants.records import CONTEXTS, UNKNOWN, Contents, Sidecar, Variant

OPEN_VARIANTS = 30
"""Variants that are shown at once; the rest is folded away."""
MAX_VARIANTS = 300
"""Variants of one page; some repositories have thousands of checkpoints."""
MAX_SIDECARS = 40

_VARIANTS = Template("""\
<section id="variants" aria-labelledby="variants-title">
<h2 id="variants-title">Variants <span class="number">$count</span></h2>
<p class="terms">$terms</p>
$reckon$table$rest$sidecars$legend</section>
""")
_TABLE = Template("""\
<table class="variants">
<thead><tr><th scope="col">Variant</th><th scope="col" class="number">Size</th>\
<th scope="col" class="number">Bits</th><th scope="col" class="number">Quality cost</th>\
<th scope="col">Memory</th><th scope="col"><span class="unseen">Get it</span></th></tr></thead>
<tbody>
$rows</tbody>
</table>
""")
_ROW = Template("""\
<tr id="$anchor"><th scope="row"><span class="label">$label</span>$notes</th>\
<td class="number size">$size</td>\
<td class="number bits">$bits</td>\
<td class="number cost">$cost</td>\
<td class="takes"><span>$memory</span></td>\
<td class="get"><span>$download<a class="use" href="$use"$chosen>Use<span class="unseen"> $label</span></a>\
</span></td></tr>
""")
_NOTE = Template('<span class="said">$text</span>')
_TROUBLE = Template('<span class="said trouble">$text</span>')
_QUIET = Template('<span class="quiet">$text</span>')
_NOT_MEASURED = Html(
    '<span class="quiet" aria-hidden="true">-</span><span class="unseen">not measured</span>'
)
_CHOSEN = Html(' aria-current="true"')
_REST = Template("<details><summary>$count</summary>\n$table$beyond</details>\n")
_BEYOND = Template('<p class="small">$count more are in <a href="$path">the answer of the API</a>.</p>\n')
_SIDECARS = Template("""\
<p class="small">Beside them, part of none: $list.</p>
""")
_SIDECAR = Template("<code>$path</code> ($words)")
_LEGEND = Template('<p class="small">$words</p>\n')
_TERMS = Template('Licence <a href="$path">$license</a>')
_NEED = Template('$verdict<span class="need">$need</span>$sum')

_KINDS = {
    "mmproj": "what lets it see or hear", "imatrix": "importance matrix", "draft": "draft model",
    "lora": "adapter", "vocab": "vocabulary", "encoder": "encoder", "other": "other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """What a model holds, and the memory it is to fit into."""

    contents: Contents
    room: Room
    used: str = ""
    """Key or label of the variant that is to be got; empty: nobody said."""
    having: Mapping[str, Having] = field(default_factory=dict)
    """What of it is on this machine or on its way, by the variants' keys."""
    door: Door = CLOSED_DOOR
    """Whether who looks may download."""

    @property
    def chosen(self) -> Variant | None:
        """The variant that is to be got: the one that was said, else the best that fits, else the best."""
        variants = self.contents.variants
        if said := [one for one in variants if self.used and self.used in (one.key, one.label)]:
            return next((one for one in said if one.key == self.used), said[0])
        for wanted in ("vram", "ram"):
            for one in variants:
                fit = fit_of(one, self.room.memory, self.room.context_place)
                if fit is not None and fit.verdict == wanted:
                    return one
        return variants[0] if variants else None

    def download_html(self, record: ModelRecord, variant: Variant, place: Spot) -> Html:
        """Give what downloads a variant, or how far that is."""
        having = self.having.get(variant.key, NOTHING_HAD)
        return download_html(record.repo_id, variant, having, self.door, place=place)

    @property
    def asked(self) -> tuple[str, int]:
        """The memory and the tokens of context that are reckoned with, as an address has them."""
        memory = memory_text(self.room.memory) if self.room.memory else ""
        return memory, CONTEXTS[self.room.context_place]


def variants_html(record: ModelRecord, held: Held) -> Html:
    """Give the variants of a model; nothing when it has none."""
    variants = held.contents.variants
    if not variants:
        return NOTHING
    shown = OPEN_VARIANTS if len(variants) > OPEN_VARIANTS + 1 else len(variants)
    folded = variants[shown:MAX_VARIANTS]
    path = model_path(record.repo_id)
    rest = fill(
        _REST,
        count=plural(len(variants) - shown, "more variant"),
        table=_table(record, folded, held),
        beyond=_beyond(record, len(variants) - MAX_VARIANTS),
    )
    return fill(
        _VARIANTS,
        count=f"{len(variants):,}",
        terms=_terms(record),
        reckon=reckon_form(path, held.room.memory, held.room.context_place),
        table=_table(record, variants[:shown], held),
        rest=rest if folded else NOTHING,
        sidecars=_sidecars(held.contents.sidecars),
        legend=_legend(variants),
    )


def notes_of(variant: Variant) -> Iterator[Html]:
    """Say what is to be known of a variant, trouble first."""
    if variant.format != "gguf" and variant.label != UNKNOWN:
        yield _note(variant.format)
    if variant.label == UNKNOWN:
        yield _note("quant unknown")
    yield from (fill(_TROUBLE, text=text) for text in troubles_of(variant))
    if variant.shards > 1 and not variant.missing and not variant.is_parted:
        yield _note(plural(variant.shards, "file"))
    for sidecar in variant.sidecars:
        size = "of unknown size" if sidecar.bytes is None else size_words(sidecar.bytes)
        yield _note(f"with {sidecar.kind} {size}")
    if variant.is_dynamic:
        yield _note("layers of different quants")
    if variant.is_weighted:
        yield _note("importance matrix")
    if not variant.is_known and variant.label != UNKNOWN:
        yield _note("a label nobody else uses")


def troubles_of(variant: Variant) -> Iterator[str]:
    """Say what keeps a variant from being loaded as it is."""
    if variant.missing:
        missing = "1 is" if variant.missing == 1 else f"{variant.missing} are"
        yield f"{missing} missing of {plural(variant.shards, 'file')}: it cannot be loaded"
    if variant.is_parted:
        yield f"cut into {plural(len(variant.files), 'raw part')}: join them before it is loaded"
    if variant.is_ik_only:
        yield "only ik_llama.cpp loads it"
    if variant.is_legacy:
        yield "only an old llama.cpp loads it"


def _note(text: str) -> Html:
    return fill(_NOTE, text=text)


def label_words(variant: Variant) -> str:
    """Give what a variant is called: its label, or its format where nobody knows the quant."""
    return variant.format if variant.label == UNKNOWN else variant.label


def bits_words(variant: Variant, digits: int = 2) -> str:
    """Say how many bits a variant has per weight; `~4.5` where they are those of its quant, not counted."""
    if variant.bits is None:
        return "unknown"
    return f"{'~' if variant.is_nominal else ''}{variant.bits:.{digits}f}"


def _table(record: ModelRecord, variants: Sequence[Variant], held: Held) -> Html:
    chosen = held.chosen
    return fill(_TABLE, rows=joined(_row(record, one, held, is_chosen=one is chosen) for one in variants))


def _row(record: ModelRecord, variant: Variant, held: Held, *, is_chosen: bool) -> Html:
    cost = quality_cost(variant.label)
    size = size_words(variant.bytes, is_estimated=variant.is_estimated).removeprefix("size ")
    return fill(
        _ROW,
        anchor=variant_anchor(variant),
        label=label_words(variant),
        notes=joined(notes_of(variant), " "),
        size=size,
        bits=bits_words(variant),
        cost=_NOT_MEASURED if cost is None else f"+{cost:.{2 if cost >= 0.01 else 3}f}",
        memory=_memory(variant, held.room),
        download=held.download_html(record, variant, "row"),
        use=use_path(record.repo_id, variant, *held.asked),
        chosen=_CHOSEN if is_chosen else NOTHING,
    )


def _memory(variant: Variant, room: Room) -> Html:
    fit = fit_of(variant, room.memory, room.context_place)
    if fit is None:
        return fill(_QUIET, text="unknown, like its size")
    return fill(
        _NEED, verdict=fit_html(variant, room), need=memory_words(fit.need), sum=sum_html(variant, fit)
    )


def _beyond(record: ModelRecord, count: int) -> Html:
    path = f"/v1/models{model_path(record.repo_id)}/variants"
    return fill(_BEYOND, count=f"{count:,}", path=path) if count > 0 else NOTHING


def _terms(record: ModelRecord) -> Html:
    access = f"access {ACCESS[record.gated]}"
    if not record.license:
        return markup(f"No licence is named \N{MIDDLE DOT} {access}")
    licence = fill(_TERMS, path=filter_path("license", record.license), license=record.license)
    return joined([licence, markup(access)], " \N{MIDDLE DOT} ")


def _sidecars(sidecars: Sequence[Sidecar]) -> Html:
    if not sidecars:
        return NOTHING
    told = [
        fill(_SIDECAR, path=one.path, words=f"{_KINDS[one.kind]}, {size_words(one.bytes)}")
        for one in sidecars[:MAX_SIDECARS]
    ]
    more = len(sidecars) - len(told)
    return fill(_SIDECARS, list=joined([*told, *([markup(f"{more:,} more")] if more else [])], ", "))


def _legend(variants: Sequence[Variant]) -> Html:
    """Say what the figures are, as far as they are there."""
    fits = [fit for fit in (fit_of(one, None, 0) for one in variants) if fit is not None]
    words = ["Sizes are decimal (GB); memory is binary (GiB): files, context and 5 %."]
    if any(fit.is_guessed for fit in fits):
        words.append("About: its layers are not known, so its context is reckoned by a rule of thumb.")
    if any(one.is_estimated for one in variants):
        words.append("~: estimated from quant and parameters, until its files have been read.")
    elif any(one.is_nominal for one in variants):
        words.append("~: the bits of its quant, not counted.")
    if any(quality_cost(one.label) is not None for one in variants):
        words.append(
            "Quality cost: what the quant adds to the perplexity of Llama 3 8B, where that was measured; "
            "indicative."
        )
    return fill(_LEGEND, words=" ".join(words))
