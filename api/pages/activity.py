"""The part of the status page that tells what ran, what runs, what is next, and what went wrong."""

from datetime import datetime

from api.pages.markup import NOTHING, Html, Template, fill, joined, markup, prose
from api.pages.words import time_html, time_until
from indexer.activity import (
    OUTCOMES,
    Activity,
    Trouble,
    advice_of,
    did_words,
    is_wrong,
    job_words,
    next_words,
    troubles_of,
)
from indexer.freshness import span_words
from indexer.planned import Planned
from indexer.runs import Outcome, Run

_JOBS = Template("""\
<section aria-labelledby="jobs">
<h2 id="jobs">What runs</h2>
<table>
<thead><tr><th scope="col">Job</th><th scope="col">State</th><th scope="col">Took</th>\
<th scope="col">What it did</th><th scope="col">Next</th></tr></thead>
<tbody>
$rows</tbody>
</table>
$earlier</section>
""")
_JOB = Template("""\
<tr><th scope="row">$name</th><td data-label="State"><span>$state</span></td><td data-label="Took">$took</td>\
<td data-label="What it did">$did</td><td data-label="Next"><span>$next</span></td></tr>
""")
_EARLIER = Template("""\
<details class="earlier"><summary>The last runs</summary>
<table>
<thead><tr><th scope="col">Job</th><th scope="col">State</th><th scope="col">Took</th>\
<th scope="col">What it did</th></tr></thead>
<tbody>
$rows</tbody>
</table>
</details>
""")
_RUN = Template("""\
<tr><th scope="row">$name</th><td data-label="State"><span>$state</span></td><td data-label="Took">$took</td>\
<td data-label="What it did">$did</td></tr>
""")
_STATE = Template('<span class="state $mark"></span>$words $when')
_TROUBLES = Template("""\
<section aria-labelledby="troubles">
<h2 id="troubles">What went wrong</h2>
<ul class="aside">
$rows</ul>
</section>
""")
_TROUBLE = Template("""\
<li><b>$name</b> <span class="when">$outcome $when$since</span>
<p>$message</p>
<p>$advice</p></li>
""")
_DUE = Template('<span title="$exact">$words</span>')
_MARKS: dict[Outcome, str] = {"running": "fresh", "done": "fresh", "failed": "stale", "killed": "stale"}
_NONE = Html('<span class="none">-</span>')


def jobs_html(activity: Activity, now: datetime) -> Html:
    """Give what ran last, runs and is next, a row for each job; nothing where nothing ever did."""
    names = activity.names
    if not names:
        return NOTHING
    runs = activity.newest()
    earlier = fill(_EARLIER, rows=joined(_run(name, run, now) for name, run in runs)) if runs else NOTHING
    return fill(_JOBS, rows=joined(_job(activity, name, now) for name in names), earlier=earlier)


def troubles_html(activity: Activity, now: datetime) -> Html:
    """Give what went wrong last, and what to do about it; nothing where nothing did."""
    troubles = troubles_of(activity.ledgers, now)
    return fill(_TROUBLES, rows=joined(_trouble(one, now) for one in troubles)) if troubles else NOTHING


def _job(activity: Activity, name: str, now: datetime) -> Html:
    run, planned = activity.ledger(name).newest, activity.next(name)
    return fill(
        _JOB,
        name=job_words(name),
        state=_state(run, now) if run else _NONE,
        took=_took(run, now) if run else _NONE,
        did=_did(run) if run else _NONE,
        next=_next(planned, now),
    )


def _run(name: str, run: Run, now: datetime) -> Html:
    return fill(_RUN, name=job_words(name), state=_state(run, now), took=_took(run, now), did=_did(run))


def _state(run: Run, now: datetime) -> Html:
    when = run.started_at if run.outcome == "running" else run.ended_at or run.started_at
    words = "running, begun" if run.outcome == "running" else OUTCOMES[run.outcome]
    mark = "stale" if is_wrong(run) else _MARKS.get(run.outcome, "partial")
    return fill(_STATE, mark=mark, words=words, when=time_html(when, now))


def _took(run: Run, now: datetime) -> object:
    seconds = run.seconds
    if run.outcome == "running":
        seconds = max(0.0, (now - run.started_at).total_seconds())
    if seconds is None:
        return _NONE
    return f"{seconds:.0f} s" if seconds < 60 else span_words(seconds)


def _did(run: Run) -> Html:
    return markup(did_words(run)) or _NONE


def _next(planned: Planned | None, now: datetime) -> Html:
    if planned is None or planned.is_running:
        return _NONE
    if planned.due_at is None:
        return markup(next_words(planned)) or _NONE
    words = f"{time_until((planned.due_at - now).total_seconds())} ({planned.trigger})"
    return fill(_DUE, exact=f"{planned.due_at:%Y-%m-%d %H:%M %Z}", words=words)


def _trouble(trouble: Trouble, now: datetime) -> Html:
    run = trouble.run
    return fill(
        _TROUBLE,
        name=job_words(trouble.name),
        outcome=OUTCOMES[run.outcome],
        when=time_html(run.ended_at or run.started_at, now),
        since=", done since" if trouble.is_mended else "",
        message=prose(run.message),
        advice=prose(advice_of(run)),
    )
