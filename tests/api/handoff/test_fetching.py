import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from huggingface_hub.utils import WeakFileLock

from api.handoff.errors import Interrupted, NoSpace, Unreachable, WrongBytes
from api.handoff.fetching import fetch
from api.handoff.hub import Hub, RemoteFile
from api.handoff.layout import Layout
from tests.api.handoff.conftest import (
    COMMIT,
    CONFIG,
    LARGE,
    REPO,
    SHA256,
    SMALL,
    WEIGHTS,
    Looking,
    MakeHub,
)
from tests.fakes.hub import FakeHub, Fault, ListSource

FETCHING = """
import sys
from pathlib import Path
from api.handoff.errors import HandoffError
from api.handoff.fetching import fetch
from api.handoff.hub import Hub
from api.handoff.layout import Layout
from indexer.hub import HubConfig
from tests.api.handoff.conftest import LARGE, REPO, Looking
from tests.fakes.hub.asking import Clock

clock = Clock()
hub = Hub(HubConfig(upstream=sys.argv[1], token=""), sleep=clock.sleep)
try:
    fetch(hub.head(REPO, "main", LARGE), hub, Layout(Path(sys.argv[2])), Looking())
except HandoffError as error:
    print(error.word, error)
"""


@pytest.fixture
def remote(hub: Hub) -> RemoteFile:
    return hub.head(REPO, "main", LARGE)


def blobs(layout: Layout, repo_id: str = REPO) -> dict[str, int]:
    folder = layout.blob(repo_id, SHA256).parent
    return {one.name: one.stat().st_size for one in folder.iterdir()}


def test_a_file_comes_whole(hub: Hub, layout: Layout, remote: RemoteFile) -> None:
    looking = Looking()

    blob = fetch(remote, hub, layout, looking)

    assert blob == layout.blob(REPO, SHA256)
    assert blob.read_bytes() == WEIGHTS
    assert blobs(layout) == {SHA256: len(WEIGHTS)}
    assert (looking.starts, looking.done, looking.verified) == ([0], len(WEIGHTS), 1)
    assert not layout.snapshot(REPO, COMMIT).exists()


@pytest.mark.parametrize(("path", "content"), [(SMALL, CONFIG), ("empty", b"")])
def test_a_small_file_is_checked_by_gits_hash(hub: Hub, layout: Layout, path: str, content: bytes) -> None:
    assert fetch(hub.head(REPO, "main", path), hub, layout, Looking()).read_bytes() == content


def test_it_has_the_rights_that_every_new_file_has(hub: Hub, layout: Layout, remote: RemoteFile) -> None:
    before = os.umask(0o027)
    try:
        blob = fetch(remote, hub, layout, Looking())
    finally:
        os.umask(before)

    assert blob.stat().st_mode & 0o777 == 0o640
    assert blob.parent.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    "faults",
    [
        [Fault.truncate(route="cdn")],
        [Fault.reset(route="cdn"), Fault.reset(midway=True, route="cdn")],
        [Fault.drop(route="cdn"), Fault.drop(route="resolve")],
        [Fault.short_file()],
        [Fault.answer(503, route="resolve"), Fault.answer(500, route="cdn"), Fault.answer(408, route="cdn")],
        [Fault.answer(429, retry_after=9, route="resolve"), Fault.answer(429, route="cdn")],
        [Fault.answer(403, route="cdn"), Fault.garbage(route="cdn")],
        [Fault.truncate(route="cdn")] * 20,
    ],
)
def test_what_fails_is_tried_again(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile, faults: list[Fault]
) -> None:
    fake.script(faults)

    assert fetch(remote, hub, layout, Looking()).read_bytes() == WEIGHTS
    assert fake.faults_left == 0
    assert blobs(layout) == {SHA256: len(WEIGHTS)}


def test_it_goes_on_where_it_broke_off(hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile) -> None:
    fake.script([Fault.truncate(route="cdn")])
    looking = Looking()

    fetch(remote, hub, layout, looking)

    half = len(WEIGHTS) // 2
    assert [one.headers.get("range") for one in fake.cdn_requests] == [None, f"bytes={half}-"]
    assert len(fake.requests) == 3  # asked anew where it lies
    assert (looking.starts, looking.done) == ([0], len(WEIGHTS))


