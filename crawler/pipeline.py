"""From a page to the catalog: its rows become a batch that commits together with its checkpoint."""

from collections.abc import Sequence

import orjson

from crawler.rows import parse_row
from indexer.catalog.store import Catalog
from indexer.errors import MalformedRow
from indexer.records import Applied, Batch, Checkpoint, Listed, Removal, SetAside

MAX_EXCERPT_LENGTH = 2_000


def to_batch(rows: Sequence[object], checkpoint: Checkpoint) -> Batch:
    """Give everything a page says; a row without meaning is set aside and never fatal."""
    listed: list[Listed] = []
    removals: list[Removal] = []
    set_aside: list[SetAside] = []
    for row in rows:
        try:
            said = parse_row(row)
        except MalformedRow as error:
            set_aside.append(SetAside(error.reason, error.row_id, _excerpt(row)))
            continue
        if isinstance(said, Listed):
            listed.append(said)
        else:
            removals.append(said)
    return Batch(tuple(listed), tuple(removals), tuple(set_aside), checkpoint)


def store_page(catalog: Catalog, rows: Sequence[object], checkpoint: Checkpoint) -> tuple[Batch, Applied]:
    """Store a page and the checkpoint behind it, in one transaction.

    Raises:
        CatalogError: nothing of the page was stored, the checkpoint neither.

    """
    batch = to_batch(rows, checkpoint)
    return batch, catalog.apply(batch)


def _excerpt(row: object) -> str:
    if isinstance(row, dict) and row.get("private") not in (None, False):
        return "(private)"  # not even a part of it is stored
    try:
        text = orjson.dumps(row).decode()
    except (TypeError, ValueError):  # half surrogates, numbers beyond JSON's
        text = ascii(row)
    return text[:MAX_EXCERPT_LENGTH]
