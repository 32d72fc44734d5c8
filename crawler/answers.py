"""What an answer of the Hub means for the walk: a page, another attempt, or the end; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, urljoin, urlsplit

import orjson
from pydantic import SecretStr

from crawler.addresses import asks_for, refused_fields
from crawler.chain import About, Gone, Heard, Outdated, Page, Unclear
from crawler.retries import MAX_REDIRECTS, Attempts, Patience
from indexer.addresses import next_url, require_same_origin
from indexer.errors import SettingsError, UpstreamError, UpstreamUnavailable
from indexer.quota import after_429, parse_retry_after

_RETRIED = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSED = frozenset({400, 404, 410, 422})
_TIMEOUTS = frozenset({408, 504, 524})
_MISSING: dict[str, Gone | Outdated] = {"RepoNotFound": Gone(), "RevisionNotFound": Outdated()}
_DISABLED = "Access to this resource is disabled"

BLANK = "(token)"
LEAST_SECRET = 16
"""A shorter token may be a word that rows hold; the Hub's own have 37 characters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. Header names are lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Again:
    """The same request once more, after a wait."""

    after_seconds: float
    attempts: Attempts
    cause: str
    is_timeout: bool = False
    """Whether a gateway or we ourselves have lost patience: less may be asked for."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same question at another address of the Hub."""

    url: str
    attempts: Attempts


@dataclass(frozen=True, slots=True)
class WithoutFields:
    """The same page without fields that the Hub does not know."""

    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class FromTheStart:
    """The Hub no longer takes the cursor: the pass has to begin anew."""


Verdict: TypeAlias = Heard | Again | Elsewhere | WithoutFields | FromTheStart

