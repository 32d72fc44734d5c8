import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
from huggingface_hub._local_folder import CACHEDIR_TAG_CONTENT
from hypothesis import given, settings
from hypothesis import strategies as st

from api.handoff.errors import BadReference, CacheUnusable, HandoffError
from api.handoff.fetching import fetch
from api.handoff.hub import Hub, RemoteFile
from api.handoff.layout import Layout
from tests.api.handoff.conftest import COMMIT, CONFIG, LARGE, REPO, SHA1, SHA256, SMALL, WEIGHTS, Looking
from tests.fakes.hub import FakeHub

FILES = [(LARGE, SHA256), (SMALL, SHA1)]
OFFLINE = """
import json, sys
from huggingface_hub import hf_hub_download, snapshot_download
repo, revision, path = sys.argv[1:]
folder = snapshot_download(repo, revision=revision)
print(json.dumps([folder, hf_hub_download(repo, path, revision=revision)]))
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from api.handoff.layout import Layout
from tests.api.handoff.test_layout import FILES, COMMIT, REPO, fill

def publish(folder, left):
    def struck(event, _arguments):
        nonlocal left
        if event in ("open", "os.mkdir", "os.symlink", "os.rename", "os.remove"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    layout = Layout(Path(folder) / str(left))
    fill(layout)
    sys.addaudithook(struck)
    layout.publish(REPO, COMMIT, FILES, "refs/pr/1")
    os._exit(0)

for left in range(200):
    child = os.fork()
    if not child:
        publish(sys.argv[1], left)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code)
    if code == 0:
        break
"""


@pytest.fixture
def filled(layout: Layout) -> Layout:
    """Both blobs are there, and nothing else."""
    fill(layout)
    return layout


def fill(layout: Layout) -> None:
    for etag, content in ((SHA256, WEIGHTS), (SHA1, CONFIG)):
        layout.prepare(REPO, etag)
        layout.blob(REPO, etag).write_bytes(content)


def below(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir()}


