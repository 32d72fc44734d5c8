"""From what somebody asks for, over HTTP or in a terminal, to the files of one commit."""

from contextlib import suppress
from dataclasses import dataclass, replace

from api.config import ApiConfig
from api.handoff.hub import Hub
from api.handoff.jobs.records import Wanted
from api.handoff.references import Reference, read_reference
from api.handoff.targets import find_target
from api.sources import Sources
from indexer.catalog.store import Catalog
from indexer.errors import BadRequest, CatalogError


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for. Empty: not said."""

    source_url: str = ""
    """What was pasted, or `model`."""
    model: str = ""
    revision: str = ""
    variant: str = ""
    files: tuple[str, ...] = ()
    everything: bool = False


def wanted_of(ask: Ask, sources: Sources, hub: Hub, config: ApiConfig) -> Wanted:
    """Give what is to be downloaded; needs no catalog.

    Raises:
        BadRequest: not one thing is asked for.
        HandoffError: as `read_reference` and `find_target`.

    """
    if bool(ask.source_url) == bool(ask.model):
        raise BadRequest("Either `source_url` or `model` is needed, to say what is to be downloaded.")
    if sum((bool(ask.variant), bool(ask.files), ask.everything)) > 1:
        raise BadRequest("Only one of `variant`, `files` and `everything` can be asked for.")
    reference = Reference(ask.model) if ask.model else read_reference(ask.source_url, [config.upstream])
    if ask.revision:
        reference = replace(reference, revision=ask.revision)
    catalog: Catalog | None = None
    with suppress(CatalogError):
        catalog = sources.catalog()
    return find_target(
        reference,
        catalog,
        hub,
        variant=ask.variant,
        files=ask.files,
        everything=ask.everything,
        cache=config.hub_cache,
    )