_NAMES: dict[About, str] = {
    "listing": "no list of models", "model": "no model", "tree": "no list of files",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judge:
    """Says what an answer, or none, means."""

    upstream: str
    patience: Patience
    token: SecretStr | None = None

    def judge(self, answer: Answer, attempts: Attempts, about: About = "listing") -> Verdict:
        """Give what to do after an answer: from the listing, about one model, or about its files.

        Raises:
            UpstreamUnavailable: it has failed too often.
            SettingsError: the token is refused.
            UpstreamError: the answer cannot be worked with.

        """
        answer = self._without_token(answer)
        match answer.status:
            case 200:
                return self._page(answer, attempts, about)
            case 429:
                return self._throttled(answer, attempts)
            case status if status in _RETRIED:
                again = self.again(attempts, f"it answered {status}", is_timeout=status in _TIMEOUTS)
                return replace(again, after_seconds=max(again.after_seconds, _asked_seconds(answer)))
            case status if status in _REDIRECTS:
                return self._elsewhere(answer, attempts)
            case status if about == "tree" or (about == "model" and status != 400):
                return self._absent(answer, about)
            case 401 | 403:
                raise self._no_entry(answer)
            case status if status in _REFUSED:
                return self._refused(answer)
        raise UpstreamError(f"The Hub at {self._host} answered {answer.status}: {_said(answer)}.")

    def again(self, attempts: Attempts, cause: str, *, heard: bool = True, is_timeout: bool = False) -> Again:
        """Give the next attempt after a failure.

        Raises:
            UpstreamUnavailable: there is none; says what to check.

        """
        counted = attempts.after_failure()
        delay = self.patience.failure_delay(counted.failures, heard=heard)
        if delay is not None:
            return Again(delay, counted, cause, is_timeout)
        if not heard:
            raise UpstreamUnavailable(
                f"The Hub at {self._host} cannot be reached ({cause}): "
                "check the network, the proxy variables and HUBDEX_UPSTREAM."
            )
        raise UpstreamUnavailable(
            f"The Hub at {self._host} failed {counted.failures} times in a row ({cause}); "
            "what was read before is stored, try again later."
        )

    @property
    def _host(self) -> str:
        return urlsplit(self.upstream).netloc

    def _without_token(self, answer: Answer) -> Answer:
        """Blank the token where the Hub repeats it; all that is kept or shown of an answer passes here."""
        token = "" if self.token is None else self.token.get_secret_value()
        if len(token) < LEAST_SECRET:
            return answer
        headers = {name: text.replace(token, BLANK) for name, text in answer.headers.items()}
        return replace(answer, headers=headers, body=answer.body.replace(token.encode(), BLANK.encode()))

    def _page(self, answer: Answer, attempts: Attempts, about: About) -> Page | Again:
        try:
            said = read_json(answer.body)
        except ValueError:
            said = None
        if about == "model" and isinstance(said, dict) and "_id" in said:
            return Page([said])
        if about == "model" or not isinstance(said, list):
            return self.again(attempts, f"its answer was {_NAMES[about]}")
        following = next_url(answer.headers.get("link", ""), answer.url, self.upstream)
        if following == answer.url:
            return self.again(attempts, "its page named itself as the next one")
        return Page(cast("list[object]", said), following, asks_for(answer.url, "gguf"))

    def _absent(self, answer: Answer, about: About) -> Gone | Outdated | Unclear:
        """Tell a model that is gone from one that is only not shown (recorded 2026).

        Whoever is not signed in gets a 401 for a missing model, in these words; whoever is gets a 404
        with a code, and a 401 only for a token that is no good. A model whose files are not shown, because
        it is disabled or gated, is still there.

        Raises:
            SettingsError: the token is refused.

        """
        said, code = _said(answer), answer.headers.get("x-error-code", "")
        if answer.status == 404 and code in _MISSING:
            return _MISSING[code]
        if answer.status == 401 and "Invalid username or password" in said and self.token is None:
            return Gone()
        if answer.status in {401, 403} and (code == "GatedRepo" or said == _DISABLED):
            return Gone() if about == "tree" else Unclear()
        if answer.status == 401 and self.token is not None:
            raise self._no_entry(answer)
        return Unclear()

    def _throttled(self, answer: Answer, attempts: Attempts) -> Again:
        counted = attempts.after_throttle()
        backoff = self.patience.throttle_delay(counted.throttles)
        if backoff is None:
            raise UpstreamUnavailable(
                f"The Hub at {self._host} keeps refusing requests as too many (429); "
                "what was read before is stored, try again later."
            )
        return Again(after_429(answer.headers, backoff), counted, "it answered 429")

    def _elsewhere(self, answer: Answer, attempts: Attempts) -> Elsewhere:
        location = answer.headers.get("location", "")
        if not location or attempts.redirects >= MAX_REDIRECTS:
            raise UpstreamError(f"The Hub at {self._host} redirects a request without an end.")
        target = urljoin(answer.url, location)
        require_same_origin(target, self.upstream)
        return Elsewhere(target, attempts.after_redirect())

    def _no_entry(self, answer: Answer) -> UpstreamError | SettingsError:
        if self.token is not None:
            return SettingsError(
                f"The Hub at {self._host} refused the Hugging Face token ({answer.status}: {_said(answer)}); "
                "renew it, or set HF_TOKEN to nothing to ask without one."
            )
        return UpstreamError(f"The Hub at {self._host} does not list models to everyone: {_said(answer)}.")

    def _refused(self, answer: Answer) -> WithoutFields | FromTheStart:
        if answer.status == 400:
            fields = refused_fields(answer.body.decode(errors="replace").replace('\\"', '"'), answer.url)
            if fields:
                return WithoutFields(fields)
        if _has_cursor(answer.url):
            return FromTheStart()
        raise UpstreamError(
            f"The Hub at {self._host} refused the listing ({answer.status}: {_said(answer)})."
        )


def read_json(body: bytes) -> object:
    """Read the body of an answer.

    Raises:
        ValueError: it is not JSON.

    """
    try:
        return cast("object", orjson.loads(body))
    except orjson.JSONDecodeError:
        # One model with half a surrogate pair in a tag must not hide the 999 others; its row is set aside.
        try:
            return cast("object", json.loads(body))
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _has_cursor(url: str) -> bool:
    return any(name == "cursor" for name, _ in parse_qsl(urlsplit(url).query))


def _asked_seconds(answer: Answer) -> float:
    """How long the Hub, or what stands before it, asks to be left alone."""
    return parse_retry_after(answer.headers.get("retry-after", ""), lambda: datetime.now(UTC)) or 0.0


def _said(answer: Answer) -> str:
    """What the Hub says of an error, short and on one line."""
    said = answer.headers.get("x-error-message", "") or answer.body[:2_000].decode(errors="replace")
    return (
        " ".join("".join(c if c.isprintable() else " " for c in said).split())[:200].rstrip(".")
        or "no reason"
    )
