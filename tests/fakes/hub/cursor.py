"""The listing's cursor: a MongoDB filter that matches what comes after the last row shown."""

import base64
import binascii
import json
import re

from tests.fakes.hub.source import Order, Position, Value

_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_MOMENTS = {"createdAt", "lastModified"}
_SEARCH_TOKEN = "searchSequenceToken"


class CursorError(ValueError):
    """A cursor this listing never gave out."""


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
