"""One server, as the writing side needs it: the official client, with its errors and traps dealt with.

Facts about the client (0.43): objects of an index share one dictionary of headers, so each thread needs
its own; waiting for a task gives it back whether it succeeded or failed; nothing is ever tried again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from meilisearch import Client
from meilisearch.models.task import Task
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential, wait_random

from indexer.engines.meilisearch.fields import ID, OLDEST, Payload
from indexer.engines.meilisearch.refusing import (
    MAX_SAID,
    Broken,
    NoAnswer,
    NothingThere,
    no_meilisearch,
    translated,
)
from indexer.engines.terms import NUMBER
from indexer.errors import EngineError, EngineRefused, EngineUnavailable

REQUEST_SECONDS = 60
"""A request that takes longer has failed: one batch of documents travels with it."""
FIRST_SECONDS = 5
"""The first request takes a millisecond: a server that is silent now will not take documents."""
PATIENCE_SECONDS = 30.0
"""A server that is away so long, while work for it is under way, has failed."""
LOOK_SECONDS = (0.01, 0.5)
"""Pauses between two looks at a task: the first, and the longest."""
MOST_INDEXES = 10_000
FETCHED = 1_000
"""Documents fetched at a time."""

T = TypeVar("T")


class Server:
    """One server. Not to be shared between threads.

    Args:
        url: its address.
        key: one that may write to our indexes; `None`: the server wants none.

    """

    def __init__(
        self,
        url: str,
        key: SecretStr | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.url = url
        self._sleep = sleep
        self._patience_seconds = patience_seconds
        secret = None if key is None else key.get_secret_value()
        self._client = Client(url, secret, timeout=REQUEST_SECONDS)
        self._first = Client(url, secret, timeout=FIRST_SECONDS)
        packed = {"Content-Encoding": "gzip"}  # would be sent with every request of the client it is set for
        self._feeding = Client(url, secret, timeout=REQUEST_SECONDS, custom_headers=packed)

    def require_version(self) -> None:
        """Let a server that is new enough pass; one that is away before there is work is not waited for.

        Raises:
            EngineRefused: it is too old, or no Meilisearch.
            EngineUnavailable: it cannot be asked.

        """
        try:
            version = self._call(lambda: str(self._first.get_version()["pkgVersion"]), patience_seconds=0)
        except EngineUnavailable:
            raise
        except EngineError as error:
            raise EngineRefused(no_meilisearch(self.url)) from error
        numbers = tuple(
            int(part) if part.isdigit() else 0 for part in version.split("-", maxsplit=1)[0].split(".")[:2]
        )
        if numbers < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise EngineRefused(
                f"The search server {self.url} is Meilisearch {version}; Hubdex needs {wanted} or newer."
            )

    def indexes(self) -> list[str]:
        """Give the names of all indexes that the key may see."""
        raw = self._call(lambda: self._client.http.get(f"indexes?limit={MOST_INDEXES}"))
        return [str(one["uid"]) for one in raw["results"]]

    def create(self, uid: str, settings: Mapping[str, object]) -> None:
        """Make an index with settings, before it has documents."""
        made = self._call(lambda: self._client.create_index(uid, {"primaryKey": ID}).task_uid)
        self.wait(made, forgiven="index_already_exists")  # asked for twice, where an answer was lost
        self.wait(self._call(lambda: self._client.index(uid).update_settings(dict(settings)).task_uid))

    def drop(self, uids: Sequence[str]) -> None:
        """Remove indexes; one that is not there is none."""
        for uid in uids:
            task = self._call(lambda uid=uid: self._client.delete_index(uid).task_uid)  # type: ignore[misc]
            self.wait(task, forgiven="index_not_found")

    def swap(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Ask for pairs of indexes to change places, all at once; the caller sees it by what they hold.

        It is asked for once only: done twice, it would be undone. A key for our indexes alone may ask, but
        not look at the task, which is of no index (seen with 1.21).
        """
        self._call(
            lambda: self._client.swap_indexes([{"indexes": list(pair)} for pair in pairs]), patience_seconds=0
        )

    def settings(self, uid: str) -> dict[str, object]:
        """Give the settings of an index."""
        return self._call(lambda: self._client.index(uid).get_settings())

    def count(self, uid: str) -> int:
        """Count the documents of an index."""
        return int(self._call(lambda: self._client.index(uid).get_stats()).number_of_documents)

    def highest(self, uid: str) -> int:
        """Give the highest number of a model in an index; 0 when it is empty."""
        asked = {"limit": 1, "sort": [f"{NUMBER}:desc"], "attributesToRetrieve": [NUMBER]}
        found = self._call(lambda: self._client.http.post(f"indexes/{uid}/search", asked))
        return int(found["hits"][0][NUMBER]) if found["hits"] else 0

    def add(self, uid: str, packed: bytes, *, partial: bool = False) -> int:
        """Send documents (lines of JSON, gzip), whole ones or fields of them; gives the task."""
        send = self._feeding.http.put if partial else self._feeding.http.post
        path = f"indexes/{uid}/documents?primaryKey={ID}"
        return int(self._call(lambda: send(path, packed, "application/x-ndjson"))["taskUid"])

    def remove(self, uid: str, condition: str) -> int:
        """Remove the documents that a filter selects; gives the task."""
        return int(self._call(lambda: self._client.index(uid).delete_documents(filter=condition).task_uid))

    def remove_keys(self, uid: str, keys: Sequence[str]) -> int:
        """Remove documents by their keys; gives the task."""
        path = f"indexes/{uid}/documents/delete-batch"
        return int(self._call(lambda: self._client.http.post(path, list(keys)))["taskUid"])

    def count_of(self, uid: str, condition: str) -> int:
        """Count the documents that a filter selects."""
        asked = {"filter": condition, "limit": 0}
        path = f"indexes/{uid}/documents/fetch"
        return int(self._call(lambda: self._client.http.post(path, asked))["total"])

    def document(self, uid: str, key: str) -> Payload | None:
        """Give one document whole; `None`: there is none, or no such index."""
        try:
            path = f"indexes/{uid}/documents/{key}"
            return dict(self._call(lambda: self._client.http.get(path)))
        except NothingThere:
            return None

    def fetch(self, uid: str, condition: str, fields: Sequence[str] = ()) -> Iterator[Payload]:
        """Give the documents that a filter selects, whole or some fields of them."""
        asked: dict[str, object] = {"filter": condition, "limit": FETCHED}
        if fields:
            asked["fields"] = list(fields)
        offset, total = 0, 1
        while offset < total:
            asked["offset"] = offset
            found = self._call(lambda: self._client.http.post(f"indexes/{uid}/documents/fetch", asked))
            yield from found["results"]
            offset, total = offset + FETCHED, int(found["total"])

    def busy(self) -> set[str]:
        """Name the indexes that have tasks which are not done yet, also those that are still to be made."""
        raw = self._call(lambda: self._client.http.get("tasks?statuses=enqueued,processing&limit=1000"))
        return {str(one["indexUid"]) for one in raw["results"]}

    def waiting(self, uids: Sequence[str]) -> list[int]:
        """Give the tasks of indexes that are not done yet."""
        found = self._call(
            lambda: self._client.get_tasks(
                {"indexUids": list(uids), "statuses": ["enqueued", "processing"], "limit": 1_000}
            )
        )
        return [task.uid for task in found.results]

    def cancel(self, uids: Sequence[str]) -> None:
        """Cancel the tasks of indexes that are not done yet, and wait for that."""
        self._call(lambda: self._client.cancel_tasks({"indexUids": list(uids)}))
        for task in self.waiting(uids):
            self.wait_done(task)

    def wait(self, task: int, forgiven: str = "") -> None:
        """Wait for a task.

        Raises:
            EngineError: it failed or was canceled; names the document where the server does.
            EngineUnavailable: the server went away and did not come back.

        """
        done = self.wait_done(task)
        if done.status == "succeeded":
            return
        error = done.error or {}
        if forgiven and error.get("code") == forgiven:
            return
        why = str(error.get("message") or "nobody said why")[:MAX_SAID]
        raise EngineError(f"The search server {self.url} {done.status} a task ({done.type}): {why}")

    def wait_done(self, task: int) -> Task:
        """Wait for a task, however it ends."""
        pause = LOOK_SECONDS[0]
        while True:
            known = self._call(lambda: self._client.get_task(task))
            if known.status not in {"enqueued", "processing"}:
                return known
            self._sleep(pause)
            pause = min(pause * 1.5, LOOK_SECONDS[1])

    def _call(self, send: Callable[[], T], patience_seconds: float | None = None) -> T:
        """Send a request; once more, and again, while the server is away for a while."""
        attempts = Retrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_delay(self._patience_seconds if patience_seconds is None else patience_seconds),
            wait=wait_exponential(0.1, max=2) + wait_random(0, 0.1),
            sleep=self._sleep,
            reraise=True,
        )
        for attempt in attempts:
            with attempt, translated(self.url):
                return send()
        raise AssertionError  # tenacity gives a result or raises


def _passes(error: BaseException) -> bool:
    """Tell whether it may be over in a moment."""
    return isinstance(error, NoAnswer) and not isinstance(error, Broken)
