"""How old and how complete the answers are: said on every page of results, calmly."""

from datetime import datetime

from api.pages.markup import NOTHING, Html, Template, fill
from api.pages.words import plural, time_ago
from api.paths import STATUS
from indexer.search import Coverage

STALE_SECONDS = 2 * 86_400
"""An older index is called so."""
BEHIND_SHARE = 0.01
"""An index that lacks a greater share of the catalog's changes is called so."""

_READ = Template('<p class="read"><span class="state $state"></span>$words</p>\n')
_COVERAGE = Template('<span class="state $state" title="$title"></span>$words')
_WHY = Template(' (<a href="$path" title="$why">why</a>)')


def coverage_html(coverage: Coverage, now: datetime) -> Html:
    """Give how many models an answer stands for, how old it is, and what is missing."""
    age = age_seconds(coverage, now)
    words = [plural(coverage.models, "model"), "never crawled" if age is None else f"as of {time_ago(age)}"]
    state, remarks = "fresh", []
    if not coverage.complete:
        state = "partial"
        remarks.append("the first pass over the Hub is still running")
    elif coverage.behind > BEHIND_SHARE * max(1, coverage.catalog_models):
        state = "partial"
        remarks.append(f"{plural(coverage.behind, 'change')} not indexed yet")
    if coverage.stale or age is None:
        state = "stale"
    if coverage.stale:
        remarks.append("older than it should be")
    return fill(_COVERAGE, state=state, title=state, words=" \N{MIDDLE DOT} ".join(words + remarks))


def why_stale_html(coverage: Coverage) -> Html:
    """Give the way to what says why the answers are old; nothing where they are not."""
    return fill(_WHY, why=coverage.stale, path=STATUS) if coverage.stale else NOTHING


def read_ago_html(crawled_at: datetime | None, now: datetime) -> Html:
    """Give when anything was last read from the Hub, below what is known of one model."""
    if crawled_at is None:
        return fill(_READ, state="stale", words="Nothing has been read from the Hub yet.")
    age = (now - crawled_at).total_seconds()
    words = f"Hubdex last read from the Hub {time_ago(age)}."
    if age <= STALE_SECONDS:
        return fill(_READ, state="fresh", words=words)
    return fill(_READ, state="stale", words=f"{words} What is shown here may have changed since.")


def age_seconds(coverage: Coverage, now: datetime) -> float | None:
    """Give how old the answers are: an index that lags is as old as its last sync, not as the crawl."""
    if coverage.behind and coverage.age_seconds is not None:
        return max(coverage.age_seconds, (now - coverage.synced_at).total_seconds())
    return coverage.age_seconds
