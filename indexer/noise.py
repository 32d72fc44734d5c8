"""Which models are noise: uploads of bots, and repositories with nothing in them; pure.

Of 3.1 million models 11 % are uploads of bots by their names alone (a snapshot of September 2026). They
are found like all others, but stand behind them.
"""

import re

from indexer.records import Outline

WORTH_DOWNLOADS = 100
"""What so many downloads a month stand for is no noise, whatever it is called."""

_BY_BOTS = re.compile(
    r"""
      [-_]1[4-9]\d{8}(?:\d{3})?$                                   # the moment of the upload
    | [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}  # a random number
    | gensyn-swarm | blockassist                               # games that machines play
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_noise(model: Outline) -> bool:
    """Tell whether a model is to stand behind those that somebody made for others."""
    if (model.downloads or 0) >= WORTH_DOWNLOADS:
        return False
    return model.empty or model.disabled or _BY_BOTS.search(model.repo_id.rpartition("/")[2]) is not None
