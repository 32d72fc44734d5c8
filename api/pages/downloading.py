"""Downloads as people see them: the button of a variant, and every download on the page of the cache."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from api.handoff.jobs.records import Job, State
from api.handoff.layout import Layout
from api.having import Having
from api.pages.layout import id_owner, model_path
from api.pages.markup import NOTHING, Html, Template, fill, joined, linked, markup
from api.pages.words import size_words, time_left
from api.paths import DOWNLOADS, key_path
from indexer.documents import code_of
from indexer.variants.records import Variant

Spot: TypeAlias = Literal["row", "panel"]
"""The variant's row among all, or the panel of the one that is to be got."""

SCRIPT = "downloads.js"
STYLE = "downloads.css"

_BUTTON = Template("""\
<form method="post" action="$action">
<input type="hidden" name="model" value="$model"><input type="hidden" name="variant" value="$variant">\
<button class="button$quiet" type="submit" aria-label="$about">$word</button>
</form>
""")
_KEY = Template('<a class="button$quiet" href="$path" aria-label="$about">$word</a>\n')
_LIVE = Template("""\
<div id="$id" class="getting" data-live data-state="$state"$job>
$content</div>
""")
_JOB = Template(' data-job="$id"')
_HERE = Template('<p class="here"><span class="badge good">in the cache</span>$older</p>\n$folder')
_FOLDER = Template('<div class="command" data-copy="$path" data-what="path"><code>$path</code></div>\n')
_OLDER = Html(' <span class="said">of an earlier commit</span>')
_PROGRESS = Template('<progress max="$most" value="$value" aria-label="$about"></progress>\n')
_SAID = Template('<p class="said" data-said>$words</p>\n')
_TROUBLE = Template('<p class="said trouble">$words</p>\n')
_WAY = Template("""\
<form method="post" action="$action"><button type="submit" aria-label="$word $about">$word</button></form>
""")
_WAYS = Template('<div class="job-ways">\n$ways</div>\n')

_DOWNLOADS = Template("""\
<section id="downloads" data-live aria-labelledby="downloads-title">
<h2 id="downloads-title">Downloads</h2>
$jobs$again</section>
""")
_JOBS = Template('<ul class="jobs">\n$jobs</ul>\n')
_ITEM = Template("""\
<li id="d-$id" class="job" data-job="$id" data-state="$state">
<p class="job-title"><a href="$path">$owner<span class="name">$name</span></a> \
<span class="label">$label</span> <span class="badge $kind">$word</span></p>
$progress$said$folder$ways</li>
""")
_AGAIN = Html('<noscript><p class="ways"><a class="button quiet" href="">Look again</a></p></noscript>\n')

_WORDS: dict[State, tuple[str, str]] = {
    "queued": ("plain", "waiting"), "downloading": ("accent", "downloading"), "paused": ("warn", "paused"),
    "verifying": ("accent", "verifying"), "ready": ("good", "ready"), "failed": ("bad", "failed"),
    "cancelled": ("plain", "cancelled"), "already_downloaded": ("good", "already there"),
}  # fmt: skip
"""What a state is called, and how it looks."""
_ACTIONS: dict[State, tuple[str, ...]] = {
    "queued": ("pause", "cancel"), "downloading": ("pause", "cancel"), "verifying": ("cancel",),
    "paused": ("resume", "cancel"), "failed": ("retry", "forget"), "cancelled": ("retry", "forget"),
    "ready": ("forget",), "already_downloaded": ("forget",),
}  # fmt: skip
"""What can be done with a download, as the forms are called."""


@dataclass(frozen=True, slots=True)
class Door:
    """Whether who looks may download, and where they come back to when they have to give the key first."""

    may_write: bool
    path: str


CLOSED_DOOR = Door(may_write=False, path="/")


def download_html(repo_id: str, variant: Variant, having: Having, door: Door, *, place: Spot = "row") -> Html:
    """Give the button that downloads a variant, or how far that is.

    Args:
        repo_id: of its model.
        variant: the variant.
        having: what there is of it.
        door: whether who looks may download.
        place: where on the page: one variant can be at both.

    """
    job = None if having.is_here else having.job
    about = f"{variant.label}, {size_words(variant.bytes, is_estimated=variant.is_estimated)}"
    if having.is_here:
        state, content = "here", _here(having, door, place)
    elif job is not None:
        state, content = job.state, _under_way(job, about, door)
    else:
        state, content = "nowhere", _button(repo_id, variant, about, door, is_main=place == "panel")
    return fill(
        _LIVE,
        id=f"get-{place}-{code_of(variant.key):x}",
        state=state,
        job=fill(_JOB, id=job.id) if job else NOTHING,
        content=content,
    )


