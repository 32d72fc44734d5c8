"""The one way in which a server is asked: several searches in one request, over a connection that is kept.

The official client opens a connection for each request, which takes as long as a search.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import certifi
import orjson
import urllib3
from pydantic import SecretStr

from indexer.engines.meilisearch.refusing import NoAnswer, no_meilisearch, refusal_of
from indexer.engines.terms import NUMBER
from indexer.errors import EngineError, EngineRefused

CONNECT_SECONDS = 0.15
"""A server that takes longer to be reached is not there: it stands beside us."""
CONNECTIONS = 32
MAX_ANSWER_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Question:
    """One search."""

    index: str
    """The index's name on the server."""
    filter: str = ""
    limit: int = 0
    offset: int = 0
    sort: tuple[str, ...] = ()
    fields: tuple[str, ...] = (NUMBER,)
    """Fields of the hits."""
    facets: tuple[str, ...] = ()
    """Fields whose values are counted."""
    distinct: str = ""
    """A field of which each value is given once, with the best hit that has it.

    The total, and what facets count, is then of documents all the same (less those that had to be looked
    at for the page), not of values."""
    is_counted: bool = False
    """Whether what is `distinct` is counted one by one, in the total and in facets: each takes 5 µs."""

    def body(self) -> dict[str, object]:
        """Give the search in the server's form."""
        body: dict[str, object] = {"indexUid": self.index, "attributesToRetrieve": self.fields}
        if self.is_counted:
            body |= {"hitsPerPage": self.limit, "page": 1}
        else:
            body |= {"limit": self.limit, "offset": self.offset}
        optional = {
            "filter": self.filter,
            "sort": self.sort,
            "facets": self.facets,
            "distinct": self.distinct,
        }
        return body | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found."""

    hits: Sequence[Mapping[str, object]]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Asker:
    """Asks one server. Safe to share between threads.

    Args:
        url: the server's address.
        key: one that may search; `None`: the server wants none.

    """

    def __init__(self, url: str, key: SecretStr | None) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        authorities = next((path for name in variables if (path := os.environ.get(name))), None)
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, retries=False, ca_certs=authorities or certifi.where()
        )

    def ask(self, questions: Sequence[Question], deadline: float) -> list[Answer]:
        """Ask for several searches at once; gives their answers, in order.

        Args:
            questions: the searches.
            deadline: when an answer must be there (`time.monotonic()`).

        Raises:
            EngineUnavailable: the server cannot be reached, is too slow, refuses the key, has no index, or
                is something else.
            EngineError: it cannot work with the question.

        """
        body = orjson.dumps({"queries": [question.body() for question in questions]})
        try:
            response = self._send(body, deadline)
        except _HungUp:
            response = self._send(body, deadline)  # a kept connection was closed by the server meanwhile
        if response.status != 200:
            raise refusal_of(self._url, response.status, response.data)
        if len(response.data) > MAX_ANSWER_BYTES:
            raise EngineError(f"The search server {self._url} sent more than can be an answer.")
        try:
            results = orjson.loads(response.data)["results"]
            return [_answer(one) for one in results]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise EngineRefused(no_meilisearch(self._url)) from None

    def _send(self, body: bytes, deadline: float) -> urllib3.BaseHTTPResponse:
        left = deadline - time.monotonic()
        if left <= 0:
            raise NoAnswer(f"The search server {self._url} takes too long to answer.")
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=left)
        try:
            return self._pool.request(
                "POST",
                f"{self._url}/multi-search",
                body=body,
                headers=self._headers,
                timeout=timeout,
                redirect=False,
            )
        except urllib3.exceptions.ReadTimeoutError:
            raise NoAnswer(f"The search server {self._url} takes too long to answer.") from None
        except urllib3.exceptions.ProtocolError:
            raise _HungUp(f"The search server {self._url} hangs up.") from None
        except urllib3.exceptions.HTTPError:
            raise NoAnswer(f"The search server {self._url} cannot be reached.") from None


class _HungUp(NoAnswer):
    """A server closed the connection without an answer."""


def _answer(result: Mapping[str, object]) -> Answer:
    hits, facets = result["hits"], result.get("facetDistribution")
    total = result["totalHits"] if "totalHits" in result else result["estimatedTotalHits"]
    if not isinstance(hits, list) or not isinstance(total, int):
        raise TypeError
    return Answer(hits, total, facets if isinstance(facets, dict) else {})
