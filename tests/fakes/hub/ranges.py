"""The bytes of a file as an answer: all of them, those of a `Range`, or none."""

import re
from dataclasses import replace
from http import HTTPStatus

from tests.fakes.hub.answers import Answer, redirection
from tests.fakes.hub.blobs import Blob, Part
from tests.fakes.hub.faults import Fault

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_BINARY = "application/octet-stream"


def file_answer(blob: Blob, headers: dict[str, str], asked: str | None) -> Answer:
    """Answer with a file's bytes; a range that cannot be read is none, and `If-Range` is not looked at."""
    headers = {"Accept-Ranges": "bytes"} | headers
    found = None if asked is None else _RANGE.fullmatch(asked.strip())
    if found is None or not _is_meant(found[1], found[2]):
        return Answer(200, Part(blob, 0, blob.size), headers, _BINARY)
    start, stop = _bounds(found[1], found[2], blob.size)
    if start >= blob.size or start == stop:
        return Answer(416, b"", headers | {"Content-Range": f"bytes */{blob.size}"}, "text/plain")
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{blob.size}"
    return Answer(206, Part(blob, start, stop), headers, _BINARY)


def _is_meant(first: str, last: str) -> bool:
    return bool(first or last) and not (first and last and int(last) < int(first))


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), (min(int(last) + 1, size) if last else size)


def spoiled(answer: Answer, fault: Fault) -> Answer:
    """The answer as a fault leaves it: a file's bytes, or where they are said to lie."""
    if fault.is_believable and answer.status < HTTPStatus.BAD_REQUEST:
        return redirection(str(fault.location), 302, answer.headers)
    if not isinstance(answer.body, Part):
        return answer
    if fault.kind == "wrong":
        return replace(answer, body=replace(answer.body, is_wrong=True))
    if fault.kind == "cut":
        part = answer.body.half()
        told = answer.headers.get("Content-Range")
        framed = {} if told is None else {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{part.stop}"}
        return replace(answer, body=part, headers=answer.headers | framed)
    return answer
