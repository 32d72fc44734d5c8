"""Downloads as they are kept: `jobs.db` in the home. Any number of processes may hold it open.

A state is changed in one short transaction, from what is stored to what a function makes of that: whoever
carries a job out, in whatever process, finds out at its next change that the job was paused meanwhile.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, inspect, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from api.handoff.errors import JobNotFound, WrongState
from api.handoff.jobs import tables
from api.handoff.jobs.mapping import Values, file_values, job_values, to_file, to_job, to_revision
from api.handoff.jobs.records import ENDED, Job, Revision, State, Wanted
from indexer.catalog.database import Database, Subject
from indexer.catalog.mapping import to_millis
from indexer.catalog.store import utc_now
from indexer.errors import Busy, HubdexError

ENDED_KEPT = 1_000
"""Ended jobs that are remembered; older ones are forgotten."""
OPEN_AT_MOST = 1_000
"""Jobs that may wait, run or be paused at a time."""

_jobs, _files, _revisions = tables.jobs, tables.files, tables.revisions
_NO_PATHS = "[]"
_IS_OPEN = _jobs.c.state.not_in(sorted(ENDED))


class Count(NamedTuple):
    """Jobs in one state."""

    jobs: int
    bytes: int
    """What is on the disk of their files."""


class JobsUnavailable(HubdexError):
    """The database of downloads cannot be opened, read or written."""

    word = "jobs_unavailable"


class JobStore:
    """The jobs of a home, and which revisions Hubdex downloaded; safe to share between threads.

    Args:
        url: address of the database; it is made when it is not there.
        now: the clock.

    Raises:
        JobsUnavailable: it cannot be opened, or is of a version this Hubdex does not know.

    """

    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._database = Database(url, read_only=False, subject=Subject("list of downloads", JobsUnavailable))
        try:
            with self._database.writing() as connection:
                prepare(connection)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    # -- jobs --------------------------------------------------------------------------------

    def add(self, job: Job) -> Job:
        """Store a new job; give the one that is open for the same files already, where there is one.

        Of those that only say that all is there, the newest is kept.

        Also where all of them are there: its process may have died just before it could say so.

        Raises:
            Busy: too many are open.

        """
        with self._database.writing() as connection:
            for known in _read(connection, _same_commit(job.wanted)):
                if set(known.wanted.paths) == set(job.wanted.paths):
                    return known
            if not job.has_ended and _count_open(connection) >= OPEN_AT_MOST:
                raise Busy(f"{OPEN_AT_MOST:,} downloads are waiting; cancel some, or let some end first.")
            if job.state == "already_downloaded":
                _drop(connection, _told_before(connection, job.wanted))
            _insert(connection, job)
            _forget_oldest(connection)
        return job

    def change(self, job_id: str, how: Callable[[Job], Job]) -> Job:
        """Store what a function makes of a job, and give it; when that is the same, nothing is written.

        Whatever the function raises leaves the job as it was.

        Raises:
            JobNotFound: there is no such job.

        """
        with self._database.writing() as connection:
            number, before = _one(connection, job_id)
            after = replace(how(before), bytes_per_second=None)
            if after == before:
                return before
            after = replace(after, updated_at=self._now())
            connection.execute(update(_jobs).where(_jobs.c.number == number).values(job_values(after)))
            for position, (old, new) in enumerate(zip(before.files, after.files, strict=True)):
                if old != new:
                    at = (_files.c.job == number) & (_files.c.position == position)
                    connection.execute(update(_files).where(at).values(file_values(position, new)))
            if after.has_ended:
                _forget_oldest(connection)
        return after

    def job(self, job_id: str) -> Job:
        """Give a job.

        Raises:
            JobNotFound: there is no such job.

        """
        with self._database.reading() as connection:
            return _one(connection, job_id)[1]

    def jobs(self, limit: int = ENDED_KEPT + OPEN_AT_MOST) -> list[Job]:
        """Give the jobs, the newest first."""
        with self._database.reading() as connection:
            newest = select(_jobs.c.number).order_by(_jobs.c.number.desc()).limit(limit)
            return _read(connection, _jobs.c.number.in_(newest))[::-1]

    def open_jobs(self) -> list[Job]:
        """Give the jobs that have not ended, in the order in which they were asked for."""
        with self._database.reading() as connection:
            return _read(connection, _IS_OPEN)

    def cancelled_jobs(self) -> list[Job]:
        """Give the jobs that were cancelled: what they left behind may still lie there."""
        with self._database.reading() as connection:
            return _read(connection, _jobs.c.state == "cancelled")

    def counts(self) -> dict[State, Count]:
        """Give how many jobs there are in each state, and their bytes."""
        done = (
            select(_files.c.job, func.sum(_files.c.done_bytes).label("bytes"))
            .group_by(_files.c.job)
            .subquery()
        )
        told = (
            select(_jobs.c.state, func.count(), func.coalesce(func.sum(done.c.bytes), 0))
            .outerjoin_from(_jobs, done, done.c.job == _jobs.c.number)
            .group_by(_jobs.c.state)
        )
        with self._database.reading() as connection:
            return {state: Count(jobs, size) for state, jobs, size in connection.execute(told)}

    def forget(self, job_id: str) -> None:
        """Forget a job that has ended.

        Raises:
            JobNotFound: there is no such job.
            WrongState: it has not ended.

        """
        with self._database.writing() as connection:
            number, job = _one(connection, job_id)
            if not job.has_ended:
                raise WrongState("This download has not ended; cancel it first.")
            _drop(connection, [number])

    def wanted_elsewhere(self, repo_id: str, job_id: str) -> frozenset[str]:
        """Give the blobs of a model that other jobs are to go on with: open ones, and failed ones."""
        with self._database.reading() as connection:
            others = (_jobs.c.repo_id == repo_id) & (_jobs.c.id != job_id)
            jobs = _read(connection, others & (_IS_OPEN | (_jobs.c.state == "failed")))
        return frozenset().union(*(job.etags for job in jobs))

    # -- revisions ---------------------------------------------------------------------------

    def revisions(self) -> list[Revision]:
        """Give every revision that Hubdex put files into, or that is pinned."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_revisions).order_by(_revisions.c.repo_id, _revisions.c.commit))
            return [to_revision(row) for row in rows.mappings()]

    def begin_revision(self, repo_id: str, commit: str, paths: Collection[str], *, is_new: bool) -> None:
        """Say, just before they become visible, which files will be ours, and whether the folder will."""
        with self._database.writing() as connection:
            before = _revision(connection, repo_id, commit) or Revision(repo_id, commit, is_new=is_new)
            known = orjson.dumps(sorted({*before.paths, *paths})).decode()
            given = _new_revision(repo_id, commit) | {"is_new": before.is_new, "paths": known}
            connection.execute(upsert(_revisions).values(given).on_conflict_do_update(set_={"paths": known}))

    def finish_revision(self, repo_id: str, commit: str) -> None:
        """Say that the files that were to become visible are; of a folder that never was, nothing."""
        ours = _at(repo_id, commit) & (_revisions.c.paths != _NO_PATHS)
        with self._database.writing() as connection:
            connection.execute(update(_revisions).where(ours).values(finished_at=to_millis(self._now())))

    def set_pinned(self, repo_id: str, commit: str, *, pinned: bool) -> None:
        """Pin a revision, whoever downloaded it, or let go of it."""
        given = _new_revision(repo_id, commit) | {"pinned": pinned}
        with self._database.writing() as connection:
            connection.execute(
                upsert(_revisions).values(given).on_conflict_do_update(set_={"pinned": pinned})
            )

    def forget_revision(self, repo_id: str, commit: str) -> None:
        """Forget a revision that is gone; one that was never known is forgotten already."""
        with self._database.writing() as connection:
            connection.execute(delete(_revisions).where(_at(repo_id, commit)))


