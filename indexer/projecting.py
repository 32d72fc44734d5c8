"""From models of the catalog to their documents and contents, with what only other models can tell.

The parameters of a quantized copy often stand only at the model it was made from: they are looked up for
a whole page at once.
"""

from collections.abc import Collection, Iterable, Sequence

from indexer.catalog.database import folded
from indexer.catalog.store import Catalog
from indexer.documents import Document, to_document
from indexer.holdings import base_asked, contents_of_model
from indexer.records import Outline, StoredModel
from indexer.variants.records import Contents


def documents_in(catalog: Catalog, outlines: Sequence[Outline]) -> list[Document]:
    """Give the documents of models in outline, read with their files."""
    bases = [base_asked(one.repo_id, one.tags, one.params, one.gguf) for one in outlines]
    params = _params_of(catalog, bases)
    return [
        to_document(one, params.get(base) if base else None)
        for one, base in zip(outlines, bases, strict=True)
    ]


def contents_in(catalog: Catalog, models: Collection[StoredModel]) -> dict[int, Contents]:
    """Give what stored models, read with their files, hold, by their numbers."""
    asked = {}
    for model in models:
        record = model.record
        asked[model.number] = base_asked(record.repo_id, record.tags, record.params, model.gguf)
    params = _params_of(catalog, asked.values())
    return {
        model.number: contents_of_model(model, params.get(base) if (base := asked[model.number]) else None)
        for model in models
    }


def _params_of(catalog: Catalog, bases: Iterable[str | None]) -> dict[str, int]:
    """Give the parameters of base models by their ids as they were asked for."""
    asked = {base for base in bases if base is not None}
    known = catalog.params_of(sorted(asked)) if asked else {}
    return {base: known[folded(base)] for base in asked if folded(base) in known}