def test_failures_without_a_byte_end_it(hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile) -> None:
    fake.script([Fault.truncate(route="cdn")] + [Fault.answer(503, route="cdn")] * 20)
    looking = Looking()

    with pytest.raises(
        Unreachable, match="8 times in a row, the last time because the Hub's storage answered"
    ):
        fetch(remote, hub, layout, looking)
    assert blobs(layout) == {f"{SHA256}.hubdex.incomplete": len(WEIGHTS) // 2}
    fake.heal()
    assert fetch(remote, hub, layout, looking).read_bytes() == WEIGHTS


def test_a_silent_connection_is_given_up(
    make_hub: MakeHub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    fake.script([Fault.hold(1_000_000), Fault.stall(route="cdn"), Fault.stall(route="resolve")])

    assert fetch(remote, make_hub(read_timeout=0.2), layout, Looking()).read_bytes() == WEIGHTS


def test_silence_can_be_broken_off(hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile) -> None:
    def stop(looking: Looking) -> None:
        if looking.done:
            raise Interrupted

    fake.script([Fault.hold(1_000_000)])

    with pytest.raises(Interrupted):
        fetch(remote, hub, layout, Looking(stop))
    assert 0 < blobs(layout)[f"{SHA256}.hubdex.incomplete"] <= 1_000_000


def test_an_interrupted_file_is_gone_on_with(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    def stop(looking: Looking) -> None:
        if looking.done > 1_500_000:
            raise Interrupted

    with pytest.raises(Interrupted):
        fetch(remote, hub, layout, Looking(stop))
    there = blobs(layout)[f"{SHA256}.hubdex.incomplete"]
    looking = Looking()

    assert fetch(remote, hub, layout, looking).read_bytes() == WEIGHTS
    assert there > 1_500_000
    assert looking.starts == [there]
    assert fake.cdn_requests[-1].headers["range"] == f"bytes={there}-"


@pytest.mark.parametrize("faults", [[Fault.wrong_byte()], [Fault.truncate(route="cdn"), Fault.wrong_byte()]])
def test_a_wrong_byte_is_fetched_again_once(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile, faults: list[Fault]
) -> None:
    fake.script(faults)
    looking = Looking()

    assert fetch(remote, hub, layout, looking).read_bytes() == WEIGHTS
    assert looking.starts == [0, 0, 0]
    assert looking.verified == 2


@pytest.mark.parametrize("path", [LARGE, SMALL])
def test_wrong_bytes_never_lie_in_the_cache(hub: Hub, fake: FakeHub, layout: Layout, path: str) -> None:
    remote = hub.head(REPO, "main", path)
    fake.script([Fault.wrong_byte(route="cdn" if path == LARGE else "resolve")] * 2)

    with pytest.raises(WrongBytes, match="its hash is not the one"):
        fetch(remote, hub, layout, Looking())
    assert blobs(layout) == {}


@pytest.mark.parametrize("left", [WEIGHTS[:999_999] + b"x", WEIGHTS + b"x", b"x" * len(WEIGHTS)])
def test_what_lies_there_wrong_is_found_out(
    hub: Hub, layout: Layout, remote: RemoteFile, left: bytes
) -> None:
    layout.prepare(REPO, SHA256)
    layout.partial(REPO, SHA256).write_bytes(left)

    assert fetch(remote, hub, layout, Looking()).read_bytes() == WEIGHTS
    assert blobs(layout) == {SHA256: len(WEIGHTS)}


def test_a_blob_that_is_there_is_not_fetched(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    fetch(remote, hub, layout, Looking())
    fake.forget()
    looking = Looking()

    fetch(remote, hub, layout, looking)

    assert (fake.requests, looking.starts) == ([], [len(WEIGHTS)])


def test_a_blob_that_was_cut_is_fetched(hub: Hub, layout: Layout, remote: RemoteFile) -> None:
    layout.prepare(REPO, SHA256)
    layout.blob(REPO, SHA256).write_bytes(WEIGHTS[:-1])

    assert fetch(remote, hub, layout, Looking()).read_bytes() == WEIGHTS


def test_another_models_same_file_is_taken_over(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    first = fetch(remote, hub, layout, Looking())
    other = hub.head("acme/Copy", "main", LARGE)
    fake.forget()

    second = fetch(other, hub, layout, Looking())

    assert second == layout.blob("acme/Copy", SHA256)
    assert second.samefile(first)
    assert fake.requests == []
    assert blobs(layout, "acme/Copy") == {SHA256: len(WEIGHTS)}


def test_another_models_spoiled_file_is_not(hub: Hub, layout: Layout, remote: RemoteFile) -> None:
    first = fetch(remote, hub, layout, Looking())
    first.write_bytes(b"x" * len(WEIGHTS))

    second = fetch(hub.head("acme/Copy", "main", LARGE), hub, layout, Looking())

    assert second.read_bytes() == WEIGHTS
    assert first.read_bytes() == b"x" * len(WEIGHTS)


def test_two_at_once_fetch_it_once(hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile) -> None:
    fake.script([Fault.hold(1_000_000)])
    lookers = [Looking(), Looking()]
    threads = [threading.Thread(target=fetch, args=(remote, hub, layout, one)) for one in lookers]
    threads[0].start()
    fake.wait_until_held()
    told = threading.Event()
    lookers[1].waiting = lambda why: told.set() if why else None  # type: ignore[method-assign]
    threads[1].start()
    assert told.wait(30)
    fake.release()
    for thread in threads:
        thread.join()

    assert len(fake.cdn_requests) == 1
    assert [one.done for one in lookers] == [len(WEIGHTS)] * 2
    assert blobs(layout) == {SHA256: len(WEIGHTS)}


def test_another_clients_download_is_waited_for(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    def stop(looking: Looking) -> None:
        if looking.whys:
            raise Interrupted

    layout.prepare(REPO, SHA256)
    with WeakFileLock(layout.lock(REPO, SHA256)), pytest.raises(Interrupted):
        fetch(remote, hub, layout, Looking(stop))
    assert fake.cdn_requests == []


def start(fake: FakeHub, layout: Layout, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FETCHING, fake.url, str(layout.cache)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=before,  # noqa: PLW1509
    )


def test_a_killed_process_leaves_what_it_has(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    fake.script([Fault.hold(2_500_000)])
    child = start(fake, layout)
    fake.wait_until_held()
    partial = layout.partial(REPO, SHA256)
    _until(lambda: partial.exists() and partial.stat().st_size > 2_000_000)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    there = partial.stat().st_size
    looking = Looking()

    assert blobs(layout) == {partial.name: there}
    assert fetch(remote, hub, layout, looking).read_bytes() == WEIGHTS
    assert looking.starts == [there]
    assert fake.cdn_requests[-1].headers["range"] == f"bytes={there}-"


def test_a_full_disk_is_told_and_what_came_stays(
    hub: Hub, fake: FakeHub, layout: Layout, remote: RemoteFile
) -> None:
    child = start(fake, layout, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)))
    said, _ = child.communicate()

    assert said.startswith(f"no_space The disk of {layout.cache} is too full: ")
    assert blobs(layout) == {f"{SHA256}.hubdex.incomplete": 2_000_000}
    looking = Looking()
    assert fetch(remote, hub, layout, looking).read_bytes() == WEIGHTS
    assert looking.starts == [2_000_000]


def test_a_disk_that_cannot_take_it_is_told_before(
    hub: Hub, fake: FakeHub, layout: Layout, source: ListSource
) -> None:
    huge = RemoteFile(REPO, COMMIT, LARGE, SHA256, 10**17)

    with pytest.raises(NoSpace, match=r"100000\.00 TB are needed, .* are free") as caught:
        fetch(huge, hub, layout, Looking())
    assert caught.value.needed_bytes > 10**17
    assert fake.requests == []


def test_xet_that_fails_is_followed_by_http(source: ListSource, make_hub: MakeHub, layout: Layout) -> None:
    with FakeHub(source, offers_xet=True) as fake:
        hub = make_hub(upstream=fake.url)
        remote = hub.head(REPO, "main", LARGE)
        blob = fetch(remote, hub, layout, Looking(), xet_from_bytes=0)

    assert remote.xet_hash is not None
    assert blob.read_bytes() == WEIGHTS
    assert any("xet-read-token" in one.path for one in fake.requests)
    assert blobs(layout) == {SHA256: len(WEIGHTS)}


def test_xet_is_left_alone_where_http_does(source: ListSource, make_hub: MakeHub, layout: Layout) -> None:
    with FakeHub(source, offers_xet=True) as fake:
        hub = make_hub(upstream=fake.url)
        fetch(hub.head(REPO, "main", LARGE), hub, layout, Looking())

    assert not any("xet" in one.path for one in fake.requests)


def _until(is_so: Callable[[], bool]) -> None:
    event = threading.Event()
    for _ in range(3_000):
        if is_so():
            return
        event.wait(0.01)
    raise TimeoutError