@pytest.mark.parametrize("revision", ["main", "v1.0/beta", "refs/pr/3", COMMIT])
def test_the_real_client_finds_it_offline(
    hub: Hub, fake: FakeHub, layout: Layout, tmp_path: Path, revision: str
) -> None:
    for path in (SMALL, LARGE):
        fetch(hub.head(REPO, "main", path), hub, layout, Looking())
    folder = layout.publish(REPO, COMMIT, FILES, revision)

    offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(layout.cache), "HF_ENDPOINT": fake.url}
    fake.forget()
    told = subprocess.run(
        [sys.executable, "-c", OFFLINE, REPO, revision, LARGE],
        env=os.environ | offline, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert json.loads(told.stdout) == [str(folder), str(folder / LARGE)]
    assert (folder / LARGE).read_bytes() == WEIGHTS
    found = hf_hub_download(REPO, SMALL, revision=revision, cache_dir=layout.cache, local_files_only=True)
    assert Path(found).read_bytes() == CONFIG
    assert snapshot_download(REPO, revision=revision, cache_dir=layout.cache, local_files_only=True) == str(
        folder
    )
    assert fake.requests == []


def test_the_real_client_counts_it_as_its_own(hub: Hub, layout: Layout) -> None:
    for path in (SMALL, LARGE):
        fetch(hub.head(REPO, "main", path), hub, layout, Looking())
    layout.publish(REPO, COMMIT, FILES, "main")

    scanned = scan_cache_dir(layout.cache)
    (repo,) = scanned.repos
    (revision,) = repo.revisions
    assert scanned.warnings == []
    assert (repo.repo_id, revision.commit_hash, set(revision.refs)) == (REPO, COMMIT, {"main"})
    assert {str(file.file_path.relative_to(revision.snapshot_path)) for file in revision.files} == {
        SMALL,
        LARGE,
    }
    assert (layout.cache / "CACHEDIR.TAG").read_text() == CACHEDIR_TAG_CONTENT


def test_links_are_relative_and_lead_to_the_blobs(filled: Layout) -> None:
    folder = filled.publish(REPO, COMMIT, FILES, "main")

    assert (folder / SMALL).readlink() == Path("../../blobs") / SHA1
    assert (folder / LARGE).readlink() == Path("../../../blobs") / SHA256
    assert filled.has(RemoteFile(REPO, COMMIT, LARGE, SHA256, len(WEIGHTS)))
    assert not filled.has(RemoteFile(REPO, COMMIT, LARGE, SHA256, len(WEIGHTS) - 1))
    assert not filled.has(RemoteFile(REPO, COMMIT, "other", SHA256, len(WEIGHTS)))


def test_publishing_again_changes_nothing(filled: Layout) -> None:
    folder = filled.publish(REPO, COMMIT, FILES, "main")
    before = {one: (folder / one).lstat().st_ino for one in below(folder)}

    filled.publish(REPO, COMMIT, FILES, "main")

    assert {one: (folder / one).lstat().st_ino for one in below(folder)} == before


def test_what_leads_elsewhere_is_put_right(filled: Layout) -> None:
    folder = filled.snapshot(REPO, COMMIT)
    folder.mkdir(parents=True)
    (folder / SMALL).symlink_to("../../blobs/none")

    filled.publish(REPO, COMMIT, FILES, "main")

    assert (folder / SMALL).read_bytes() == CONFIG
    assert below(filled.blob(REPO, SHA1).parent) == {SHA1, SHA256}


def test_a_branch_that_moved_leads_to_the_new_commit(filled: Layout) -> None:
    other = "9" * 40
    filled.publish(REPO, COMMIT, FILES, "main")
    filled.publish(REPO, other, FILES[1:], "main")

    assert (filled.repo(REPO) / "refs" / "main").read_text() == other
    assert (filled.snapshot(REPO, COMMIT) / LARGE).is_file()


def test_nothing_is_seen_while_a_blob_is_missing(filled: Layout) -> None:
    filled.blob(REPO, SHA1).unlink()

    with pytest.raises(CacheUnusable, match="cannot be used"):
        filled.publish(REPO, COMMIT, FILES, "main")
    assert not filled.snapshot(REPO, COMMIT).exists()
    assert not (filled.repo(REPO) / "refs").exists()


@pytest.mark.parametrize("lead", ["..", "/etc", "../../../.."])
def test_a_linked_folder_is_not_followed(filled: Layout, lead: str) -> None:
    folder = filled.snapshot(REPO, COMMIT)
    folder.mkdir(parents=True)
    (folder / "q").symlink_to(lead)
    before = below(filled.cache)

    with pytest.raises(CacheUnusable, match="something else where the folder 'q'"):
        filled.publish(REPO, COMMIT, [(LARGE, SHA256)], "main")
    assert below(filled.cache) == before


@pytest.mark.parametrize(
    "path",
    [
        "..", "../x", "a/../x", "/x", "//x", "", ".", "./x", "a//x", "x/", "a\\..\\x", "..\\x", "C:x", "C:/x",
        "a/C:/x", "x\0", "x\n", "a" * 256, "/".join(["a" * 200] * 10), "\ud800", "ü" * 128,
    ],
)  # fmt: skip
def test_paths_that_lead_out_are_refused(filled: Layout, path: str) -> None:
    before = below(filled.cache)

    with pytest.raises(BadReference):
        filled.publish(REPO, COMMIT, [(SMALL, SHA1), (path, SHA1)], "main")
    with pytest.raises(BadReference):
        filled.publish(REPO, COMMIT, FILES, path)
    with pytest.raises(BadReference):
        filled.has(RemoteFile(REPO, COMMIT, path, SHA1, 1))
    assert below(filled.cache) == before


@pytest.mark.parametrize("wrong", ["", "..", "../x", "a/b/c", "a\\b", "/a", "a--b/c", "x" * 97])
def test_names_that_lead_out_are_refused(layout: Layout, wrong: str) -> None:
    makers: list[Callable[[], object]] = [
        lambda: layout.repo(wrong),
        lambda: layout.snapshot(REPO, wrong),
        lambda: layout.blob(REPO, wrong),
        lambda: layout.partial(REPO, wrong),
        lambda: layout.lock(REPO, wrong),
    ]
    for make in makers:
        with pytest.raises(BadReference):
            make()


parts = st.sampled_from(
    ["..", ".", "", "a", "b.bin", "\\", "C:", "~", "x y", "ü", "-", "%2e%2e", "\0", "refs"]
)
odd = st.lists(parts, min_size=1, max_size=6).map("/".join) | st.text(max_size=20)


@settings(max_examples=200, deadline=None)
@given(path=odd, revision=odd)
def test_nothing_is_ever_written_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, path: str, revision: str
) -> None:
    top = tmp_path_factory.mktemp("top")
    layout = Layout(top / "cache")
    layout.prepare(REPO, SHA1)
    layout.blob(REPO, SHA1).write_bytes(CONFIG)
    before = below(top)
    try:
        folder = layout.publish(REPO, COMMIT, [(path, SHA1)], revision)
    except HandoffError:
        assert below(top) == before
        return

    new = below(top) - before
    link, *ref = sorted(new, key=lambda one: "/refs/" in f"/{one}" and "/snapshots/" not in f"/{one}")
    assert len(new) == 1 + (revision != COMMIT)
    assert (top / link) == folder / path
    assert (top / link).resolve() == layout.blob(REPO, SHA1)
    assert [str(top / one) for one in ref] == [str(layout.repo(REPO) / "refs" / revision)]


def test_killed_anywhere_nothing_half_is_seen(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    *killed, last = map(int, done.stdout.split())

    assert set(killed) == {-signal.SIGKILL}
    assert len(killed) > 8
    assert last == 0
    for left in range(len(killed) + 1):
        assert_whole_or_unseen(Layout(tmp_path / str(left)), is_done=left == len(killed))


def assert_whole_or_unseen(layout: Layout, *, is_done: bool) -> None:
    folder, ref = layout.snapshot(REPO, COMMIT), layout.repo(REPO) / "refs" / "refs" / "pr" / "1"
    for path, content in ((LARGE, WEIGHTS), (SMALL, CONFIG)):
        assert not (folder / path).is_symlink() or (folder / path).read_bytes() == content
    assert ref.exists() or not is_done
    if ref.exists():
        assert ref.read_text() == COMMIT
        assert below(folder) == {LARGE, SMALL}
    layout.publish(REPO, COMMIT, FILES, "refs/pr/1")
    assert below(layout.repo(REPO) / "refs") == {"refs/pr/1"}
    assert below(folder) == {LARGE, SMALL}