def prepare(connection: Connection) -> None:
    """Make the tables of a new file; bring an older one up to date, once there is an older one.

    Raises:
        JobsUnavailable: it is of a version that this Hubdex does not know.

    """
    if not inspect(connection).has_table("state"):
        tables.metadata.create_all(connection)
        connection.execute(insert(tables.state).values(id=1, schema_version=tables.SCHEMA_VERSION))
        return
    version = connection.execute(select(tables.state.c.schema_version)).scalar_one()
    if version != tables.SCHEMA_VERSION:
        raise JobsUnavailable(
            f"The list of downloads (jobs.db) is of version {version}, this Hubdex needs "
            f"{tables.SCHEMA_VERSION}: use the Hubdex that made it, or move the file away."
        )


def _insert(connection: Connection, job: Job) -> None:
    told = insert(_jobs).values(job_values(job)).returning(_jobs.c.number)
    number = connection.execute(told).scalar_one()
    rows = [{"job": number, **file_values(position, file)} for position, file in enumerate(job.files)]
    if rows:
        connection.execute(insert(_files), rows)


def _read(connection: Connection, which: ColumnElement[bool]) -> list[Job]:
    """Give the jobs for which a condition holds, in the order in which they were asked for."""
    rows = connection.execute(select(_jobs).where(which).order_by(_jobs.c.number)).mappings().all()
    files: dict[int, list[RowMapping]] = {row["number"]: [] for row in rows}
    among = _files.c.job.in_(select(_jobs.c.number).where(which))
    told = select(_files).where(among).order_by(_files.c.job, _files.c.position)
    for row in connection.execute(told).mappings():
        files[row["job"]].append(row)
    return [to_job(row, tuple(map(to_file, files[row["number"]]))) for row in rows]


