"""From a page to the catalog: its rows become a batch that commits together with its checkpoint."""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from crawler.chain import Page
from crawler.rows import key_in, parse_row
from indexer.catalog.store import Catalog
from indexer.errors import MalformedRow
from indexer.records import Applied, Batch, Listed, SetAside

MAX_EXCERPT_LENGTH = 2_000


def to_batch(rows: Sequence[object], behind: Batch, *, has_gguf: bool = False) -> Batch:
    """Give everything a page says, with what is stored behind it.

    A row without meaning is set aside and never fatal; where it names a model, that model was seen.
    """
    listed: list[Listed] = []
    removals = list(behind.removals)
    seen_keys = list(behind.seen_keys)
    set_aside = list(behind.set_aside)
    for row in rows:
        try:
            said = parse_row(row, has_gguf=has_gguf)
        except MalformedRow as error:
            set_aside.append(SetAside(error.reason, error.row_id, excerpt_of(row)))
            if (key := key_in(row)) is not None:
                seen_keys.append(key)
            continue
        if isinstance(said, Listed):
            listed.append(said)
        else:
            removals.append(said)
    return replace(
        behind,
        listed=tuple(listed),
        removals=tuple(removals),
        set_aside=tuple(set_aside),
        seen_keys=tuple(seen_keys),
    )


def store_page(catalog: Catalog, page: Page | None, behind: Batch) -> tuple[Batch, Applied]:
    """Store a page of models, if any, and what is behind it, in one transaction.

    Raises:
        CatalogError: nothing of the page was stored, the checkpoints neither.

    """
    batch = behind if page is None else to_batch(page.rows, behind, has_gguf=page.has_gguf)
    return batch, catalog.apply(batch)


def excerpt_of(row: object) -> str:
    """Give the beginning of a row as text; of a private one nothing."""
    if isinstance(row, dict) and row.get("private") not in (None, False):
        return "(private)"  # not even a part of it is stored
    try:
        text = orjson.dumps(row).decode()
    except (TypeError, ValueError):  # half surrogates, numbers beyond JSON's
        text = ascii(row)
    return text[:MAX_EXCERPT_LENGTH]
