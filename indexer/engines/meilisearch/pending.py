"""What is sent to the live indexes between two commits, and what has to go from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from indexer.documents import Document
from indexer.engines.meilisearch.feeding import Feed
from indexer.engines.meilisearch.fields import (
    ID,
    Payload,
    to_counters,
    to_payload,
    to_variant_payloads,
    variant_keys,
)
from indexer.engines.meilisearch.lookups import AMONG, numbered
from indexer.engines.meilisearch.server import Server

REMOVED = 10_000
"""Documents that are removed by their keys at a time."""


class _Lane:
    """What is sent to one index: whole documents, and counters, each after what was sent before of the other.

    A server takes in what it was sent in the order in which it was.
    """

    def __init__(self, server: Server, uid: str) -> None:
        self.uid = uid
        self._server = server
        self._whole = Feed(server, uid)
        self._counters = Feed(server, uid, partial=True)

    def write(self, payloads: Iterable[Payload]) -> None:
        self._counters.send()
        self._whole.add(payloads)

    def recount(self, numbers: Sequence[int], counters: Mapping[str, Payload]) -> None:
        """Send counters by the keys of documents; of those that are not held, nothing is sent."""
        self._whole.finish()
        held = {key for condition in numbered(numbers) for key in self.keys(condition)}
        self._counters.add(payload for key, payload in counters.items() if key in held)

    def keys(self, condition: str) -> Iterator[str]:
        return (str(one[ID]) for one in self._server.fetch(self.uid, condition, [ID]))

    def finish(self) -> None:
        self._whole.finish()
        self._counters.finish()


class Pending:
    """What is sent to the live indexes until the next commit.

    Documents of variants that are no more are removed after the others have been stored: nothing is
    missing in the meantime that is there before and after.

    Args:
        server: where to.
        models: the index of models.
        variants: the index of their variants.

    """

    def __init__(self, server: Server, models: str, variants: str) -> None:
        self._server = server
        self._models = _Lane(server, models)
        self._variants = _Lane(server, variants)
        self._gone: set[int] = set()
        self._written: dict[int, list[str]] = {}
        """The keys that the variants of models have from now on, by the models' numbers."""

    def write(self, documents: Iterable[Document], removals: Iterable[int]) -> None:
        """Send models with their variants; removed numbers go with `finish`."""
        for number in removals:
            self._gone.add(number)
            self._written.pop(number, None)
        for document in documents:
            self._gone.discard(document.number)  # it was removed and came back, all since the last commit
            self._written[document.number] = variant_keys(document)
            self._models.write([to_payload(document)])
            self._variants.write(to_variant_payloads(document).values())

    def recount(self, documents: Iterable[Document]) -> None:
        """Send what moved with the counters of models that are held, and of their variants that are.

        Newer servers can leave others out by themselves (`skipCreation`, from 1.31 on); we ask which are
        held, which is right on all of them because nobody else writes.
        """
        moved = iter(documents)
        while some := list(islice(moved, AMONG)):
            numbers = [document.number for document in some]
            counters = {document.key: to_counters(document) for document in some}
            self._models.recount(numbers, counters)
            several = [document for document in some if document.variants]
            counters = {key: to_counters(one, key) for one in several for key in variant_keys(one)}
            self._variants.recount([document.number for document in several], counters)

    def finish(self) -> None:
        """Wait until everything is stored, and what is no more is gone."""
        self._models.finish()
        self._variants.finish()
        gone = numbered(sorted(self._gone))
        tasks = [self._server.remove(self._models.uid, one) for one in gone]
        tasks += [self._server.remove(self._variants.uid, one) for one in gone if self._has_variants(one)]
        for task in [*tasks, *self._remove_stale()]:
            self._server.wait(task)
        self._gone.clear()
        self._written.clear()

    def _has_variants(self, condition: str) -> bool:
        return self._server.count_of(self._variants.uid, condition) > 0

    def _remove_stale(self) -> list[int]:
        """Remove variants that models had before and have no more; gives the tasks.

        All that they have now is stored: where there are as many, there are no others.
        """
        stale: list[str] = []
        numbers = sorted(self._written)
        for at in range(0, len(numbers), AMONG):
            some = numbers[at : at + AMONG]
            [condition] = numbered(some)
            wanted = set(chain.from_iterable(self._written[number] for number in some))
            if self._server.count_of(self._variants.uid, condition) != len(wanted):
                stale += [key for key in self._variants.keys(condition) if key not in wanted]
        return [
            self._server.remove_keys(self._variants.uid, stale[at : at + REMOVED])
            for at in range(0, len(stale), REMOVED)
        ]
