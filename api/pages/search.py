"""The search page, and the piece of it that a script puts in its place while a query is typed."""

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import HTMLResponse

from api.pages.coverage import coverage_html
from api.pages.empty import empty_html, waiting_html
from api.pages.family import made_from_html
from api.pages.hits import hit_html
from api.pages.layout import Frame, Site, page, search_box, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.narrowing import narrowing_html
from api.pages.owner import owner_html
from api.pages.owners import Suggestions, named_html, suggested_html
from api.pages.words import plural
from indexer.owners import Owner
from indexer.query import MAX_DEPTH, Sort
from indexer.ranking import Step
from indexer.search import SearchPage

PAGE_HITS = 20
"""Hits of one page."""

_SEARCH = Template("""\
$heading$box$narrowing$answer""")
_HEADING = Html('<h1 class="unseen">Models of the Hub</h1>\n')
_ANSWER = Template("""\
<div id="answer" data-state="$state">
<div class="about">
<p id="count" role="status">$count</p><p id="named">$named</p><p id="coverage">$coverage</p>
</div>
<p id="notice" role="alert"$quiet>$notice</p>
<div id="choices">
<ul id="owners" class="owners" aria-label="Owners">
$owners</ul>
<ol id="hits" class="hits" aria-label="Models">
$hits</ol>
</div>
<div id="after">$after</div>
</div>
""")
_PAGING = Template('<nav class="paging" aria-label="Pages">$previous$next</nav>')
_PREVIOUS = Template('<a class="button quiet" rel="prev" href="$path">Previous</a>')
_NEXT = Template('<a class="button quiet" rel="next" href="$path">More</a>')
_BLANK = dict.fromkeys(("count", "named", "coverage", "owners", "hits", "after"), NOTHING)

_FIRST: dict[Sort, str] = {
    "relevance": "most downloaded first", "downloads": "most downloaded first", "likes": "most liked first",
    "trending": "trending first", "updated": "last updated first", "created": "newest first",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """There is no index to answer from, yet or for the moment."""

    models: int
    """Models that have been read from the Hub so far."""
    is_away: bool = False
    """Whether it is the search server that cannot be asked."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The question cannot be answered as it is."""

    why: str


Outcome = SearchPage | Waiting | Refused

_STATUSES: dict[type[Outcome], int] = {Waiting: 503, Refused: 422}


def search_page(
    site: Site,
    text: str,
    outcome: Outcome,
    now: datetime,
    *,
    owned: Owner | None = None,
    suggestions: Suggestions | None = None,
) -> HTMLResponse:
    """Give the search page, over all models or those of one owner, with an answer in it."""
    owner = owned.name if owned else ""
    answer = outcome if isinstance(outcome, SearchPage) else None
    sort = answer.query.sort if answer else "relevance"
    box = search_box(text, owner=owner, sort=sort, focused=not text and not owner)
    content = fill(
        _SEARCH,
        heading=owner_html(site, owned) if owned else _HEADING,
        box=box,
        narrowing=narrowing_html(answer, owner),
        answer=answer_html(outcome, now, owner=owner, suggestions=suggestions),
    )
    status = _STATUSES.get(type(outcome), 200)
    title = " - ".join(part for part in (text, owner, "Hubdex") if part)
    return page(
        site,
        Frame(title, ("search.css", "narrowing.css", "message.css"), ("search.js",), status=status),
        content,
    )


def answer_html(
    outcome: Outcome, now: datetime, *, owner: str = "", suggestions: Suggestions | None = None
) -> Html:
    """Give an answer: the hits, how many there are, what they stand for, and owners that may be meant."""
    if isinstance(outcome, Waiting):
        return _answer("waiting", after=waiting_html(outcome.models, is_away=outcome.is_away))
    if isinstance(outcome, Refused):
        return _answer("refused", notice=outcome.why)
    offset = outcome.query.offset
    return _answer(
        "answered",
        count=_count(outcome, owner),
        named=named_html(suggestions),
        coverage=coverage_html(outcome.coverage, now),
        owners=suggested_html(suggestions, outcome.query.sort),
        hits=joined(hit_html(hit, offset + at, now) for at, hit in enumerate(outcome.hits)),
        after=_paging(outcome, owner) if outcome.hits else empty_html(outcome.query, outcome.total, owner),
    )


def _answer(state: str, *, notice: str = "", **parts: Html) -> Html:
    quiet = NOTHING if notice else Html(" hidden")
    return fill(_ANSWER, **{**_BLANK, **parts}, state=state, notice=notice, quiet=quiet)


def _count(answer: SearchPage, owner: str) -> Html:
    if not answer.query.text.strip():
        words = _FIRST[answer.query.sort]
        if owner:
            words = f"{plural(answer.total, 'model')}, {words}"
    elif not answer.total:
        words = "No model matches"
    elif made := made_from_html(answer.query, answer.total):
        return made
    elif answer.hits and answer.hits[0].step is Step.TYPO:
        words = f"Nothing matches as typed; about {answer.total:,} spelled alike"
    else:
        about = "" if answer.total_exact else "about "
        matching = "matches" if answer.total == 1 else "match"
        words = f"{about}{plural(answer.total, 'model')} {matching}"
    return markup(words[:1].upper() + words[1:])


def _paging(answer: SearchPage, owner: str) -> Html:
    query = answer.query
    following = query.offset + query.limit
    previous = following_link = NOTHING
    if query.offset:
        before = max(0, query.offset - query.limit)
        previous = fill(_PREVIOUS, path=search_path(query.text, before, owner, query.sort))
    if following < answer.total and following + query.limit <= MAX_DEPTH:
        following_link = fill(_NEXT, path=search_path(query.text, following, owner, query.sort))
    return fill(_PAGING, previous=previous, next=following_link)
