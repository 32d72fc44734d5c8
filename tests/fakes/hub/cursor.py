"""The listing's cursor: a MongoDB filter that matches what comes after the last row shown."""

import base64
import binascii
import json
import re
import threading

from tests.fakes.hub.source import Order, Position, Value

_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_MOMENTS = {"createdAt", "lastModified"}
_SEARCH_TOKEN = "searchSequenceToken"


class CursorError(ValueError):
    """A cursor this listing never gave out."""


class GivenCursors:
    """Knows when each cursor was last given, so that the old ones can be refused."""

    def __init__(self, lifetime_requests: int | None = None) -> None:
        self._lifetime_requests = lifetime_requests
        self._lock = threading.Lock()
        self._given_at: dict[str, int] = {}
        self._requests = 0
        self._expired_at = -1

    def expire(self) -> None:
        """Refuse every cursor there has been; one that is given again is good again."""
        with self._lock:
            self._expired_at = self._requests

    def check(self, cursor: str | None) -> None:
        """Count a listing request, and refuse it if it comes with an expired cursor."""
        with self._lock:
            self._requests += 1
            if cursor is None:
                return
            given_at = self._given_at.get(cursor, 0)
            lifetime = self._lifetime_requests
            if given_at <= self._expired_at or (
                lifetime is not None and self._requests - given_at > lifetime
            ):
                raise CursorError("expired")

    def give(self, cursor: str) -> None:
        with self._lock:
            self._given_at[cursor] = self._requests


def write_cursor(order: Order, position: Position, *, search: bool = False) -> str:
    found = _filter(order, position)
    if search:
        found[_SEARCH_TOKEN] = base64.b64encode(position.last_id.encode()).decode()
    return base64.b64encode(json.dumps(found, separators=(",", ":")).encode()).decode()


def read_cursor(text: str, order: Order, *, search: bool = False) -> Position:
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorError("not base64 of JSON") from error
    if not isinstance(found, dict) or (_SEARCH_TOKEN in found) != search:
        raise CursorError("not a filter of this listing")
    found.pop(_SEARCH_TOKEN, None)
    position = _position(found, order)
    if found != _filter(order, position):
        raise CursorError("not a filter of this sort and direction")
    return position


def _filter(order: Order, position: Position) -> dict[str, object]:
    key, beyond = order.key, "$lt" if order.descending else "$gt"
    same: dict[str, object] = {key: position.value, "_id": {"$gt": position.last_id}}
    if position.value is None:
        return {"$or": [same]}
    return {"$or": [same, {key: {beyond: position.value}}, {key: None}]}


def _position(found: dict[str, object], order: Order) -> Position:
    match found:
        case {"$or": [{"_id": {"$gt": str(last_id)}, **rest}, *_]} if _OBJECT_ID.fullmatch(last_id):
            if order.key in rest:
                return Position(_value(rest[order.key], order), last_id)
    raise CursorError("not a keyset filter")


def _value(value: object, order: Order) -> Value | None:
    if value is None:
        return None
    if order.key in _MOMENTS:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise CursorError(f"not a value of {order.key}")
