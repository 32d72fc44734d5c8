"""What is deleted when somebody asks for it, and what goes unasked."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.config import ApiConfig
from api.handoff.cache.errors import NotInCache, OverCacheLimit, Protected
from api.handoff.cache.keeping import delete_revision, make_room, pin_revision
from api.handoff.cache.looking import find_revision, look
from api.handoff.jobs.records import Job, JobFile, State, Wanted
from api.handoff.jobs.store import JobStore
from indexer.catalog.store import utc_now
from indexer.errors import BadRequest, Busy
from indexer.process import exclusive
from tests.api.handoff.cache.making import ONE, THREE, TWO, contents_in, put, put_ours, revisions_in

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def job(
    repo_id: str, commit: str, state: State, number: int = 1, etag: str = "e" * 64, size: int = 1_000
) -> Job:
    wanted = Wanted(repo_id, "main", commit, ("x.gguf",))
    file = JobFile("x.gguf", size, etag, 3, 0, "downloading")
    return Job(f"{number:016x}", wanted, state, (file,), NOON, NOON)


def limited(config: ApiConfig, limit: int) -> ApiConfig:
    return config.model_copy(update={"cache_limit": limit})


def test_what_hubdex_downloaded_is_deleted_and_forgotten(
    config: ApiConfig, store: JobStore, cache: Path
) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"12345"}, ref="main")

    one, freed = delete_revision(config, store, "acme/gale", "main")

    assert (one.snapshot.commit, freed) == (ONE, 5)
    assert revisions_in(cache) == set()
    assert store.revisions() == []


def test_the_users_own_goes_only_by_force(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"12345"})

    with pytest.raises(Protected, match="Hubdex did not download"):
        delete_revision(config, store, "acme/gale", ONE)
    assert revisions_in(cache) == {("acme/gale", ONE)}
    delete_revision(config, store, "acme/gale", ONE, force=True)
    assert revisions_in(cache) == set()


def test_what_is_pinned_or_being_downloaded_stays_even_by_force(
    config: ApiConfig, store: JobStore, cache: Path
) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a"})
    put_ours(store, cache, "acme/wind", ONE, {"a": b"a"})
    pin_revision(config, store, "acme/gale", ONE, pinned=True)
    store.add(job("acme/wind", TWO, "paused"))

    with pytest.raises(Protected, match="pinned"):
        delete_revision(config, store, "acme/gale", ONE, force=True)
    with pytest.raises(Protected, match="under way"):
        delete_revision(config, store, "acme/wind", ONE, force=True)

    pin_revision(config, store, "acme/gale", ONE, pinned=False)
    delete_revision(config, store, "acme/gale", ONE)
    assert revisions_in(cache) == {("acme/wind", ONE)}


def test_with_a_revision_goes_what_was_begun_of_it(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a"})
    blobs = cache / "models--acme--gale" / "blobs"
    (blobs / f"{'b' * 64}.hubdex.incomplete").write_bytes(b"12")
    (blobs / f"{'e' * 64}.hubdex.incomplete").write_bytes(b"123")
    store.add(job("acme/gale", TWO, "failed"))

    _, freed = delete_revision(config, store, "acme/gale", ONE)

    assert freed == 1 + 2
    assert contents_in(cache) == [f"{'e' * 64}.hubdex.incomplete"]


def test_what_is_meant_has_to_be_clear(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"}, ref="main")
    put(cache, "acme/gale", TWO, {"b": b"b"}, ref="refs/pr/1")
    put(cache, "acme/wind", THREE, {"b": b"b"})
    state = look(config, store, None, utc_now)

    for revision, commit in (("main", ONE), ("refs/pr/1", TWO), (TWO, TWO), ("222222", TWO)):
        assert find_revision(state, "acme/gale", revision).snapshot.commit == commit
    assert find_revision(state, "acme/wind").snapshot.commit == THREE
    with pytest.raises(BadRequest, match="2 such revisions"):
        find_revision(state, "acme/gale")
    for repo_id, revision in (
        ("acme/gale", "22222"),
        ("acme/gale", "dev"),
        ("acme/none", ""),
        ("acme/gale", ".."),
    ):
        with pytest.raises(NotInCache):
            find_revision(state, repo_id, revision)


def test_without_a_limit_nothing_goes(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 1_000})

    assert make_room(config, store, needed_bytes=10**12) == 0
    assert revisions_in(cache) == {("acme/gale", ONE)}


def test_what_was_used_longest_ago_makes_room(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/old", ONE, {"a": b"a" * 400}, used_at=1_000)
    put_ours(store, cache, "acme/new", ONE, {"b": b"b" * 400}, used_at=3_000)
    put_ours(store, cache, "acme/middle", ONE, {"c": b"c" * 400}, used_at=2_000)
    put(cache, "me/mine", ONE, {"d": b"d" * 4_000}, used_at=1)

    assert make_room(limited(config, 1_200), store) == 0
    assert make_room(limited(config, 1_200), store, needed_bytes=100) == 400
    assert revisions_in(cache) == {("acme/new", ONE), ("acme/middle", ONE), ("me/mine", ONE)}
    assert make_room(limited(config, 400), store, keep=[("acme/middle", ONE)]) == 400
    assert revisions_in(cache) == {("acme/middle", ONE), ("me/mine", ONE)}
    assert [one.repo_id for one in store.revisions()] == ["acme/middle"]


def test_what_can_never_fit_evicts_nothing(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 400})
    put_ours(store, cache, "acme/pinned", ONE, {"b": b"b" * 600})
    pin_revision(config, store, "acme/pinned", ONE, pinned=True)

    with pytest.raises(OverCacheLimit) as refused:
        make_room(limited(config, 1_000), store, needed_bytes=401)
    assert refused.value.left_bytes == 400
    assert len(revisions_in(cache)) == 2
    assert make_room(limited(config, 1_000), store, needed_bytes=400) == 400
    assert revisions_in(cache) == {("acme/pinned", ONE)}


def test_room_is_made_for_what_others_bring_meanwhile(
    config: ApiConfig, store: JobStore, cache: Path
) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 400})
    store.add(job("acme/wind", TWO, "downloading", size=500))

    assert make_room(limited(config, 1_000), store, needed_bytes=500, keep=[("acme/wind", TWO)]) == 0
    assert make_room(limited(config, 1_000), store, needed_bytes=500, keep=[("acme/rain", ONE)]) == 400


def test_a_model_being_downloaded_stays_whatever_the_limit(
    config: ApiConfig, store: JobStore, cache: Path
) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 400})
    store.add(job("acme/gale", TWO, "queued"))

    assert make_room(limited(config, 1), store) == 0
    assert revisions_in(cache) == {("acme/gale", ONE)}


def test_what_the_user_downloads_again_is_the_users(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 400})
    delete_revision(config, store, "acme/gale", ONE)
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a" * 400})
    (cache / "models--acme--gale").rename(cache.parent / "away")

    assert make_room(limited(config, 1), store) == 0
    (cache.parent / "away").rename(cache / "models--acme--gale")
    assert make_room(limited(config, 1), store) == 0
    assert revisions_in(cache) == {("acme/gale", ONE)}


def test_only_one_deletes_at_a_time(config: ApiConfig, store: JobStore, cache: Path) -> None:
    put_ours(store, cache, "acme/gale", ONE, {"a": b"a"})
    refused: list[BaseException] = []

    def delete() -> None:
        try:
            delete_revision(config, store, "acme/gale", ONE)
        except Busy as error:
            refused.append(error)

    with exclusive(config.lock_folder, "cache deletion"):
        other = threading.Thread(target=delete)
        other.start()
        other.join()
    assert len(refused) == 1
    assert revisions_in(cache) == {("acme/gale", ONE)}
