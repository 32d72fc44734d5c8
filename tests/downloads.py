"""Downloads in every state in which nobody is at them."""

from dataclasses import replace
from pathlib import Path

from api.config import ApiConfig
from api.handoff.jobs.records import Job, JobFile, State, Trouble, Wanted
from api.handoff.jobs.store import JobStore
from tests.factories import NOON
from tests.stock import QUANTS

COMMIT = "c" * 40
CLOSED = "Accept <it> at https://hub.test/a/b, then."


def make_job(state: State, done: int = 0, *, job_id: str = "0123456789abcdef", **fields: object) -> Job:
    """A download of one file of 4.92 GB."""
    wanted = Wanted(QUANTS, "main", COMMIT, ("a.gguf",), "a.gguf", "Q4_K_M", "gguf")
    files = (JobFile("a.gguf", 4_920_000_000, "a" * 64, done),)
    return replace(Job(job_id, wanted, state, files, NOON, NOON), **fields)  # type: ignore[arg-type]


def fill_jobs(home: Path) -> None:
    """Give a home downloads that are paused, failed, ready and cancelled, one of each."""
    jobs = {
        "Q4_K_M": make_job("paused", 2_132_000_000, job_id="1" * 16),
        "Q8_0": make_job("failed", 5, job_id="2" * 16, trouble=Trouble("gated", CLOSED)),
        "Q2_K": make_job("ready", 4_920_000_000, job_id="3" * 16),
        "IQ4_KS": make_job("cancelled", 5, job_id="4" * 16),
    }
    with JobStore(ApiConfig(home=home).jobs_url) as store:
        for label, job in jobs.items():
            key = f"Poet-8B-Instruct-{label}.gguf"
            wanted = replace(job.wanted, variant=key, label=label, paths=(key,))
            store.add(replace(job, wanted=wanted, files=(replace(job.files[0], path=key),)))
