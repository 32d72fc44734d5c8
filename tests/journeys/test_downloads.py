"""Downloads by the running product: killed at any moment, gone on with, used offline."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.handoff.jobs.store import JobStore
from tests.fakes.hub import FakeHub, Fault
from tests.journeys.downloading import (
    HELD_BYTES,
    MODEL,
    PATH,
    WEIGHTS,
    call,
    events,
    gale_hub,
    only_file,
    partial_bytes,
    product_at,
    read_offline,
    seen,
    until,
)
from tests.journeys.forking import Done, Forks, Kind
from tests.journeys.running import read_line, wait_until

ASKED = {"model": MODEL, "files": [PATH]}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with gale_hub() as hub:
        yield hub
        hub.release()


def test_a_killed_service_goes_on_and_the_file_is_used_offline(hub: FakeHub, tmp_path: Path) -> None:
    product, cache = product_at(hub, tmp_path), tmp_path / "cache"
    hub.script([Fault.hold(after_bytes=HELD_BYTES)])
    with product.running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        status, asked = call(url, "POST", "/v1/downloads", ASKED)
        hub.wait_until_held()
        wait_until(lambda: partial_bytes(cache) > 0, "its first bytes")
        service.kill()
        service.wait()
    before = partial_bytes(cache)
    assert status == 202
    assert seen(cache) == []
    with product.running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        ready = until(url, asked["job_id"], "ready")

    assert only_file(ready)["resumed_from"] == before
    assert hub.cdn_requests[-1].headers["range"] == f"bytes={before}-"
    assert read_offline(cache) == WEIGHTS
    with JobStore(f"sqlite:///{product.home / 'jobs.db'}") as store:
        [revision] = store.revisions()
    assert (revision.repo_id, revision.paths, revision.is_new) == (MODEL, (PATH,), True)
    assert revision.finished_at is not None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("hears_ctrl_c")
def test_the_same_command_goes_on(hub: FakeHub, tmp_path: Path, number: signal.Signals) -> None:
    product, cache = product_at(hub, tmp_path), tmp_path / "cache"
    hub.script([Fault.hold(after_bytes=HELD_BYTES)])
    with product.running("api", "get", MODEL, "--file", PATH) as command:
        hub.wait_until_held()
        wait_until(lambda: partial_bytes(cache) > 0, "its first bytes")
        command.send_signal(number)
        out, err = command.communicate(timeout=30)
    assert out == ""
    assert seen(cache) == []
    assert partial_bytes(cache) > 0
    if number != signal.SIGKILL:
        assert command.returncode == 130
        assert "The same command goes on from there." in err
    ended = product.run("api", "get", MODEL, "--file", PATH)

    assert (ended.code, ended.err.count("Traceback")) == (0, 0), ended.err
    assert Path(ended.out.strip()).name == PATH
    assert Path(ended.out.strip()).read_bytes() == WEIGHTS
    assert "range" in hub.cdn_requests[-1].headers
    again = product.run("api", "get", f"hf.co/{MODEL}:Q4_K_M", "--json")
    assert again.json()["state"] == "already_downloaded"
    assert len(hub.cdn_requests) == 2


@pytest.mark.usefixtures("hears_ctrl_c")
def test_the_command_lets_the_service_do_it(hub: FakeHub, tmp_path: Path) -> None:
    product = product_at(hub, tmp_path)
    hub.script([Fault.hold(after_bytes=HELD_BYTES)])
    with product.running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        with product.running("api", "get", MODEL, "--file", PATH) as command:
            hub.wait_until_held()
            command.send_signal(signal.SIGINT)
            _, err = command.communicate(timeout=30)
        listed = call(url, "GET", "/v1/downloads")[1]["downloads"]
        assert isinstance(listed, list)
        assert command.returncode == 130
        assert "goes on with the download" in err
        assert listed[0]["state"] == "downloading"
        hub.release()
        ended = product.run("api", "get", MODEL, "--file", PATH, "--url", url)
        refused = product.run("api", "get", "https://evil.example/a/b")
        missing = product.run("api", "get", "acme/Nowhere")

    assert ended.code == 0
    assert Path(ended.out.strip()).read_bytes() == WEIGHTS
    assert (refused.code, missing.code) == (2, 1)
    assert refused.err.startswith("hubdex: ")
    assert len(hub.cdn_requests) == 1


def test_exit_codes_alone(hub: FakeHub, tmp_path: Path) -> None:
    product = product_at(hub, tmp_path)
    hub.script([Fault.wrong_byte(), Fault.wrong_byte()])
    wrong = product.run("api", "get", MODEL, "--file", PATH)
    queued = product.run("api", "get", MODEL, "--file", "README.md", "--no-wait", "--json")
    hub.stop()
    away = product.run("api", "get", MODEL, "--everything")

    assert (wrong.code, queued.code, away.code) == (1, 0, 75)
    assert PATH in wrong.err
    assert queued.json()["state"] == "queued"
    assert seen(tmp_path / "cache") == []


def test_a_whole_download_is_told_live(hub: FakeHub, tmp_path: Path) -> None:
    hub.script([Fault.hold(after_bytes=HELD_BYTES)])
    with product_at(hub, tmp_path).running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        asked = call(url, "POST", "/v1/downloads", ASKED)[1]
        hub.wait_until_held()
        told = []
        for event in events(url, "/v1/downloads/events"):
            told.append(event)
            hub.release()
            if event["state"] == "ready":
                service.terminate()  # whoever still listens is let go at once
        service.communicate(timeout=20)

    assert service.returncode == 0
    assert {one["job_id"] for one in told} == {asked["job_id"]}
    assert (told[0]["state"], told[-1]["state"]) == ("downloading", "ready")
    done = [int(str(one["downloaded_bytes"])) for one in told]
    assert done == sorted(done)
    assert done[-1] == len(WEIGHTS)
    assert "token" not in str(told).lower()
    assert "Signature" not in str(told)


@pytest.mark.parametrize("kind", ["sql", "file"])
def test_killed_before_any_write_it_goes_on(forks: Forks, hub: FakeHub, tmp_path: Path, kind: Kind) -> None:
    def run(folder: Path, kill: tuple[Kind, int] | None = None) -> Done:
        product = product_at(hub, folder)
        own = {"HF_HUB_CACHE": str(product.home / "cache")}
        return forks.run(
            "api", "get", MODEL, "--file", PATH, environment=product.environment | own, kill=kill
        )

    whole = run(tmp_path / "whole")
    writes = whole.of(kind)
    assert len(writes) > 5
    for number in range(1, len(writes) + 1):
        folder = tmp_path / str(number)
        killed = run(folder, (kind, number))
        if killed.code != -signal.SIGKILL:
            continue  # threads write in another order each time: this one came to its end before
        cache = folder / "home" / "cache"
        assert all(path.read_bytes() == WEIGHTS for path in seen(cache)), writes[number - 1]
        ended = run(folder)
        assert ended.code == 0, (writes[number - 1], ended.err)
        assert Path(ended.out.strip()).read_bytes() == WEIGHTS
        with JobStore(f"sqlite:///{folder / 'home' / 'jobs.db'}") as store:
            assert [one.paths for one in store.revisions() if one.finished_at and one.is_new] == [(PATH,)]
            assert not store.open_jobs()
