import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.fakes.hub import FakeHub, Fault, GeneratedSource, ListSource, Row, TreesSource, make_row
from tests.fakes.hub.asking import ask, walk

TOKEN = "hf_valid"
SHA = "5" * 40
Q4 = {"rfilename": "quants/Q4_K_M.gguf", "size": 4_920_734_912, "lfs": {"sha256": "a" * 64}}
FILES = [{"rfilename": "README.md", "size": 31}, Q4, {"rfilename": "quants/deep/Q8_0.gguf"}]
TREE = f"/api/models/acme/Gale/tree/{SHA}"


@pytest.fixture
def source() -> ListSource:
    return ListSource([make_row(id="acme/Gale", sha=SHA, siblings=FILES), make_row(id="oldie")])


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN) as running:
        yield running


def by_path(entries: list[Row]) -> dict[str, Row]:
    return {str(entry["path"]): entry for entry in entries}


def test_a_tree_names_files_and_folders_with_their_sizes_and_hashes(hub: FakeHub) -> None:
    entries = by_path(ask(hub, f"{TREE}?recursive=true").rows)

    assert list(entries) == [
        "README.md",
        "quants",
        "quants/Q4_K_M.gguf",
        "quants/deep",
        "quants/deep/Q8_0.gguf",
    ]
    assert set(entries["README.md"]) == {"type", "oid", "size", "path"}
    assert (entries["quants"]["type"], entries["quants"]["size"]) == ("directory", 0)
    quant = entries["quants/Q4_K_M.gguf"]
    assert quant["lfs"] == {"oid": "a" * 64, "size": 4_920_734_912, "pointerSize": 135}
    assert (quant["size"], len(str(quant["oid"]))) == (4_920_734_912, 40)
    assert "xetHash" not in quant
    assert "sha256" not in str(entries)  # that is how the model's own endpoint calls it


