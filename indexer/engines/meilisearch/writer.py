"""The write side of the shared engine, for one server."""

import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice
from uuid import uuid4

from indexer.documents import Document
from indexer.engines.contract import Documents, IndexState, Progress, silent
from indexer.engines.meilisearch import state as states
from indexer.engines.meilisearch.feeding import Feed
from indexer.engines.meilisearch.fields import (
    KINDS,
    MODELS,
    PREFIX,
    STATE,
    STATE_ID,
    VARIANTS,
    differing_setting,
    settings_of,
    to_payload,
    to_variant_payloads,
)
from indexer.engines.meilisearch.pending import Pending
from indexer.engines.meilisearch.refusing import NoAnswer
from indexer.engines.meilisearch.server import Server
from indexer.errors import EngineError, EngineUnavailable

logger = logging.getLogger(__name__)

TOLD_EVERY = 2_000
"""Documents between two reports of progress."""
SAID_AGAIN_SECONDS = 60
"""That nothing has changed is stored so often: each time is a task on the server."""

_BUILD = re.compile(r"[0-9a-f]{32}")


class MeiliWriter:
    """Feeds the indexes on one server. The caller makes sure that it is the only one.

    Args:
        server: the server.
        prefix: what the names of the indexes begin with.

    """

    commit_every = 100_000

    def __init__(self, server: Server, prefix: str = PREFIX) -> None:
        self._server = server
        self._live = {kind: f"{prefix}-{kind}" for kind in KINDS}
        self._stored: tuple[IndexState, str] | None = None
        self._begin()

    def state(self) -> IndexState | None:
        """Give how far the live indexes follow; `None` when they are missing, foreign or outdated.

        The models are counted, after everything that was sent before has been stored.

        Raises:
            EngineUnavailable: the server cannot be asked.

        """
        self._stored = None
        self._server.require_version()
        there = self._clean_up()
        if not there.issuperset(self._live.values()):
            return None
        for task in self._server.waiting(list(self._live.values())):
            self._server.wait_done(task)
        document = self._server.document(self._live[STATE], STATE_ID)
        try:
            state = states.read(document) if document is not None else None
        except EngineUnavailable as error:
            logger.warning("index unusable server=%s why=%s", self._server.url, error)
            return None
        if state is None or document is None or not self._has_settings(self._live):
            return None
        self._stored = (state, str(document.get("build")))
        return self._counted(state)

    def write(self, documents: Iterable[Document], removals: Iterable[int]) -> None:
        """Add or replace documents and drop removed numbers, visible after `commit`.

        Of very many, those of a full batch are visible before: a server has no transactions.
        """
        self._require_live()
        self._pending.write(documents, removals)

    def recount(self, documents: Iterable[Document]) -> None:
        """Send what moved with the counters of models; of models that are not held nothing is sent."""
        self._require_live()
        self._pending.recount(documents)

    def commit(self, state: IndexState, *, more: bool = False) -> None:  # noqa: ARG002
        """Wait until everything written is stored, then store the state."""
        before, build = self._require_live()
        self._pending.finish()
        if not _says_more(state, before):
            return
        state = self._counted(state)
        self._store(self._live[STATE], state, build)
        self._stored = (state, build)

    def rebuild(self, parts: Sequence[Documents], state: IndexState, progress: Progress = silent) -> None:
        """Build new indexes beside the live ones and put them in their place at once.

        Raises:
            EngineError: something was not stored as it was sent; the live indexes are as before.
            EngineUnavailable: the server went away; likewise.

        """
        self.close()
        self._server.require_version()
        self._clean_up()
        build = uuid4().hex
        new = {kind: f"{uid}-{build}" for kind, uid in self._live.items()}
        try:
            state = self._build(new, build, parts, state, progress)
            self._put_live(new, build)
        except EngineUnavailable:
            raise  # what was built of it cannot be removed now
        except Exception:
            with suppress(EngineError):
                self._clean_up()
            raise
        self._stored = (state, build)

    def close(self) -> None:
        """Let go of the server; what was not sent is dropped."""
        self._begin()

    def _begin(self) -> None:
        self._pending = Pending(self._server, self._live[MODELS], self._live[VARIANTS])

    def _counted(self, state: IndexState) -> IndexState:
        models, variants = (self._server.count(self._live[kind]) for kind in (MODELS, VARIANTS))
        return replace(state, models=models, variants=variants)

    def _require_live(self) -> tuple[IndexState, str]:
        """Give what is stored beside the live indexes; looks at them once."""
        if self._stored is None:
            self.state()
        if self._stored is None:
            raise EngineError("There is no live index to write to; rebuild it.")
        return self._stored

    def _build(
        self,
        new: dict[str, str],
        build: str,
        parts: Sequence[Documents],
        state: IndexState,
        progress: Progress,
    ) -> IndexState:
        """Fill new indexes; gives the state that they have."""
        for kind, uid in new.items():
            self._server.create(uid, settings_of(kind))
        sent = self._fill(new, parts, progress)
        for kind, written in sent.items():
            held = self._server.count(new[kind])
            if held != written:
                raise EngineError(
                    f"The search server {self._server.url} holds {held} {kind} of {written} sent."
                )
        if not self._has_settings(new):
            raise EngineError(f"The search server {self._server.url} did not keep the settings of an index.")
        state = replace(state, models=sent[MODELS], variants=sent[VARIANTS])
        self._store(new[STATE], state, build)
        return state

    def _fill(self, new: dict[str, str], parts: Sequence[Documents], progress: Progress) -> dict[str, int]:
        """Send all documents; gives how many of each kind there must be."""
        models, variants = Feed(self._server, new[MODELS]), Feed(self._server, new[VARIANTS])
        sent = {MODELS: 0, VARIANTS: 0}
        documents = chain.from_iterable(part() for part in parts)
        while some := list(islice(documents, TOLD_EVERY)):
            models.add(map(to_payload, some))
            for payloads in map(to_variant_payloads, some):
                variants.add(payloads.values())
                sent[VARIANTS] += len(payloads)
            sent[MODELS] += len(some)
            progress(len(some))
        models.finish()
        variants.finish()
        return sent

    def _put_live(self, new: dict[str, str], build: str) -> None:
        there = set(self._server.indexes())
        missing = [kind for kind, uid in self._live.items() if uid not in there]
        if missing and STATE not in missing:
            self._server.drop([self._live[STATE]])  # better no answers than those of an empty index
            missing.append(STATE)
        for kind in missing:  # only what is there can change places
            self._server.create(self._live[kind], settings_of(kind))
        failure = EngineError(f"The search server {self._server.url} did not swap the indexes.")
        try:
            self._server.swap([(uid, new[kind]) for kind, uid in self._live.items()])
        except NoAnswer as error:
            failure = error  # it may have come to that all the same
        self._server.drop(list(new.values()))  # its turn comes after the swap's
        if self._live_build() != build:
            raise failure

    def _live_build(self) -> str | None:
        document = self._server.document(self._live[STATE], STATE_ID)
        return None if document is None else str(document.get("build"))

    def _store(self, uid: str, state: IndexState, build: str) -> None:
        feed = Feed(self._server, uid)
        feed.add([states.to_document(state, build)])
        feed.finish()

    def _has_settings(self, uids: dict[str, str]) -> bool:
        return not any(differing_setting(kind, self._server.settings(uid)) for kind, uid in uids.items())

    def _clean_up(self) -> set[str]:
        """Remove the indexes of a build that was cut off; gives the names of all others."""
        there = set(self._server.indexes())
        remains = sorted(filter(self._is_of_build, there | self._server.busy()))
        if remains:
            self._server.cancel(remains)
            self._server.drop(remains)
        return there.difference(remains)

    def _is_of_build(self, uid: str) -> bool:
        live, _, build = uid.rpartition("-")
        return live in self._live.values() and _BUILD.fullmatch(build) is not None


def _says_more(state: IndexState, before: IndexState) -> bool:
    same = replace(state, synced_at=before.synced_at, models=before.models, variants=before.variants)
    if same != before:
        return True
    return (state.synced_at - before.synced_at).total_seconds() >= SAID_AGAIN_SECONDS
