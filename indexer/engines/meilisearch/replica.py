"""One server as the reading side sees it: how it was lately, and what is known of its words."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from indexer.engines.contract import IndexState
from indexer.engines.meilisearch import state as states
from indexer.engines.meilisearch.asking import Answer, Asker, Question
from indexer.engines.meilisearch.fields import MODELS, STATE, VARIANTS
from indexer.engines.meilisearch.lookups import Frequencies
from indexer.engines.meilisearch.refusing import NO_INDEX, NoAnswer
from indexer.errors import EngineUnavailable

LEFT_ALONE_SECONDS = 1.0
"""A server that did not answer is not asked again for so long: nobody is to wait for it in vain."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """That a server did not answer, and until when it is believed not to."""

    error: EngineUnavailable
    until: float


class Replica:
    """One server. Safe to share between threads.

    Args:
        asker: asks it.
        prefix: what the names of its indexes begin with.

    """

    def __init__(self, asker: Asker, prefix: str) -> None:
        self.asker = asker
        self.models_index = f"{prefix}-{MODELS}"
        self.variants_index = f"{prefix}-{VARIANTS}"
        self._state_index = f"{prefix}-{STATE}"
        self._lock = Lock()
        self._state: IndexState | None = None
        self._frequencies: dict[str, Frequencies] = {}
        self._trouble: Trouble | None = None
        self.looked_at = 0.0
        """When it was asked last (`time.monotonic()`)."""

    @property
    def known(self) -> IndexState | None:
        """Give how far it followed when it was asked last; `None` when that is not known."""
        return self._state

    @property
    def trouble(self) -> EngineUnavailable | None:
        """Give why it is left alone at the moment."""
        trouble = self._trouble
        return trouble.error if trouble is not None and time.monotonic() < trouble.until else None

    def frequencies_of(self, index: str) -> Frequencies:
        """Give what is known of the words of an index; it is another object when the indexes have moved."""
        with self._lock:
            return self._frequencies.setdefault(index, Frequencies())

    def ask(self, questions: Sequence[Question], deadline: float) -> tuple[list[Answer], IndexState]:
        """Ask for searches, and how far the indexes follow; raises what `Asker.ask` does."""
        self.looked_at = time.monotonic()
        asked = Question(self._state_index, limit=1, fields=("*",))
        others = questions or [Question(self.models_index)]  # without models a state says nothing
        try:
            first, *answers = self.asker.ask([asked, *others], deadline)
            state = _state_in(first)
        except EngineUnavailable as error:
            self.avoid(error)
            raise
        with self._lock:
            if self._state != state:
                self._state, self._frequencies = state, {}
            self._trouble = None
        return answers[: len(questions)], state

    def avoid(self, error: EngineUnavailable) -> None:
        """Ask others first; and this one not at all for a moment, when it does not answer."""
        self._state = None
        if isinstance(error, NoAnswer):
            self._trouble = Trouble(error, time.monotonic() + LEFT_ALONE_SECONDS)


def _state_in(answer: Answer) -> IndexState:
    if not answer.hits:
        raise EngineUnavailable(NO_INDEX)
    return states.read(answer.hits[0])
