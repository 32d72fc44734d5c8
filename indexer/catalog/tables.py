"""The catalog's tables, as SQLAlchemy sees them. Times are milliseconds since 1970 (UTC)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
)

SCHEMA_VERSION = 4
"""Raised when the tables change in a way that an older catalog does not satisfy; see `migrating`."""

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only as INTEGER

state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("schema_version", Integer, nullable=False),
    Column("uuid", String(36), nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("models", BigInteger, nullable=False),
    Column(
        "pruned_serial", BigInteger, nullable=False, server_default="0"
    ),  # newest of the dropped tombstones
)

models = Table(
    "models",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("key", String(24), nullable=False),
    Column("repo_id", String(255), nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("counters_serial", BigInteger, nullable=False),
    Column("fingerprint", BigInteger, nullable=False),
    Column("created_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("sha", String(64)),
    Column("task", String(255)),
    Column("library", String(255)),
    Column("gated", String(6), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("params", BigInteger),
    Column("downloads", BigInteger),
    Column("downloads_all_time", BigInteger),
    Column("likes", BigInteger),
    Column("trending", Float),
    Column("tags", Text, nullable=False),  # JSON list
    Column("files", Text),  # JSON list; NULL: the listing did not say
    Column("gguf_params", BigInteger),  # what a GGUF header says, like the next two
    Column("architecture", String(255)),
    Column("context_length", BigInteger),
    Column("dtypes", Text),  # JSON object, elements by dtype; NULL: the listing did not say
    sqlite_autoincrement=True,  # a removed model's number is never given to another
)
Index("models_key", models.c.key, unique=True)
# The one index of names: they come in no order, so that each index of them costs as many page
# writes as everything else of a model together. Exact names are looked up through it too.
folded_id = func.lower(models.c.repo_id)
Index("models_folded_id", folded_id)
Index("models_serial", models.c.serial)
only_counters = models.c.counters_serial > models.c.serial
"""Whether only a model's counters moved since its record was stored."""
moved_counters = Index(
    "models_moved_counters",
    models.c.counters_serial,
    models.c.serial,
    sqlite_where=only_counters,
    postgresql_where=only_counters,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("key", String(24), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("repo_id", String(255), nullable=False),
    Column("serial", BigInteger, nullable=False, index=True),
    Column("reason", String(255), nullable=False),
    Column("removed_at", BigInteger, nullable=False),
)

aliases = Table(
    "aliases",
    metadata,
    Column("repo_id", String(255), primary_key=True),  # the former name
    Column("key", String(24), nullable=False, index=True),
    Column("since", BigInteger, nullable=False),
)
Index("aliases_folded_id", func.lower(aliases.c.repo_id))

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("next_url", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("last_finished_at", BigInteger),
    Column("origin", BigInteger),
    Column("position", BigInteger),
    Column("last_origin", BigInteger),
)

# One for each model. Apart from `models`, whose rows are long: to mark a model as seen must not
# rewrite them, to find those unseen must not read them.
sightings = Table(
    "sightings",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),  # of the model
    Column("run", BigInteger, nullable=False),  # start of the newest full pass that saw it, 0: none did
)

# The newest that was read of each model. Apart from `models`: most have none, and they are long.
trees = Table(
    "trees",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),  # of the model
    Column("sha", String(64), nullable=False),  # the commit
    Column("read_at", BigInteger, nullable=False),
    Column("files", LargeBinary),  # see `trees.packed`; NULL: the Hub does not show them
)

# Which models hold a file, by the first 8 bytes of its sha256 as a signed integer. The whole hash stands
# in the tree: here it would take three times the room, and hardly two files share 8 bytes.
blobs = Table(
    "blobs",
    metadata,
    Column("prefix", BigInteger, primary_key=True, autoincrement=False),
    Column("number", _Number, primary_key=True, autoincrement=False),  # of the model
    sqlite_with_rowid=False,
)

waypoints = Table(
    "waypoints",
    metadata,
    Column("position", _Number, primary_key=True, autoincrement=False),  # time of creation
    Column("url", Text, nullable=False),
    Column("run", BigInteger, nullable=False),  # start of the full pass that went by
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("pass_name", String(64), nullable=False),
    Column("row_id", String(255), nullable=False),
    Column("reason", Text, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
)
set_aside_once = Index("set_aside_once", set_aside.c.row_id, set_aside.c.reason, unique=True)
