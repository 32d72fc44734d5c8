"""The other host, where large files lie: it knows signed addresses and bytes, and no tokens."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.hub.answers import Answer, faulty
from tests.fakes.hub.blobs import Part
from tests.fakes.hub.faults import Fault, Script
from tests.fakes.hub.links import BadLinkError, Links
from tests.fakes.hub.ranges import file_answer, spoiled
from tests.fakes.hub.target import Target

_XML = "application/xml"


@dataclass(frozen=True)
class Cdn:
    """Sends what a signed address names, in whole or in part, and says what it is not asked."""

    links: Links
    script: Script
    wait: Callable[[Fault | None], None]
    ignores_range: bool = False

    def decide(self, method: str, target: Target, headers: dict[str, str]) -> tuple[Answer, Fault | None]:
        fault = self.script.next("cdn")
        self.wait(fault)
        answer = None if fault is None else faulty(fault, target)
        if answer is None:
            answer = self._answer(method, target, headers)
        if fault is None:
            return answer, None
        if not fault.suits(method, answer.status, has_file=isinstance(answer.body, Part)):
            self.script.put_back(fault)
            return answer, None
        return spoiled(answer, fault), fault

    def _answer(self, method: str, target: Target, headers: dict[str, str]) -> Answer:
        if method not in {"GET", "HEAD"}:
            return _refusal(405, "MethodNotAllowed", "The specified method is not allowed.")
        if "authorization" in headers:
            # As S3 does: a signed address and a token are two ways to be let in, and only one may be used.
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        try:
            blob = self.links.blob(target.path, target.query)
        except BadLinkError as error:
            return _refusal(403, str(error), "Access Denied")
        told = {"ETag": f'"{target.path.rpartition("/")[2]}"', "Cache-Control": "public, max-age=31536000"}
        told["Last-Modified"] = "Fri, 10 May 2024 06:47:21 GMT"
        return file_answer(blob, told, None if self.ignores_range else headers.get("range"))


def _refusal(status: int, code: str, message: str) -> Answer:
    told = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'.encode(), {}, _XML)
