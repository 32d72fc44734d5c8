"""The store of downloads against a plain list, through any sequence of changes, opened anew at any time."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.handoff.errors import JobNotFound, WrongState
from api.handoff.jobs import store as storing
from api.handoff.jobs.records import ENDED, Job, JobFile, Revision, State, Trouble, Wanted
from api.handoff.jobs.store import JobStore, JobsUnavailable
from indexer.errors import Busy

START = datetime(2026, 11, 1, tzinfo=UTC)
COMMITS = st.sampled_from(["1" * 40, "2" * 40])
REPOS = st.sampled_from(["o/r", "o/R", "gpt2"])
PATHS = st.lists(st.sampled_from(["a.gguf", "b/c.bin", "ü.json"]), min_size=1, max_size=3, unique=True)
WANTED = st.builds(
    lambda repo_id, commit, paths: Wanted(repo_id, "main", commit, tuple(paths), "q4", "Q4_K_M", "gguf", 7),
    REPOS,
    COMMITS,
    PATHS,
)
STATES: list[State] = ["queued", "downloading", "verifying", "paused", "ready", "failed", "cancelled"]
FILES = st.builds(
    lambda size, etag, done, state: JobFile("", size, etag, done, done // 2, state),
    st.none() | st.integers(0, 2**62),
    st.sampled_from([None, "a" * 40, "b" * 64]),
    st.integers(0, 2**62),
    st.sampled_from(["waiting", "downloading", "verifying", "done"]),
)
KEPT, OPEN = 3, 4


def job_of(number: int, wanted: Wanted, state: State = "queued") -> Job:
    files = tuple(JobFile(path) for path in wanted.paths)
    return Job(f"{number:016x}", wanted, state, files, START, START)


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.monkeypatch = pytest.MonkeyPatch()
        self.monkeypatch.setattr(storing, "ENDED_KEPT", KEPT)
        self.monkeypatch.setattr(storing, "OPEN_AT_MOST", OPEN)
        self.moment = START
        self.number = 0
        self.truth: list[Job] = []
        self.revisions: dict[tuple[str, str], Revision] = {}
        self.store = self._open()

    def _open(self) -> JobStore:
        return JobStore(f"sqlite:///{Path(self.folder.name) / 'jobs.db'}", lambda: self.moment)

    def _forget_oldest(self) -> None:
        ended = [job for job in self.truth if job.has_ended]
        for job in ended[: max(0, len(ended) - KEPT)]:
            self.truth.remove(job)

    @rule(wanted=WANTED, is_there=st.booleans())
    def ask(self, wanted: Wanted, *, is_there: bool) -> None:
        self.number += 1
        job = job_of(self.number, wanted, "already_downloaded" if is_there else "queued")
        open_jobs = [one for one in self.truth if not one.has_ended]
        alike = [
            one
            for one in self.truth
            if (one.wanted.repo_id, one.wanted.commit) == (wanted.repo_id, wanted.commit)
            and set(one.wanted.paths) == set(wanted.paths)
        ]
        same = [one for one in alike if not one.has_ended]
        if not is_there and not same and len(open_jobs) >= OPEN:
            with pytest.raises(Busy):
                self.store.add(job)
            return
        expected = same[0] if same else job
        assert self.store.add(job) == expected
        if expected is job:
            said = [one for one in alike if is_there and one.state == "already_downloaded"]
            self.truth = [one for one in self.truth if one not in said]
            self.truth.append(job)
            self._forget_oldest()

    @precondition(lambda self: self.truth)
    @rule(
        pick=st.integers(0, 99),
        state=st.sampled_from(STATES),
        files=st.lists(FILES, min_size=3, max_size=3),
        trouble=st.none() | st.just(Trouble("gated", "The model is gated.")),
        breaks=st.booleans(),
    )
    def change(
        self,
        pick: int,
        state: State,
        files: list[JobFile],
        trouble: Trouble | None,
        *,
        breaks: bool,
    ) -> None:
        before = self.truth[pick % len(self.truth)]
        self.moment += timedelta(seconds=1)

        def how(job: Job) -> Job:
            assert job == before
            if breaks:
                raise WrongState("No.")
            new = tuple(replace(new, path=file.path) for file, new in zip(job.files, files, strict=False))
            return replace(job, state=state, files=new, trouble=trouble, note="Waits.")

        if breaks:
            with pytest.raises(WrongState):
                self.store.change(before.id, how)
            return
        after = self.store.change(before.id, how)
        expected = how(before)
        assert after == (before if expected == before else replace(expected, updated_at=self.moment))
        self.truth[self.truth.index(before)] = after
        self._forget_oldest()

    @precondition(lambda self: self.truth)
    @rule(pick=st.integers(0, 99))
    def forget(self, pick: int) -> None:
        job = self.truth[pick % len(self.truth)]
        if job.has_ended:
            self.store.forget(job.id)
            self.truth.remove(job)
            with pytest.raises(JobNotFound):
                self.store.job(job.id)
        else:
            with pytest.raises(WrongState):
                self.store.forget(job.id)

    @rule(repo_id=REPOS, commit=COMMITS, paths=PATHS, is_new=st.booleans())
    def begin_revision(self, repo_id: str, commit: str, paths: list[str], *, is_new: bool) -> None:
        self.store.begin_revision(repo_id, commit, paths, is_new=is_new)
        before = self.revisions.get((repo_id, commit), Revision(repo_id, commit, is_new=is_new))
        known = tuple(sorted({*before.paths, *paths}))
        self.revisions[repo_id, commit] = replace(before, paths=known)

    @rule(repo_id=REPOS, commit=COMMITS)
    def finish_revision(self, repo_id: str, commit: str) -> None:
        self.store.finish_revision(repo_id, commit)
        before = self.revisions.get((repo_id, commit))
        if before is not None and before.paths:
            self.revisions[repo_id, commit] = replace(before, finished_at=self.moment)

    @rule(repo_id=REPOS, commit=COMMITS, pinned=st.booleans())
    def pin(self, repo_id: str, commit: str, *, pinned: bool) -> None:
        self.store.set_pinned(repo_id, commit, pinned=pinned)
        before = self.revisions.get((repo_id, commit), Revision(repo_id, commit))
        self.revisions[repo_id, commit] = replace(before, is_pinned=pinned)

    @rule(repo_id=REPOS, commit=COMMITS)
    def forget_revision(self, repo_id: str, commit: str) -> None:
        self.store.forget_revision(repo_id, commit)
        self.revisions.pop((repo_id, commit), None)

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = self._open()

    @invariant()
    def all_is_as_in_the_list(self) -> None:
        assert self.store.jobs() == self.truth[::-1]
        assert self.store.jobs(2) == self.truth[::-1][:2]
        assert self.store.open_jobs() == [job for job in self.truth if job.state not in ENDED]
        assert [self.store.job(job.id) for job in self.truth] == self.truth
        assert {(one.repo_id, one.commit): one for one in self.store.revisions()} == self.revisions

    @invariant()
    def what_others_want_is_kept(self) -> None:
        for job in self.truth:
            others = [
                other
                for other in self.truth
                if other.id != job.id
                and other.wanted.repo_id == job.wanted.repo_id
                and (not other.has_ended or other.state == "failed")
            ]
            wanted = frozenset[str]().union(*(other.etags for other in others))
            assert self.store.wanted_elsewhere(job.wanted.repo_id, job.id) == wanted

    def teardown(self) -> None:
        self.store.close()
        self.monkeypatch.undo()
        self.folder.cleanup()


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_file_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    JobStore(url).close()
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as database:
        database.execute("UPDATE state SET schema_version = 99")
        database.commit()

    with pytest.raises(JobsUnavailable, match="version 99"):
        JobStore(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"no database" * 100)

    with pytest.raises(JobsUnavailable, match="list of downloads"):
        JobStore(f"sqlite:///{tmp_path / 'jobs.db'}")
