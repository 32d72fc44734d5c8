"""How much memory somebody has: a small form, which a script remembers and without one the address does."""

from api.pages.layout import Manner, kept_html, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import context_words
from indexer.measures import Memory, gib_digits, read_memory
from indexer.variants.records import CONTEXTS

_MENU = Template("""\
<details name="narrowing" class="$names">
<summary>$title</summary>
$form</details>
""")
_FORM = Template("""\
<form class="memory" action="$action" method="get">
$kept$fields<p class="small">Variants then say whether they fit, with 4k of context. \
<code>fits:8gb</code> in the search finds only those that do.</p>
<p class="ways"><button class="button" type="submit">Use it</button>$forget</p>
</form>
""")
_TYPED = Template('<input type="hidden" name="q" value="$text">\n')
_FIELDS = Template("""\
<label><span>Graphics card</span> <input name="vram" type="number" min="0" max="$most" step="any" \
inputmode="decimal" placeholder="0" value="$vram"> <span class="unit">GiB VRAM</span></label>
<label><span>Machine</span> <input name="ram" type="number" min="0" max="$most" step="any" \
inputmode="decimal" placeholder="0" value="$ram"> <span class="unit">GiB RAM</span></label>
""")
_FORGET = Template('<a class="button quiet forget" href="$path">Forget it</a>')
_RECKON = Template("""\
<form class="memory reckon" action="$action#variants" method="get">
$fields<label><span>Context</span> <select name="ctx">$contexts</select></label>
<button class="button quiet" type="submit">Does it fit?</button>
</form>
""")
_CONTEXT = Template('<option value="$tokens"$chosen>$words</option>')

MOST_GIB = 65_536


def memory_menu(text: str, manner: Manner) -> Html:
    """Give the menu of how much memory somebody has, beside the ways to narrow a search down."""
    memory = read_memory(manner.memory) if manner.memory else None
    without = Manner(manner.owner, manner.sort, manner.kind)
    form = fill(
        _FORM,
        action=search_path("", owner=manner.owner),
        kept=joined([fill(_TYPED, text=text) if text else NOTHING, kept_html(manner, "memory")]),
        fields=_fields(memory),
        forget=fill(_FORGET, path=without.path(text)) if memory else NOTHING,
    )
    return fill(_MENU, names="mine chosen" if memory else "mine", title=_title(memory), form=form)


def reckon_form(path: str, memory: Memory | None, context_place: int) -> Html:
    """Give the form on a model's page: so much memory, and so long a context."""
    contexts = joined(
        fill(
            _CONTEXT,
            tokens=tokens,
            words=context_words(tokens),
            chosen=Html(" selected") if place == context_place else NOTHING,
        )
        for place, tokens in enumerate(CONTEXTS)
    )
    return fill(_RECKON, action=path, fields=_fields(memory), contexts=contexts)


def _fields(memory: Memory | None) -> Html:
    vram, ram = memory or (0, 0)
    return fill(
        _FIELDS,
        most=MOST_GIB,
        vram=gib_digits(vram) if vram else "",
        ram=gib_digits(ram) if ram else "",
    )


def _title(memory: Memory | None) -> str:
    if memory is None:
        return "My memory"
    return f"{' + '.join(gib_digits(part) for part in memory if part)} GiB"
