"""A file through the Hub's Xet storage, by what `huggingface_hub` makes of it.

Used only where plain HTTP ends: `huggingface_hub` holds that the Hub gives no larger file that way. Smaller
ones come by HTTP all the same, for a download by Xet cannot be gone on with after a restart. None of this
can be tried here beyond its failing: there is no such storage to ask. Where it fails, HTTP is tried; the
hash of what came is checked like any other. The storage's host is judged before its first use by
connecting to it; from then on it is `hf_xet` that connects, by a look-up of its own.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from huggingface_hub.constants import MAX_HTTP_DOWNLOAD_SIZE
from huggingface_hub.file_download import xet_get
from huggingface_hub.utils import XetFileData
from huggingface_hub.utils import _xet as xet
from huggingface_hub.utils._runtime import is_xet_available

from api.handoff.asking import Lost
from api.handoff.errors import HandoffError
from api.handoff.gate import SLICE_SECONDS

if TYPE_CHECKING:
    from api.handoff.hub import Hub, RemoteFile

XET_FROM_BYTES = MAX_HTTP_DOWNLOAD_SIZE + 1
SILENT_SECONDS = 60
"""So long without a byte, and HTTP is tried."""


class XetFailed(Exception):  # never leaves the download: HTTP is tried instead
    """It did not come that way."""


class _Watch(Protocol):
    def received(self, count: int) -> None: ...
    def verifying(self) -> None: ...
    def waiting(self, why: str) -> None: ...


def is_offered(remote: "RemoteFile") -> bool:
    """Tell whether a file can be had through Xet: the Hub offers it, and `hf_xet` is there and not off."""
    return remote.xet_hash is not None and is_xet_available()


def get_by_xet(remote: "RemoteFile", hub: "Hub", path: Path, watch: _Watch) -> None:
    """Get a whole file into `path`.

    Raises:
        XetFailed: it did not come, for whatever reason.
        Interrupted: the watch broke off.

    """
    try:
        work = _prepared(remote, hub, path, watch)
    except (HandoffError, Lost, AttributeError, TypeError, ValueError) as error:
        raise XetFailed(type(error).__name__) from None
    thread = threading.Thread(target=work, name="hubdex-xet", daemon=True)
    thread.start()
    try:
        _look_on(thread, work, hub, watch)
    except BaseException:
        xet.abort_xet_session()  # type: ignore[no-untyped-call]
        thread.join(SILENT_SECONDS)
        raise
    if work.failure is not None:
        raise XetFailed(work.failure)


def _look_on(thread: threading.Thread, work: "_Work", hub: "Hub", watch: _Watch) -> None:
    told = silent = 0
    while thread.is_alive():
        thread.join(SLICE_SECONDS)
        done = work.done
        silent = 0 if done > told else silent + 1
        watch.received(done - told)
        told = done
        hub.pause.check()
        watch.waiting("")
        if silent * SLICE_SECONDS > SILENT_SECONDS:
            raise XetFailed("nothing came any more")


class _Work:
    """What runs beside: `hf_xet` tells of its progress by a bar, and cannot be asked to stop from within."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self.done = 0
        self.failure: str | None = None

    def __call__(self) -> None:
        try:
            xet_get(**self._arguments, tqdm_class=_bar(self))
        except BaseException as error:  # noqa: BLE001  # a panic in Rust is not even an Exception
            self.failure = type(error).__name__


def _prepared(remote: "RemoteFile", hub: "Hub", path: Path, watch: _Watch) -> _Work:
    if remote.xet_hash is None:
        raise ValueError("it is not offered")
    url = xet.xet_connection_info_refresh_url(
        token_type=xet.XetTokenType.READ,
        repo_id=remote.repo_id,
        repo_type="model",
        revision=remote.commit,
        endpoint=hub.upstream,
    )
    with hub.asker.ask("GET", url, watch.waiting) as response:
        info = xet.parse_xet_connection_info_from_headers(response.headers)
    if info is None:
        raise ValueError("the Hub gives no token")
    storage = hub.reach.follow(hub.upstream, info.endpoint)
    with hub.asker.ask("GET", storage, watch.waiting):
        """Any answer will do: `hf_xet` itself takes three minutes to find out that nobody answers."""
    headers = dict(hub.asker.headers)
    # Kept where `xet_get` looks first: it would ask again, and be told of a host that nobody has judged.
    xet.XET_CONNECTION_INFO_CACHE[xet._cache_key(url, headers)] = info  # noqa: SLF001
    return _Work(
        {
            "incomplete_path": path,
            "xet_file_data": XetFileData(file_hash=remote.xet_hash, refresh_route=url),
            "headers": headers,
            "expected_size": remote.bytes,
        }
    )


def _bar(work: _Work) -> type:
    """Make what `hf_xet` takes for a progress bar; only bytes of the file count, not those on the wire."""

    class Bar:
        def __init__(self, **_of_its_looks: object) -> None:
            self.total = 0

        def update(self, count: float) -> None:
            work.done += int(count)

        def update_transfer(self, _count: float) -> None: ...
        def set_postfix_str(self, _text: str, *, refresh: bool = True) -> None: ...
        def set_transfer_postfix_str(self, _text: str, *, refresh: bool = True) -> None: ...

    return Bar
