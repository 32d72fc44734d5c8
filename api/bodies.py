"""What comes with a request that writes: small, soon there, and in a language we speak."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.paths import OWN_FORMS

MAX_BODY_BYTES = 65_536
PATIENCE_SECONDS = 30.0
"""Within that the whole body is there."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class TooLarge(Exception):
    """More was sent than anybody needs."""


class Gone(Exception):
    """Who asked went away before everything was sent."""


def speaks_our_language(path: str, asked: Headers, body: bytes) -> bool:
    """Tell whether what was sent is in JSON, which no form can send, or one of our own forms, or nothing."""
    spoken = {JSON, FORM} if path.startswith(OWN_FORMS) else {JSON}
    kind = media_type_of(asked)
    return kind in spoken or not (kind or body)


def media_type_of(asked: Headers) -> str:
    """Give what kind of body is sent, without its parameters; empty: nothing was said."""
    return asked.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(receive: Receive, asked: Headers, patience_seconds: float) -> bytes:
    """Read what is sent, whether its length was told or not.

    Raises:
        TooLarge: it is longer than `MAX_BODY_BYTES`, told or found.
        TimeoutError: it is not there in time.
        Gone: nobody waits any more.

    """
    told = asked.get("content-length", "0")
    if not told.isdecimal() or int(told[:20]) > MAX_BODY_BYTES:
        raise TooLarge
    body = bytearray()
    async with asyncio.timeout(patience_seconds):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise Gone
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                raise TooLarge
            if not message.get("more_body", False):
                return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give what has been read to whoever reads next; what happens later comes from where it came."""
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return held.pop() if held else await receive()

    return receive_again
