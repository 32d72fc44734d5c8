"""What a model holds, for its page and for the API."""

from api.sources import Sources
from indexer.projecting import contents_in
from indexer.records import StoredModel
from indexer.variants.records import Contents


def contents_of(sources: Sources, model: StoredModel) -> Contents:
    """Give the variants and sidecars of a model that was read with its files."""
    return contents_in(sources.catalog(), [model])[model.number]
