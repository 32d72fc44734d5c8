"""What belongs to a model, on its page: those it was made from, those made from it, others of its owner."""

from collections.abc import Sequence

from api.family import Others
from api.pages.layout import Site, filter_path, id_owner, model_path, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import compact_count, plural
from indexer.lineage import Derived, KnownBase, Relation, read_base, tag_of
from indexer.query import SearchQuery
from indexer.records import StoredModel

_BASES = Template("""\
<section aria-labelledby="bases">
<h2 id="bases">$title</h2>
<ul class="models">
$bases</ul>
</section>
""")
_KNOWN = Template('<li><a href="$path">$repo_id $how$downloads</a></li>\n')
_UNKNOWN = Template("""\
<li><span class="line">$repo_id <span class="told">$how\
<a href="$hub" rel="noopener">look on $hub_name</a></span></span></li>
""")
_ID = Template('<span class="id">$owner<span class="name">$name</span></span>')
_HOW = Template('<span class="told">$how</span>')
_DOWNLOADS = Template(
    ' <span class="number" title="$exact downloads in 30 days">$number'
    '<span class="unseen"> downloads</span></span>'
)
_DERIVED = Template("""\
<section aria-labelledby="derived">
<h2 id="derived">Made from it</h2>
<div class="groups">
$groups</div>
</section>
""")
_GROUP = Template("""\
<section aria-labelledby="$name">
<h3 id="$name">$title <span class="number">$count</span></h3>
<ul class="models">
$models</ul>
$all</section>
""")
_ALL = Template('<p class="all"><a href="$path">$words</a></p>\n')
_MODEL = Template('<li><a href="$path">$repo_id$downloads</a></li>\n')
_NO_INDEX = Html("""\
<section aria-labelledby="derived">
<h2 id="derived">Made from it</h2>
<p class="note">What was made from it cannot be listed just now: the search index is not there. \
Load this page again in a while; <code>hubdex status</code> tells more.</p>
</section>
""")
_MADE_FROM = Template('$words <a href="$path">$repo_id</a>')
_OTHERS = Template("""\
<section aria-labelledby="others">
<h2 id="others">More of $owner</h2>
<ul class="models">
$models</ul>
$all</section>
""")

_HOW_MADE: dict[Relation | None, str] = {
    "quantized": "this is a quantized copy of it", "finetune": "finetuned into this one",
    "adapter": "this is an adapter for it", "merge": "merged into this one", None: "",
}  # fmt: skip
_TITLES: dict[Relation, str] = {
    "quantized": "Quantized", "finetune": "Finetunes", "adapter": "Adapters", "merge": "Merges",
}  # fmt: skip
_MADE: dict[Relation | None, tuple[str, str, str]] = {
    "quantized": ("quantized copy", "quantized copies", "of"), "finetune": ("finetune", "finetunes", "of"),
    "adapter": ("adapter", "adapters", "for"), "merge": ("merge", "merges", "with"),
    None: ("model", "models", "made from"),
}  # fmt: skip
"""What was made: one, several, and how it stands to what it was made from."""


def _id(repo_id: str) -> Html:
    owner, _, name = repo_id.rpartition("/")
    return fill(_ID, owner=id_owner(owner), name=name)


def bases_html(site: Site, bases: Sequence[KnownBase]) -> Html:
    """Give the models a model was made from; nothing when there are none."""
    if not bases:
        return NOTHING
    title = "Base model" if len(bases) == 1 else "Base models"
    return fill(_BASES, title=title, bases=joined(_base(site, one) for one in bases))


def _base(site: Site, known: KnownBase) -> Html:
    words = _HOW_MADE[known.base.relation]
    if known.model is None:
        repo_id = known.base.repo_id
        how = f"{words}; it is not in this index: " if words else "not in this index: "
        hub = site.hub_url(repo_id)
        return fill(_UNKNOWN, repo_id=_id(repo_id), how=how, hub=hub, hub_name=site.hub_name)
    repo_id = known.model.record.repo_id
    return fill(
        _KNOWN,
        path=model_path(repo_id),
        repo_id=_id(repo_id),
        how=fill(_HOW, how=words) if words else NOTHING,
        downloads=_downloads(known.model),
    )


def derived_html(repo_id: str, derived: Sequence[Derived] | None) -> Html:
    """Give the models that were made from one; nothing when there are none."""
    if derived is None:
        return _NO_INDEX
    if not derived:
        return NOTHING
    return fill(_DERIVED, groups=joined(_group(repo_id, one) for one in derived))


def _group(repo_id: str, derived: Derived) -> Html:
    path = filter_path("tag", tag_of(derived.relation, repo_id))
    words = f"All {derived.total:,} {_MADE[derived.relation][1]}"
    more = derived.total > len(derived.models)
    return fill(
        _GROUP,
        name=derived.relation,
        title=_TITLES[derived.relation],
        count=compact_count(derived.total),
        models=_models(derived.models),
        all=fill(_ALL, path=path, words=words) if more else NOTHING,
    )


def made_from_html(query: SearchQuery, total: int) -> Html | None:
    """Say what was asked for by the tag of a base model and nothing else; `None`: something else was."""
    key, _, tag = query.text.strip().partition(":")
    base = read_base(tag) if key.lower() == "tag" else None
    if base is None:
        return None
    one, several, of = _MADE[base.relation]
    words = f"{total:,} {one if total == 1 else several} {of}"
    return fill(_MADE_FROM, words=words, path=model_path(base.repo_id), repo_id=base.repo_id)


def others_html(owner: str, others: Others | None) -> Html:
    """Give other models of an owner; nothing when there are none, or nobody can tell just now."""
    if others is None or not others.models:
        return NOTHING
    words = f"All {plural(others.total, 'model')} of {owner}"
    return fill(
        _OTHERS,
        owner=owner,
        models=_models(others.models),
        all=fill(_ALL, path=search_path("", owner=owner), words=words),
    )


def _models(models: Sequence[StoredModel]) -> Html:
    return joined(
        fill(
            _MODEL,
            path=model_path(one.record.repo_id),
            repo_id=_id(one.record.repo_id),
            downloads=_downloads(one),
        )
        for one in models
    )


def _downloads(model: StoredModel) -> Html:
    number = model.counters.downloads
    return NOTHING if number is None else fill(_DOWNLOADS, exact=f"{number:,}", number=compact_count(number))