def downloads_html(jobs: Sequence[Job], layout: Layout, door: Door) -> Html:
    """Give every download, the newest first; nothing where there never was one."""
    items = joined(_item(job, layout, door) for job in jobs)
    is_under_way = any(not job.has_ended and job.state != "paused" for job in jobs)
    return fill(
        _DOWNLOADS,
        jobs=fill(_JOBS, jobs=items) if jobs else markup(""),
        again=_AGAIN if is_under_way else NOTHING,
    )


def job_words(job: Job) -> str:
    """Say how far a download is: `43 %, 2.1 GB of 4.92 GB, 12 MB/s, 1 min left`."""
    if job.state == "queued" and not job.done_bytes:
        return job.note or "It waits for its turn."
    if job.note:
        return f"{share_words(job)}{job.note}"
    return ", ".join(_parts(job))


def share_words(job: Job) -> str:
    """Say which part of a download is there; nothing where its size is not known."""
    return f"{_percent(job)} %, " if job.total_bytes else ""


def _parts(job: Job) -> Iterator[str]:
    total, rate = job.total_bytes, job.bytes_per_second
    if total is None:
        yield f"{size_words(job.done_bytes)} so far"
    elif job.state in {"ready", "already_downloaded"}:
        yield size_words(total)
    else:
        yield f"{_percent(job)} %"
        yield f"{size_words(job.done_bytes)} of {size_words(total)}"
    if job.state == "downloading" and rate:
        yield f"{size_words(round(rate))}/s"
        if total is not None:
            yield time_left((total - job.done_bytes) / rate)


def _percent(job: Job) -> int:
    return min(99, 100 * job.done_bytes // max(1, job.total_bytes or 1))


def _button(repo_id: str, variant: Variant, about: str, door: Door, *, is_main: bool) -> Html:
    if variant.missing or not variant.files:
        return NOTHING
    words = {"word": "Download", "about": f"Download {about}", "quiet": "" if is_main else " quiet"}
    if not door.may_write:
        return fill(_KEY, path=key_path(door.path), **words)
    return fill(_BUTTON, action=DOWNLOADS, model=repo_id, variant=variant.key, **words)


def _here(having: Having, door: Door, place: Spot) -> Html:
    folder = fill(_FOLDER, path=having.folder) if door.may_write and place == "panel" else NOTHING
    return fill(_HERE, older=NOTHING if having.is_current else _OLDER, folder=folder)


def _under_way(job: Job, about: str, door: Door) -> Html:
    if job.state == "failed":
        return joined([_trouble(job), _ways(job, about, door)])
    return joined([_progress(job, about), fill(_SAID, words=job_words(job)), _ways(job, about, door)])


def _item(job: Job, layout: Layout, door: Door) -> Html:
    wanted = job.wanted
    owner, _, name = wanted.repo_id.rpartition("/")
    kind, word = _WORDS[job.state]
    is_there = job.state in {"ready", "already_downloaded"}
    label = wanted.label or ("all files" if not wanted.variant else wanted.format)
    about = f"{wanted.repo_id} {label}"
    folder = layout.snapshot(wanted.repo_id, wanted.commit) if is_there and door.may_write else None
    return fill(
        _ITEM,
        id=job.id,
        state=job.state,
        path=f"{model_path(wanted.repo_id)}{_place(job)}",
        owner=id_owner(owner),
        name=name,
        label=label,
        kind=kind,
        word=word,
        progress=_progress(job, about) if not job.has_ended else NOTHING,
        said=_trouble(job) if job.trouble else fill(_SAID, words=job_words(job)),
        folder=fill(_FOLDER, path=folder) if folder else NOTHING,
        ways=_ways(job, about, door),
    )


def _place(job: Job) -> str:
    return f"#v-{code_of(job.wanted.variant):x}" if job.wanted.variant else ""


def _progress(job: Job, about: str) -> Html:
    total = job.total_bytes or 0
    return fill(_PROGRESS, most=max(1, total), value=min(job.done_bytes, total), about=f"Progress of {about}")


def _trouble(job: Job) -> Html:
    return fill(_TROUBLE, words=linked(job.trouble.message if job.trouble else "It failed."))


def _ways(job: Job, about: str, door: Door) -> Html:
    if not door.may_write:
        return NOTHING
    ways = (
        fill(_WAY, action=f"{DOWNLOADS}/{job.id}/{action}", word=action.capitalize(), about=about)
        for action in _ACTIONS[job.state]
    )
    return fill(_WAYS, ways=joined(ways))
