"""`hubdex get`: a download in a terminal, by the service that runs, or alone in this process."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from api.config import ApiConfig
from api.handoff.cache.keeping import room_maker
from api.handoff.jobs.answers import JobAnswer, job_answer
from api.handoff.jobs.carrier import LOCK
from api.handoff.jobs.records import ENDED
from api.handoff.jobs.running import Downloads
from api.handoff.jobs.wanting import Ask, wanted_of
from api.remote import Service, service_of
from api.sources import Sources
from indexer.catalog.store import utc_now
from indexer.errors import EXIT_DONE, EXIT_FAILED, EXIT_TRY_LATER
from indexer.process import INTERRUPTED, StopRequest, holder_of
from indexer.terminal import json_line, printable, size_words

LOOK_SECONDS = 0.25
LINE_SECONDS = 10.0
"""Between lines where nobody looks at a terminal."""

_WORDS = {
    "queued": "waiting",
    "already_downloaded": "already there",
}


def get(ask: Ask, config: ApiConfig, *, url: str, wait: bool, as_json: bool) -> int:
    """Download what is asked for; gives the exit code.

    Args:
        ask: what.
        config: names the home, the cache and the key of a service.
        url: of the service to ask; empty: the one that carries out this home's downloads, if any.
        wait: until it is there.
        as_json: print the download at the end, not a path.

    Raises:
        HubdexError: it cannot be downloaded, or not now.

    """
    holder = holder_of(config.lock_folder, LOCK)
    known = url or ("" if holder is None else holder.note)
    if known:
        return _by_service(ask, service_of(known, config), wait=wait, as_json=as_json)
    return _alone(ask, config, wait=wait, as_json=as_json)


def _by_service(ask: Ask, service: Service, *, wait: bool, as_json: bool) -> int:
    job = service.submit(ask)
    if job["state"] == "paused":
        job = service.resume(job["job_id"])
    if wait:
        job = _watch(job, lambda: service.job(job["job_id"]), StopRequest().listen())
    if _is_over(job) or not wait:
        return _ended(job, as_json=as_json)
    _say("Not waiting any longer; the service goes on with the download.")
    return INTERRUPTED


def _alone(ask: Ask, config: ApiConfig, *, wait: bool, as_json: bool) -> int:
    downloads, sources = Downloads(config, make_room=room_maker(config)), Sources(config, utc_now)
    try:
        job = downloads.submit(wanted_of(ask, sources, downloads.hub, config))
        if job.state == "paused":
            job = downloads.act(job.id, "resume")
        told = job_answer(job, downloads.layout)
        if wait and not job.has_ended:
            stop = StopRequest().listen()
            downloads.start(only=job.id)
            told = _watch(told, lambda: job_answer(downloads.job(job.id), downloads.layout), stop)
    finally:
        downloads.close()
        sources.close()
    if _is_over(told) or not wait:
        return _ended(told, as_json=as_json)
    _say("Stopped. The same command goes on from there.")
    return INTERRUPTED


def _watch(job: JobAnswer, look: Callable[[], JobAnswer], stop: StopRequest) -> JobAnswer:
    """Show how a download comes along until it is over, or until it is time to stop."""
    shown = Shown(sys.stderr)
    shown.show(job)
    while not _is_over(job) and not stop.wait(LOOK_SECONDS):
        job = look()
        shown.show(job)
    shown.end()
    return job


def _is_over(job: JobAnswer) -> bool:
    return job["state"] in ENDED or job["state"] == "paused"


def _ended(job: JobAnswer, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(f"{json_line(job)}\n")
    elif job["snapshot"] is not None:
        sys.stdout.write(f"{path_of(job, job['snapshot'])}\n")
    else:
        _say(_why(job))
    if job["error"] is not None:
        return EXIT_TRY_LATER if job["error"]["error"] == "upstream_unavailable" else EXIT_FAILED
    return EXIT_FAILED if job["state"] in {"failed", "cancelled", "paused"} else EXIT_DONE


def path_of(job: JobAnswer, snapshot: str) -> Path:
    """Give what other programs are pointed at: the file, of a GGUF its first one, else the folder."""
    files = job["files"]
    if files and (len(files) == 1 or job["format"] == "gguf"):
        return Path(snapshot, files[0]["path"])
    return Path(snapshot)


def _why(job: JobAnswer) -> str:
    if job["error"] is not None:
        return f"hubdex: {printable(job['error']['message'])}"
    if job["state"] in {"cancelled", "paused"}:
        return f"hubdex: The download was {job['state']}."
    return f"The download {job['job_id']} waits for its turn; `hubdex serve` carries it out."


def line_of(job: JobAnswer) -> str:
    """Say how far a download is, in one line."""
    state, total = job["state"], job["total_bytes"]
    parts = [f"{printable(job['model'])} {printable(job['label'])}".strip(), _WORDS.get(state, state)]
    if total:
        share = 100 * job["downloaded_bytes"] // total
        parts.append(f"{size_words(job['downloaded_bytes'])} of {size_words(total)}, {share} %")
    if job["bytes_per_second"]:
        parts.append(f"{size_words(job['bytes_per_second'])}/s")
    if job["eta_seconds"]:
        parts.append(f"{_duration(job['eta_seconds'])} left")
    return ", ".join([*parts, *filter(None, [printable(job["note"])])])


def _duration(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


@dataclass
class Shown:
    """Progress where somebody looks: one line that changes on a terminal, now and then a line elsewhere."""

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _state: str = field(default="", init=False)
    _at: float = field(default=0.0, init=False)
    _is_open: bool = field(default=False, init=False)

    def show(self, job: JobAnswer) -> None:
        """Show how far it is."""
        if self.stream.isatty():
            self.stream.write(f"\r{line_of(job)}\x1b[K")
            self._is_open = True
        elif job["state"] != self._state or self.clock() - self._at >= LINE_SECONDS:
            self.stream.write(f"{line_of(job)}\n")
            self._state, self._at = job["state"], self.clock()
        self.stream.flush()

    def end(self) -> None:
        """Let what comes next begin a line."""
        if self._is_open:
            self.stream.write("\n")
            self.stream.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
