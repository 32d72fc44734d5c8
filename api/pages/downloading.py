"""What starts a download into the cache from a page."""

from api.pages.markup import NOTHING, Html
from indexer.records import ModelRecord
from indexer.variants.records import Variant


def download_html(_record: ModelRecord, _variant: Variant) -> Html:
    """Give what downloads a variant; nothing while there is nothing that does."""
    return NOTHING