def test_a_tree_is_shown_a_folder_at_a_time(hub: FakeHub) -> None:
    assert [entry["path"] for entry in ask(hub, TREE).rows] == ["README.md", "quants"]
    inside = ask(hub, f"{TREE}/quants").rows
    assert [entry["path"] for entry in inside] == ["quants/Q4_K_M.gguf", "quants/deep"]
    nowhere = ask(hub, f"{TREE}/nowhere")
    assert (nowhere.status, nowhere.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert nowhere.headers["X-Repo-Commit"] == SHA


@pytest.mark.parametrize("revision", [SHA, SHA[:8], "main"])
def test_a_tree_is_of_a_commit(hub: FakeHub, revision: str) -> None:
    assert ask(hub, f"/api/models/acme/Gale/tree/{revision}").status == 200


def test_a_commit_that_is_not_there_is_said_so(hub: FakeHub) -> None:
    gone = ask(hub, f"/api/models/acme/Gale/tree/{'6' * 40}")

    assert (gone.status, gone.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    assert gone.error.startswith("Invalid rev id")


def test_pages_are_as_large_as_the_hub_likes_and_link_on(source: ListSource) -> None:
    with FakeHub(source, tree_entries=2) as hub:
        first = ask(hub, f"{TREE}?recursive=true")

        assert len(first.rows) == 2
        assert first.next_url is not None
        assert first.next_url.startswith(f"{hub.url}{TREE}?recursive=true&cursor=")
        assert len(walk(hub, f"{TREE}?recursive=true")) == 5
        assert len(ask(hub, f"{TREE}?recursive=true&limit=1").rows) == 1
        assert len(ask(hub, f"{TREE}?recursive=true&limit=1000").rows) == 2
        other = ask(hub, first.next_url.replace("acme/Gale", "oldie").replace(SHA, "main"))
        assert (other.status, other.error) == (400, "Invalid cursor")


def test_an_expanded_tree_says_more_on_smaller_pages(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", siblings=[{"rfilename": f"{n}.bin"} for n in range(60)])

    entries = ask(hub, "/api/models/oldie/tree/main?expand=true").rows

    assert len(entries) == 50
    assert {"lastCommit", "securityFileStatus"} <= set(entries[0])


def test_what_is_not_known_is_refused(hub: FakeHub) -> None:
    for query in ("path=quants", "limit=0", "limit=x", "recursive=perhaps", "cursor=x"):
        assert ask(hub, f"{TREE}?{query}").status == 400


def test_gated_trees_are_public_and_disabled_ones_are_not(hub: FakeHub, source: ListSource) -> None:
    source.change("acme/Gale", gated="manual")
    assert ask(hub, TREE).status == 200

    source.change("acme/Gale", disabled=True)
    disabled = ask(hub, TREE)
    assert disabled.status == 403
    assert disabled.headers["X-Error-Message"] == "Access to this resource is disabled."
    assert ask(hub, "/api/models/acme/Gale").status == 200


def test_renamed_trees_redirect_and_missing_ones_are_as_missing_as_their_model(
    hub: FakeHub, source: ListSource
) -> None:
    source.rename("acme/Gale", "storm/Gale")
    source.change("oldie", private=True)

    moved = ask(hub, f"{TREE}?recursive=true")
    assert (moved.status, moved.headers["Location"]) == (
        307,
        f"/api/models/storm/Gale/tree/{SHA}?recursive=true",
    )
    for missing in ("/api/models/oldie/tree/main", "/api/models/nobody/x/tree/main"):
        assert ask(hub, missing).status == 401
        signed_in = ask(hub, missing, token=TOKEN)
        assert (signed_in.status, signed_in.headers["X-Error-Code"]) == (404, "RepoNotFound")


def test_a_tree_of_its_own_is_shown_as_it_is_and_nowhere_else(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", tree=[{"type": "file"}, 7])

    assert ask(hub, "/api/models/oldie/tree/main?recursive=true").json() == [{"type": "file"}, 7]
    model = ask(hub, "/api/models/oldie").json()
    assert "tree" not in cast("Row", model)


def test_trees_have_faults_of_their_own(hub: FakeHub) -> None:
    hub.script([Fault.answer(503, route="tree")])

    assert ask(hub, "/api/models/acme/Gale").status == 200
    assert ask(hub, TREE).status == 503
    assert ask(hub, TREE).status == 200


def test_generated_quants_weigh_what_their_bits_say() -> None:
    source = GeneratedSource(3_000, seed=5)
    rows = [row for row in source.rows() if "gguf" in row and not row["disabled"]][:20]
    with FakeHub(source) as hub:
        for row in rows:
            total = cast("dict[str, int]", row["gguf"])["total"]
            entries = by_path(ask(hub, f"/api/models/{row['id']}/tree/{row['sha']}?recursive=true").rows)
            quants = {path: one for path, one in entries.items() if path.endswith("Q6_K.gguf")}
            [quant] = quants.values()
            assert 6.6 <= cast("int", quant["size"]) * 8 / total < 6.9
            assert len({str(one["lfs"]) for one in entries.values() if "lfs" in one}) > 4


def test_a_push_leaves_the_hashes_of_other_files_alone(source: ListSource) -> None:
    row = source.find("oldie")
    assert row is not None
    with FakeHub(source) as hub:
        before = by_path(ask(hub, "/api/models/oldie/tree/main").rows)
        files = [*cast("list[Row]", row["siblings"]), {"rfilename": "more.gguf"}]
        source.change("oldie", sha="9" * 40, siblings=files)
        after = by_path(ask(hub, "/api/models/oldie/tree/main").rows)

    assert after.pop("more.gguf")["lfs"] is not None
    assert after == before


@pytest.mark.real_data
def test_real_trees_are_served_with_their_sizes() -> None:
    folder = Path(os.environ.get("HUBDEX_TEST_DATA") or "/nonexistent")
    if not (folder / "gguf_trees.jsonl.gz").is_file():
        pytest.skip("no real data: set HUBDEX_TEST_DATA to a folder with gguf_trees.jsonl.gz")
    source = TreesSource(folder, limit=300)
    with FakeHub(source) as hub:
        for row in source.rows()[::30]:
            entries = ask(hub, f"/api/models/{row['id']}/tree/{row['sha']}?recursive=true").rows
            told = {file["rfilename"]: file.get("size") for file in cast("list[Row]", row["siblings"])}
            shown = {one["path"]: one["size"] for one in entries if one["type"] == "file"}
            assert shown.keys() == told.keys()
            assert all(size is None or shown[path] == size for path, size in told.items())
