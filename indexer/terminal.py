"""An answer as lines for a terminal, or as one line of JSON for scripts.

Much of it was written by strangers: what could steer a terminal never reaches it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO

import orjson

from indexer.activity import (
    OUTCOMES,
    Activity,
    advice_of,
    did_words,
    is_wrong,
    job_words,
    next_words,
    troubles_of,
)
from indexer.answers import FacetAnswer, HitAnswer, SearchAnswer, VariantHitAnswer, moment
from indexer.checking import CheckReport
from indexer.engines.contract import IndexState
from indexer.engines.opening import ReplicaState
from indexer.freshness import CLOCKS_APART, span_words
from indexer.measures import GIB
from indexer.quota import Window
from indexer.records import CatalogState, Checkpoint, SetAside
from indexer.variants.answers import VariantAnswer
from indexer.variants.records import UNKNOWN

VARIANTS_SHOWN = 4
"""Variants below a model."""
EXCERPT_SHOWN = 300
"""Characters of an excerpt in a line for people."""

_MATCHED, _PLAIN = "\x1b[1;33m", "\x1b[0m"
_NOT_ASCII_PRINTABLE = re.compile(r"[^ -~]")


def answer_lines(answer: SearchAnswer, *, colours: bool = False) -> Iterator[str]:
    """Give an answer line by line; in colours, the letters that matched stand out."""
    hits = answer["hits"]
    width = max((len(printable(_name_of(hit))) for hit in hits), default=0)
    for hit in hits:
        name = _name_of(hit)
        padding = " " * (width - len(printable(name)))
        downloads = "" if hit["downloads"] is None else f"{hit['downloads']:,}"
        shown = _marked(name, hit["highlights"]) if colours else printable(name)
        if hit["kind"] == "variant":
            yield f"{shown}{padding}  {variant_words(hit)}".rstrip()
            continue
        said = " ".join(dict.fromkeys([hit["task"] or "", *hit["matched_tags"]])).strip()
        yield f"{shown}{padding}  {downloads:>13}  {printable(said)}".rstrip()
        yield from _matching(hit)
    for facet, counts in answer["facets"].items():
        values = [_counted(one, is_exact=answer["facets_exact"]) for one in counts]
        yield f"{facet}: {', '.join(values) or 'none'}"
    about, index = "" if answer["total_exact"] else "about ", answer["index"]
    found = f"{about}{answer['total']:,} {'variants ' if answer['query']['kind'] == 'variant' else ''}"
    yield f"{found}of {index['models']:,} models, {age_words(index['age_seconds'])}"
    if index["stale"]:
        yield "That is older than it should be; `hubdex status` says why."
    if not index["complete"]:
        yield "The first pass over the whole Hub has not ended yet: models may be missing."


def _name_of(hit: HitAnswer | VariantHitAnswer) -> str:
    return hit["model"] if hit["kind"] == "variant" else hit["id"]


def _matching(hit: HitAnswer) -> Iterator[str]:
    """Give the best of the variants that match, a line each."""
    for variant in hit["variants"][:VARIANTS_SHOWN]:
        yield f"    {variant_words(variant)}".rstrip()
    more = hit["variants_total"] - VARIANTS_SHOWN
    if hit["variants"] and more > 0:
        yield f"    and {more:,} more"


def variant_words(variant: VariantAnswer) -> str:
    """Say what a variant is in columns: label, size, bits, whether it fits, and what is in its way."""
    about = "~" if variant["estimated"] else ""
    size = "size unknown" if variant["bytes"] is None else f"{about}{size_words(variant['bytes'])}"
    near = "~" if variant["nominal"] else ""
    bits = "" if variant["bits"] is None else f"{near}{variant['bits']:.2f} bits"
    label = variant["format"] if variant["label"] == UNKNOWN else variant["label"]
    return f"{printable(label):<12} {size:>12} {bits:>11}  {', '.join(_remarks(variant))}"


def _remarks(variant: VariantAnswer) -> Iterator[str]:
    if (fits := variant["fits"]) is not None:
        need = f"{fits['need_bytes'] / GIB:.1f} GiB"
        yield {"vram": f"fits ({need})", "ram": f"needs RAM too ({need})", "no": f"does not fit ({need})"}[
            fits["verdict"]
        ]
    if variant["missing"]:
        yield f"{variant['missing']} of {variant['shards']} files missing"
    elif variant["shards"] > 1:
        yield f"{variant['shards']} files"
    words = {"parted": "in raw parts", "ik_only": "ik_llama.cpp only", "legacy": "old llama.cpp only"}
    yield from (said for flag, said in words.items() if variant[flag])  # type: ignore[literal-required]


def size_words(size: int) -> str:
    """Say how large files are, in decimal units."""
    for unit, word in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB")):
        if size >= unit * 0.9995:
            return f"{size / unit:.2f} {word}"
    return f"{size / 1000:.2f} kB"


def _counted(one: FacetAnswer, *, is_exact: bool) -> str:
    return f"{printable(one['value'])} {'' if is_exact else '~'}{one['count']:,}"


def has_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether colours are seen there, and wanted (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _marked(text: str, spans: Sequence[Sequence[int]]) -> str:
    parts, done = [], 0
    for start, end in spans:
        parts += [printable(text[done:start]), f"{_MATCHED}{printable(text[start:end])}{_PLAIN}"]
        done = end
    return "".join([*parts, printable(text[done:])])


def status_lines(
    state: CatalogState, index: IndexState | None, servers: Sequence[ReplicaState], now: datetime
) -> Iterator[str]:
    """Say what is known, how old and how complete it is."""
    yield f"catalog  {state.models:,} models, {state.removed:,} removed, {state.set_aside:,} rows set aside"
    if not servers or index is not None:
        yield f"index    {_index_words(state, index, now)}"
    for server in servers:
        words = server.message or _index_words(state, server.state, now)
        yield f"server   {printable(server.name)}: {printable(words)}"
    if state.crawled_at is None:
        yield "nothing has been crawled yet"
        return
    yield f"newest   stored {_when(state.crawled_at, now)}"
    if state.completed_at is None:
        yield "whole    no pass over the whole Hub has ended yet: models may be missing"
    else:
        yield f"whole    the newest pass over the whole Hub ended {_when(state.completed_at, now)}"
    for checkpoint in state.passes:
        yield f"{printable(checkpoint.name):<8} {_pass_words(checkpoint, now)}"
    if state.crawled_at - now > CLOCKS_APART:
        yield "The newest page was stored in what is the future here: this machine's clock was set back."


def activity_lines(activity: Activity, quota: Window | None, now: datetime) -> Iterator[str]:
    """Say what is left of the quota, what ran and runs, what is next, and what went wrong."""
    left = "not asked lately" if quota is None else f"{quota.left:,} of {quota.limit:,} requests left"
    yield f"quota    {left}"
    for name in activity.names:
        yield f"{printable(job_words(name)):<16} {printable(_job_words(activity, name, now))}"
    for trouble in troubles_of(activity.ledgers, now):
        run, advice = trouble.run, advice_of(trouble.run)
        since = "; done since" if trouble.is_mended else ""
        told = f"{OUTCOMES[run.outcome]} {_when(run.ended_at or run.started_at, now)}{since}"
        yield f"trouble  {printable(job_words(trouble.name))}: {told}"
        yield from (f"         {printable(said)}" for said in (run.message, advice) if said)


def _job_words(activity: Activity, name: str, now: datetime) -> str:
    """Say of one job what it does, or did last, and when it is next."""
    run, planned = activity.ledger(name).newest, activity.next(name)
    parts = []
    if run is not None and run.outcome == "running":
        parts.append(f"running since {_when(run.started_at, now)}")
    elif run is not None:
        took = f" in {span_words(run.seconds)}" if run.seconds is not None else ""
        parts.append(f"{OUTCOMES[run.outcome]} {_when(run.ended_at or run.started_at, now)}{took}")
    if run is not None and not is_wrong(run) and (did := did_words(run)):
        parts.append(did)
    if planned is not None and planned.due_at is not None:
        ahead = (planned.due_at - now).total_seconds()
        parts.append("next now" if ahead <= 0 else f"next in {span_words(ahead)} ({planned.trigger})")
    elif words := next_words(planned):
        parts.append(words)
    return "; ".join(parts)


def check_lines(report: CheckReport) -> Iterator[str]:
    """Say what a check of the index found, the verdict last."""
    yield from report.problems
    found = report.comparison
    for one in found.differences:
        yield f"{printable(one.id or f'number {one.number}')}: {printable(one.what)}"
    if found.differing > len(found.differences):
        yield f"and {found.differing - len(found.differences):,} more"
    if report.index is not None:
        behind = f", {report.behind:,} changes behind" if report.behind else ""
        yield f"index    {report.index.models:,} of {report.catalog.models:,} models{behind}"
    later = f", {found.left_out:,} left out that changed since" if found.left_out else ""
    yield f"compared {found.compared:,} models in {report.seconds:.1f} s{later}"
    if report.agrees:
        yield "The index agrees with the catalog."
    else:
        where = f" in {found.differing:,} of them" if found.differing else ""
        yield f"The index differs{where}; `hubdex index rebuild` builds it anew."


def set_aside_lines(state: CatalogState, rows: Sequence[SetAside], now: datetime) -> Iterator[str]:
    """Show rows that had no meaning, newest first: three lines each."""
    for row in rows:
        times = f", {row.times:,} times" if row.times > 1 else ""
        when = _when(row.seen_at, now) if row.seen_at else "at an unknown time"
        name, met_by = printable(row.row_id) or "(no name)", printable(row.pass_name) or "(no pass)"
        yield f"{name}: {met_by}, {when}{times}"
        yield f"    {printable(row.reason)}"
        yield f"    {_shortened(printable(row.excerpt))}"
    yield f"{len(rows):,} of {state.set_aside:,} rows set aside"


def age_words(seconds: float | None) -> str:
    """Say how old the answers are."""
    return "never crawled" if seconds is None else f"as of {span_words(seconds)} ago"


def printable(text: str) -> str:
    """Give a text with whatever does not print (control, direction, half characters) spelled out."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def json_line(answer: object) -> str:
    """Give an answer as one line of JSON, in ASCII: anything else is escaped as JSON does."""
    return _NOT_ASCII_PRINTABLE.sub(_escaped, orjson.dumps(answer).decode())


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _index_words(state: CatalogState, index: IndexState | None, now: datetime) -> str:
    if index is None:
        return "none yet"
    behind = max(0, state.serial - index.serial)
    return f"{index.models:,} models, {behind:,} changes behind, synced {_when(index.synced_at, now)}"


def _pass_words(checkpoint: Checkpoint, now: datetime) -> str:
    counts = f"{checkpoint.rows:,} rows in {checkpoint.pages:,} pages"
    if checkpoint.finished_at is not None:
        return f"ended {_when(checkpoint.finished_at, now)}, {counts}"
    newest = f", newest stored {_when(checkpoint.updated_at, now)}" if checkpoint.updated_at else ""
    before = checkpoint.last_finished_at
    last = f"; the one before ended {_when(before, now)}" if before else ""
    return f"under way since {_when(checkpoint.started_at, now)}, {counts}{newest}{last}"


def _when(then: datetime, now: datetime) -> str:
    """Say when something was, and how long ago that is."""
    if then - now > CLOCKS_APART:
        return f"{moment(then)} (ahead of this machine's clock)"
    return f"{moment(then)} ({span_words((now - then).total_seconds())} ago)"


def _shortened(text: str) -> str:
    return text if len(text) <= EXCERPT_SHOWN else f"{text[: EXCERPT_SHOWN - 3]}..."
