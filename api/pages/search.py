"""The search page, and the piece of it that a script puts in its place while a query is typed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.responses import HTMLResponse

from api.pages.chips import chips_html
from api.pages.coverage import coverage_html, why_stale_html
from api.pages.empty import empty_html, waiting_html
from api.pages.family import made_from_html
from api.pages.hits import hit_html
from api.pages.layout import PLAIN, Frame, Manner, Site, page, search_box
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.narrowing import narrowing_html
from api.pages.owner import owner_html
from api.pages.owners import Suggestions, named_html, suggested_html
from api.pages.recommended import recommended_html
from api.pages.words import plural
from api.recommending import Recommendation
from indexer.filters import NO_FILTERS
from indexer.measures import read_memory
from indexer.owners import Owner
from indexer.query import MAX_DEPTH, Sort
from indexer.ranking import Step
from indexer.search import SearchPage
from indexer.variants.answers import Room, room_of
from indexer.variants.records import CONTEXTS

PAGE_HITS = 20
"""Hits of one page."""

_SEARCH = Template("""\
$heading$box$narrowing$answer""")
_HEADING = Html('<h1 class="unseen">Models of the Hub</h1>\n')
_ANSWER = Template("""\
<div id="answer" data-state="$state">
<div id="recommended">$recommended</div>
<div class="about">
<p id="count" role="status">$count</p><p id="named">$named</p><p id="coverage">$coverage</p>
</div>
<ul id="chips" class="chips" aria-label="Filters that were typed">
$chips</ul>
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
_BLANK = dict.fromkeys(
    ("recommended", "count", "named", "coverage", "chips", "owners", "hits", "after"), NOTHING
)

_FIRST: dict[Sort, str] = {
    "relevance": "most downloaded first", "downloads": "most downloaded first", "likes": "most liked first",
    "trending": "trending first", "updated": "last updated first", "created": "newest first",
    "size": "largest files first",
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

_STYLES = ("search.css", "recommended.css", "narrowing.css", "variants.css", "message.css")
_STATUSES: dict[type[Outcome], int] = {Waiting: 503, Refused: 422}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of search results is asked for."""

    text: str
    manner: Manner = PLAIN
    offset: int = 0
    context: int = CONTEXTS[0]
    """Tokens that a model's page reckons with."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing in particular is asked for: then models are recommended."""
        manner = self.manner
        plain = (manner.owner, manner.sort, manner.kind) == (PLAIN.owner, PLAIN.sort, PLAIN.kind)
        return plain and not self.text.strip() and not self.offset

    @property
    def room(self) -> Room:
        """The memory there is, as far as somebody said."""
        memory = read_memory(self.manner.memory) if self.manner.memory else None
        return room_of(replace(NO_FILTERS, context=self.context), memory)

    def of_owner(self, owner: str) -> "Asked":
        """Give the same question about the models of an owner."""
        return replace(self, manner=replace(self.manner, owner=owner))


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown beside the hits."""

    suggestions: Suggestions | None = None
    """Owners that may be meant."""
    recommendations: Sequence[Recommendation] = ()
    """Models that are recommended."""


NOTHING_BESIDE = Beside()


def search_page(
    site: Site,
    asked: Asked,
    outcome: Outcome,
    now: datetime,
    *,
    owned: Owner | None = None,
    beside: Beside = NOTHING_BESIDE,
) -> HTMLResponse:
    """Give the search page, over all models or those of one owner, with an answer in it."""
    owner, text = asked.manner.owner, asked.text
    answer = outcome if isinstance(outcome, SearchPage) else None
    box = search_box(text, asked.manner, focused=not text and not owner)
    content = fill(
        _SEARCH,
        heading=owner_html(site, owned) if owned else _HEADING,
        box=box,
        narrowing=narrowing_html(answer, asked.manner),
        answer=answer_html(asked, outcome, now, beside),
    )
    status = _STATUSES.get(type(outcome), 200)
    title = " - ".join(part for part in (text, owner, "Hubdex") if part)
    return page(
        site,
        Frame(
            title,
            _STYLES,
            ("search.js",),
            status=status,
        ),
        content,
    )


def answer_html(asked: Asked, outcome: Outcome, now: datetime, beside: Beside = NOTHING_BESIDE) -> Html:
    """Give an answer: the hits, how many there are, what they stand for, and what belongs beside them."""
    if isinstance(outcome, Waiting):
        return _answer("waiting", after=waiting_html(outcome.models, is_away=outcome.is_away))
    if isinstance(outcome, Refused):
        return _answer("refused", notice=outcome.why)
    manner, query = asked.manner, outcome.query
    room = room_of(query.filters, asked.room.memory)
    return _answer(
        "answered",
        recommended=recommended_html(beside.recommendations, asked.room),
        count=_count(outcome, manner.owner),
        named=named_html(beside.suggestions),
        coverage=joined([coverage_html(outcome.coverage, now), why_stale_html(outcome.coverage)]),
        chips=chips_html(query.text, manner),
        owners=suggested_html(beside.suggestions, manner),
        hits=joined(hit_html(hit, query.offset + at, now, room) for at, hit in enumerate(outcome.hits)),
        after=_paging(outcome, manner) if outcome.hits else empty_html(query, outcome.total, manner),
    )


def _answer(state: str, *, notice: str = "", **parts: Html) -> Html:
    quiet = NOTHING if notice else Html(" hidden")
    return fill(_ANSWER, **{**_BLANK, **parts}, state=state, notice=notice, quiet=quiet)


def _count(answer: SearchPage, owner: str) -> Html:
    kind = answer.query.kind
    if not answer.query.text.strip():
        words = _FIRST[answer.query.sort]
        if owner:
            words = f"{plural(answer.total, kind)}, {words}"
    elif not answer.total:
        words = f"No {kind} matches"
    elif made := made_from_html(answer.query, answer.total):
        return made
    elif answer.hits and answer.hits[0].step is Step.TYPO:
        words = f"Nothing matches as typed; about {answer.total:,} spelled alike"
    else:
        about = "" if answer.total_exact else "about "
        matching = "matches" if answer.total == 1 else "match"
        words = f"{about}{plural(answer.total, kind)} {matching}"
    return markup(words[:1].upper() + words[1:])


def _paging(answer: SearchPage, manner: Manner) -> Html:
    query = answer.query
    following = query.offset + query.limit
    previous = following_link = NOTHING
    if query.offset:
        before = max(0, query.offset - query.limit)
        previous = fill(_PREVIOUS, path=manner.path(query.text, before))
    if following < answer.total and following + query.limit <= MAX_DEPTH:
        following_link = fill(_NEXT, path=manner.path(query.text, following))
    return fill(_PAGING, previous=previous, next=following_link)
