"""An answer as lines for a terminal, or as one line of JSON for scripts."""

from collections.abc import Iterator

import orjson

from indexer.answers import moment, page_answer
from indexer.engines.contract import IndexState
from indexer.records import CatalogState
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


def status_lines(state: CatalogState, index: IndexState | None) -> Iterator[str]:
    """Say what is known, how old and how complete it is."""
    yield f"catalog  {state.models:,} models, {state.removed:,} removed, {state.set_aside:,} rows set aside"
    if index is None:
        yield "index    none yet"
    else:
        behind = max(0, state.serial - index.serial)
        yield f"index    {index.models:,} models, {behind:,} changes behind"
    for checkpoint in state.passes:
        if checkpoint.finished_at is None:
            how = f"under way since {moment(checkpoint.started_at)}"
        else:
            how = f"ended {moment(checkpoint.finished_at)}"
        yield f"{checkpoint.name:<8} {checkpoint.rows:,} rows in {checkpoint.pages:,} pages, {how}"
    if not state.passes:
        yield "nothing has been crawled yet"


def age_words(seconds: float | None) -> str:
    """Say how old the answers are."""
    if seconds is None:
        return "never crawled"
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"as of {count} {word}{'s' if count > 1 else ''} ago"
    return "as of less than a minute ago"
