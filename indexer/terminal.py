"""An answer as lines for a terminal, or as one line of JSON for scripts."""

from collections.abc import Iterator

import orjson

from indexer.answers import page_answer
from indexer.search import SearchPage


def page_lines(page: SearchPage, *, as_json: bool) -> Iterator[str]:
    """Give an answer line by line."""
    if as_json:
        yield orjson.dumps(page_answer(page)).decode()
        return
    width = max((len(hit.model.record.repo_id) for hit in page.hits), default=0)
    for hit in page.hits:
        record, counters = hit.model.record, hit.model.counters
        downloads = "" if counters.downloads is None else f"{counters.downloads:,}"
        yield f"{record.repo_id:<{width}}  {downloads:>13}  {record.task or ''}".rstrip()
    about = "" if page.total_exact else "about "
    yield f"{about}{page.total:,} of {page.coverage.models:,} models, {age_words(page.coverage.age_seconds)}"
    if not page.coverage.complete:
        yield "The first pass over the whole Hub has not ended yet: models may be missing."


def age_words(seconds: float | None) -> str:
    """Say how old the answers are."""
    if seconds is None:
        return "never crawled"
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"as of {count} {word}{'s' if count > 1 else ''} ago"
    return "as of less than a minute ago"
