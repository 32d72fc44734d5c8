"""From models of the catalog to their documents and contents, with what only other models can tell.

The parameters of a quantized copy often stand only at the model it was made from: they are looked up for
a whole page at once.
"""

from collections.abc import Collection, Iterable, Sequence
from threading import Lock

from indexer.catalog.database import folded
from indexer.catalog.store import Catalog
from indexer.documents import Document, to_document
from indexer.holdings import base_asked, contents_of_model
from indexer.records import Outline, StoredModel
from indexer.variants.records import Contents

REMEMBERED = 1_000
"""Models whose contents are kept; some have thousands of files, most a few."""


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
    params = _base_params(catalog, models)
    return {one.number: contents_of_model(one, params.get(one.number)) for one in models}


class KnownContents:
    """What models hold, remembered as long as they stay as they are. Safe to share between threads.

    While somebody types, the same models come up key after key; to read the files of twenty takes longer
    than to find them among millions.

    Args:
        catalog: opened for reading.

    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = Lock()
        self._known: dict[tuple[int, int, int | None], Contents] = {}

    def of(self, models: Collection[StoredModel]) -> dict[int, Contents]:
        """Give what models, read with or without their files, hold, by their numbers."""
        params = _base_params(self._catalog, models)
        keys = {one.number: (one.number, one.serial, params.get(one.number)) for one in models}
        with self._lock:
            found = {number: self._known[key] for number, key in keys.items() if key in self._known}
        read = self._catalog.by_numbers([number for number in keys if number not in found])
        for number, model in read.items():
            found[number] = contents_of_model(model, params.get(number))
            with self._lock:
                self._known[number, model.serial, params.get(number)] = found[number]
                if len(self._known) > REMEMBERED:
                    del self._known[next(iter(self._known))]
        return found


def _base_params(catalog: Catalog, models: Iterable[StoredModel]) -> dict[int, int]:
    """Give the parameters of the models that models were made from, by the numbers of the latter."""
    asked = {}
    for model in models:
        record = model.record
        base = base_asked(record.repo_id, record.tags, record.params, model.gguf)
        if base is not None:
            asked[model.number] = base
    params = _params_of(catalog, asked.values())
    return {number: params[base] for number, base in asked.items() if base in params}


def _params_of(catalog: Catalog, bases: Iterable[str | None]) -> dict[str, int]:
    """Give the parameters of base models by their ids as they were asked for."""
    asked = {base for base in bases if base is not None}
    known = catalog.params_of(sorted(asked)) if asked else {}
    return {base: known[folded(base)] for base in asked if folded(base) in known}
