"""What all pages share: the frame, the search box, and what they know of where they run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from starlette.responses import HTMLResponse

from api.assets import Assets
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.paths import NARROWING, RESULTS
from indexer.documents import code_of
from indexer.filters import Facet
from indexer.query import MAX_TEXT, Kind, Sort
from indexer.variants.records import CONTEXTS, Variant


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages run: their static files, and the Hub their links lead to."""

    assets: Assets
    upstream: str

    def hub_url(self, path: str) -> str:
        """Give the address of a path at the Hub."""
        return f"{self.upstream}/{quote(path)}"

    @property
    def hub_name(self) -> str:
        """What the Hub is called: its host."""
        return urlsplit(self.upstream).netloc


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page puts around its content."""

    title: str
    styles: Sequence[str]
    scripts: Sequence[str] = ()
    head: Html = NOTHING
    status: int = 200


_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f7f6f3" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#15171c" media="(prefers-color-scheme: dark)">
<title>$title</title>
<link rel="icon" href="$icon" type="image/svg+xml">
$styles$scripts$head</head>
<body>
<header class="top">
<a class="brand" href="/"><img src="$icon" alt="" width="28" height="28">Hubdex</a>
<nav aria-label="About this service"><a href="/docs">API</a><a href="/-/cache">Cache</a>\
<a href="/-/status">Status</a></nav>
</header>
<main>
$content</main>
</body>
</html>
""")

_STYLE = Template('<link rel="stylesheet" href="$url">\n')
_SCRIPT = Template('<script type="module" src="$url"></script>\n')

_BOX = Template("""\
<form id="search" class="box" role="search" action="$action" method="get" data-results="$results"
 data-narrowing="$narrowing">
<label class="unseen" for="q">$label</label>
<input id="q" name="q" type="text" value="$text" maxlength="$limit" placeholder="$hint"
 inputmode="search" enterkeyhint="search" autocomplete="off" autocapitalize="off" autocorrect="off"
 spellcheck="false"$focus>
$kept<button type="submit"><span class="unseen">Search</span></button>
</form>
""")

_OWNER = Template('<span class="owner">$owner/</span><wbr>')
_KEPT = Template('<input type="hidden" name="$name" value="$value">\n')


@dataclass(frozen=True, slots=True)
class Manner:
    """How is asked, beside what: every link of an answer keeps it."""

    owner: str = ""
    """All models, or those of one owner."""
    sort: Sort = "relevance"
    kind: Kind = "model"
    memory: str = ""
    """The memory that variants are to fit into, as `read_memory` reads it; empty: nobody said."""

    def path(self, text: str, offset: int = 0) -> str:
        """Give the path of a search that is asked so."""
        asked = [f"q={quote(text, safe='/')}"] if text else []
        asked += [f"{name}={quote(value, safe='')}" for name, value in self.kept().items()]
        asked += [f"offset={offset}"] if offset else []
        return f"/{quote(self.owner)}" + ("?" if asked else "") + "&".join(asked)

    def kept(self) -> dict[str, str]:
        """Give the parameters of a search that is asked so, without what is usual."""
        usual = {"sort": "relevance", "kind": "model", "memory": ""}
        said = {"sort": self.sort, "kind": self.kind, "memory": self.memory}
        return {name: value for name, value in said.items() if value != usual[name]}


PLAIN = Manner()
"""All models, the usual way."""


def page(site: Site, frame: Frame, content: Html) -> HTMLResponse:
    """Give a whole page."""
    url = site.assets.url
    filled = fill(
        _PAGE,
        title=frame.title,
        icon=url("icon.svg"),
        styles=joined(fill(_STYLE, url=url(name)) for name in ("base.css", *frame.styles)),
        scripts=joined(fill(_SCRIPT, url=url(name)) for name in frame.scripts),
        head=frame.head,
        content=content,
    )
    return HTMLResponse(filled, frame.status)


def search_box(text: str = "", manner: Manner = PLAIN, *, focused: bool = False) -> Html:
    """Give the search box, over all models or those of one owner; it works as a plain form."""
    owner = manner.owner
    return fill(
        _BOX,
        action=search_path("", owner=owner),
        results=_of_owner(RESULTS, owner),
        narrowing=_of_owner(NARROWING, owner),
        kept=kept_html(manner),
        label=f"Search the models of {owner}" if owner else "Search models",
        hint=f"words among the models of {owner}" if owner else "owner/name or words",
        text=text,
        limit=MAX_TEXT,
        focus=Html(" autofocus") if focused else NOTHING,
    )


def kept_html(manner: Manner, *without: str) -> Html:
    """Give what a form sends on of how is asked, but for these parameters."""
    kept = manner.kept().items()
    return joined(fill(_KEPT, name=name, value=value) for name, value in kept if name not in without)


def _of_owner(path: str, owner: str) -> str:
    return f"{path}?owner={quote(owner)}" if owner else path


def id_owner(owner: str | Html) -> Html:
    """Give what stands before the name in an id; nothing where there is no owner."""
    return fill(_OWNER, owner=owner) if owner else NOTHING


def model_path(repo_id: str) -> str:
    """Give the path of a model's page: the one it has on the Hub."""
    return f"/{quote(repo_id)}"


def variant_path(repo_id: str, variant: Variant, memory: str = "", context: int = CONTEXTS[0]) -> str:
    """Give where a variant stands on its model's page, reckoned with so much memory and context."""
    asked = [f"memory={quote(memory, safe='')}"] if memory else []
    asked += [f"ctx={context}"] if context != CONTEXTS[0] else []
    return f"{model_path(repo_id)}{'?' if asked else ''}{'&'.join(asked)}#{variant_anchor(variant)}"


def use_path(repo_id: str, variant: Variant, memory: str = "", context: int = CONTEXTS[0]) -> str:
    """Give the page on which a variant is the one that is to be got, reckoned with the same memory."""
    page = variant_path(repo_id, variant, memory, context).partition("#")[0]
    return f"{page}{'&' if '?' in page else '?'}use={quote(variant.key)}#get"


def variant_anchor(variant: Variant) -> str:
    """Give the name of a variant's place on its model's page."""
    return f"v-{code_of(variant.key):x}"


def search_path(text: str, owner: str = "") -> str:
    """Give the path of a search, over all models or those of one owner, asked the usual way."""
    return Manner(owner).path(text)


def filter_path(key: Facet | Literal["tag"], value: str) -> str:
    """Give the path of a search for all models that have a value."""
    return search_path(f"{key}:{'_'.join(value.split())}")
