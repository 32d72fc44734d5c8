"""Our own static files, held in memory and named by their content, so that browsers may keep them."""

from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.responses import Response

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    content: bytes
    media_type: str
    digest: str


class Assets:
    """Every static file of the service."""

    def __init__(self) -> None:
        self._assets = dict(sorted(_read_all()))

    def url(self, name: str) -> str:
        """Give the address of a file, which changes with its content."""
        return f"/-/static/{name}?v={self._assets[name].digest}"

    def response(self, name: str, version: str, known_tag: str) -> Response:
        """Answer a request for a file.

        Args:
            name: the file's name.
            version: the digest in its address; the very content may then be kept for ever.
            known_tag: what the browser holds already (`If-None-Match`).

        """
        asset = self._assets.get(name)
        if asset is None:
            raise HTTPException(404)
        tag = f'"{asset.digest}"'
        headers = {"etag": tag, "cache-control": _FOREVER if version == asset.digest else "no-cache"}
        if tag in known_tag:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers=headers, media_type=asset.media_type)


def _read_all() -> list[tuple[str, Asset]]:
    found = []
    for entry in files("api").joinpath("static").iterdir():
        ending = entry.name[entry.name.rfind(".") :]
        if ending in _TYPES:
            content = entry.read_bytes()
            digest = blake2b(content, digest_size=6).hexdigest()
            found.append((entry.name, Asset(content, _TYPES[ending], digest)))
    return found
