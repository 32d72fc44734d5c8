"""The tables of downloads, as SQLAlchemy sees them. Times are milliseconds since 1970 (UTC)."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

SCHEMA_VERSION = 1
"""Raised when the tables change in a way that an older file does not satisfy; see `store.prepare`."""

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only as INTEGER

state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("schema_version", Integer, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),  # the order of asking
    Column("id", String(16), nullable=False),
    Column("repo_id", String(255), nullable=False),
    Column("revision", String(255), nullable=False),
    Column("commit", String(64), nullable=False),
    Column("variant", String(255), nullable=False),
    Column("label", String(255), nullable=False),
    Column("format", String(64), nullable=False),
    Column("bytes", BigInteger),
    Column("state", String(32), nullable=False),
    Column("word", String(64), nullable=False),  # of its trouble; empty: none
    Column("message", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # one that was forgotten never gives its place to another
)
Index("jobs_id", jobs.c.id, unique=True)
Index("jobs_state", jobs.c.state)
Index("jobs_commit", jobs.c.repo_id, jobs.c.commit)

files = Table(
    "files",
    metadata,
    Column("job", _Number, primary_key=True, autoincrement=False),  # its number
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("bytes", BigInteger),
    Column("etag", String(64)),
    Column("done_bytes", BigInteger, nullable=False),
    Column("resumed_from", BigInteger, nullable=False),
    Column("state", String(32), nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("repo_id", String(255), primary_key=True),
    Column("commit", String(64), primary_key=True),
    Column("paths", Text, nullable=False),  # JSON list
    Column("finished_at", BigInteger),  # NULL: nothing of it was ever finished by us
    Column("pinned", Boolean, nullable=False),
    Column("is_new", Boolean, nullable=False),
)