def _one(connection: Connection, job_id: str) -> tuple[int, Job]:
    number = connection.execute(select(_jobs.c.number).where(_jobs.c.id == job_id)).scalar()
    if number is None:
        raise JobNotFound(job_id)
    return number, _read(connection, _jobs.c.number == number)[0]


def _same_commit(wanted: Wanted) -> ColumnElement[bool]:
    return (_jobs.c.repo_id == wanted.repo_id) & (_jobs.c.commit == wanted.commit) & _IS_OPEN


def _told_before(connection: Connection, wanted: Wanted) -> list[int]:
    """Give the numbers of jobs that said before that these files are there: one says enough."""
    same = (_jobs.c.repo_id == wanted.repo_id) & (_jobs.c.commit == wanted.commit)
    known = _read(connection, same & (_jobs.c.state == "already_downloaded"))
    alike = (one for one in known if set(one.wanted.paths) == set(wanted.paths))
    return [_one(connection, one.id)[0] for one in alike]


def _count_open(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(_jobs).where(_IS_OPEN)).scalar_one()


def _forget_oldest(connection: Connection) -> None:
    ended = select(_jobs.c.number).where(~_IS_OPEN).order_by(_jobs.c.number.desc())
    _drop(connection, connection.execute(ended.offset(ENDED_KEPT)).scalars().all())


def _drop(connection: Connection, numbers: Sequence[int]) -> None:
    for number in numbers:  # one, as a rule
        connection.execute(delete(_files).where(_files.c.job == number))
        connection.execute(delete(_jobs).where(_jobs.c.number == number))


def _revision(connection: Connection, repo_id: str, commit: str) -> Revision | None:
    row = connection.execute(select(_revisions).where(_at(repo_id, commit))).mappings().first()
    return None if row is None else to_revision(row)


def _at(repo_id: str, commit: str) -> ColumnElement[bool]:
    return (_revisions.c.repo_id == repo_id) & (_revisions.c.commit == commit)


def _new_revision(repo_id: str, commit: str) -> Values:
    return {"repo_id": repo_id, "commit": commit, "paths": _NO_PATHS, "pinned": False, "is_new": False}
