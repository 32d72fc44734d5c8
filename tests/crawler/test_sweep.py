"""What a full pass did not see is asked for by name before it counts as gone."""

from collections.abc import Callable

import pytest

from indexer.errors import ModelNotFound
from tests.crawler.conftest import Crawler
from tests.fakes.hub import FakeHub, Fault, ListSource, make_row

StartHub = Callable[..., FakeHub]

TOKEN = "hf_PlantedSecretToken123"


def models_of(hub: FakeHub) -> ListSource:
    assert isinstance(hub.source, ListSource)
    return hub.source


def asked_by_name(hub: FakeHub) -> list[str]:
    prefix = "/api/models/"
    return [one.path.removeprefix(prefix) for one in hub.requests if one.path.startswith(prefix)]


@pytest.mark.parametrize("token", ["", TOKEN])
def test_deleted_and_hidden_models_are_removed(crawler: Crawler, start_hub: StartHub, token: str) -> None:
    hub = start_hub(1_300, token=TOKEN)
    crawler.run(hub.url, "full", HF_TOKEN=token)
    models_of(hub).delete("acme/gale-7")
    models_of(hub).change("acme/gale-8", private=True)
    hub.forget()

    ended = crawler.run(hub.url, "full", "--json", HF_TOKEN=token)

    assert ended.code == 0, ended.err
    assert (ended.report["suspects"], ended.report["removed"], ended.report["unclear"]) == (2, 2, 0)
    assert sorted(asked_by_name(hub)) == ["acme/gale-7", "acme/gale-8"]
    with crawler.open() as catalog:
        assert (catalog.state().models, catalog.state().removed) == (1_298, 2)
        with pytest.raises(ModelNotFound):
            catalog.find("acme/gale-7")


def test_a_renamed_model_is_no_suspect_and_its_old_name_leads_to_it(
    crawler: Crawler, start_hub: StartHub
) -> None:
    hub = start_hub(300)
    crawler.run(hub.url, "full")
    models_of(hub).rename("acme/gale-7", "storm/gale")
    models_of(hub).add(make_row(id="acme/gale-7"))

    ended = crawler.run(hub.url, "full", "--json")

    assert (ended.report["suspects"], ended.report["removed"]) == (0, 0)
    with crawler.open() as catalog:
        assert catalog.find("storm/gale").aliases == ("acme/gale-7",)
        assert catalog.find("acme/gale-7").record.repo_id == "acme/gale-7"


def test_a_deleted_model_whose_path_is_taken_makes_room(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(300)
    crawler.run(hub.url, "full")
    models_of(hub).delete("acme/gale-7")
    models_of(hub).add(make_row(id="acme/gale-7", downloads=9_999))

    ended = crawler.run(hub.url, "full", "--json")

    assert ended.code == 0, ended.err
    with crawler.open() as catalog:
        assert catalog.state().models == 300
        assert catalog.find("acme/gale-7").counters.downloads == 9_999


def test_nothing_is_removed_when_too_much_is_missing(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300)
    crawler.run(hub.url, "full")
    for number in range(27):
        models_of(hub).delete(f"acme/gale-{number}")
    hub.forget()

    refused = crawler.run(hub.url, "full", "--json")

    assert refused.code == 1
    assert "did not see 27 of 1,300 models, more than 2 %: none was removed" in refused.err
    assert asked_by_name(hub) == []
    with crawler.open() as catalog:
        assert catalog.state().models == 1_300
        mark = catalog.checkpoint("sweep")
    assert mark is not None
    assert mark.finished_at is not None  # the next full pass looks again

    allowed = crawler.run(hub.url, "full", "--json", HUBDEX_REMOVAL_PERCENT="3")

    assert allowed.code == 0, allowed.err
    assert allowed.report["removed"] == 27


@pytest.mark.parametrize("status", [403, 404, 451])
def test_a_model_the_hub_does_not_speak_about_stays(
    crawler: Crawler, start_hub: StartHub, status: int
) -> None:
    hub = start_hub(300)
    crawler.run(hub.url, "full")
    models_of(hub).delete("acme/gale-7")
    hub.script([Fault.answer(status, route="model")])

    ended = crawler.run(hub.url, "full", "--json")

    assert ended.code == 0, ended.err
    assert (ended.report["unclear"], ended.report["removed"]) == (1, 0)
    with crawler.open() as catalog:
        assert catalog.find("acme/gale-7").record.repo_id == "acme/gale-7"


def test_a_sweep_goes_on_where_it_was_cut_off(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300)
    crawler.run(hub.url, "full")
    for number in range(9):
        models_of(hub).delete(f"acme/gale-{number}")
    hub.script([Fault.answer(500, route="model", at=at) for at in range(4, 60)])

    broken = crawler.run(hub.url, "full", "--json")

    assert broken.code == 75, broken.err
    assert broken.report["next"] == "sweep"
    hub.forget()
    hub._script._pending.clear()
    ended = crawler.run(hub.url, "full", "--json")
    assert ended.code == 0, ended.err
    assert len(asked_by_name(hub)) == len(hub.requests) < 9  # neither the pass nor what was answered again
    with crawler.open() as catalog:
        assert (catalog.state().models, catalog.state().removed) == (1_291, 9)


def test_a_malformed_row_of_a_known_model_does_not_make_it_a_suspect(
    crawler: Crawler, start_hub: StartHub
) -> None:
    hub = start_hub(300)
    crawler.run(hub.url, "full")
    models_of(hub).change("acme/gale-7", likes=-1)

    ended = crawler.run(hub.url, "full", "--json")

    assert (ended.code, ended.report["suspects"], ended.report["removed"]) == (0, 0, 0)


def test_recent_finds_what_was_pushed_and_created(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(2_300)
    crawler.run(hub.url, "full")
    moment = "2031-01-01T00:00:00.000Z"
    models_of(hub).change("acme/gale-7", lastModified=moment, sha="1" * 40)
    models_of(hub).add(make_row(id="acme/new", createdAt=moment, lastModified="2020-01-01T00:00:00.000Z"))
    hub.forget()

    ended = crawler.run(hub.url, "recent", "--json")

    assert (ended.code, ended.report["requests"]) == (0, 2)
    with crawler.open() as catalog:
        assert catalog.find("acme/gale-7").record.sha == "1" * 40
        assert catalog.find("acme/new").record.repo_id == "acme/new"
        mark = catalog.checkpoint("recent")
    assert mark is not None
    assert mark.last_origin is not None
    assert mark.last_origin.year < 2031  # a date ahead of us is nobody's present


def test_counters_refresh_downloads_likes_and_trending(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300)
    crawler.run(hub.url, "full")
    models_of(hub).change("acme/gale-1299", downloads=10**9, likes=77, trendingScore=9_000)

    ended = crawler.run(hub.url, "counters", "--json", HUBDEX_COUNTERS_PAGES="1", HUBDEX_LIKES_PAGES="1")

    assert ended.code == 0, ended.err
    assert (ended.report["changed"], ended.report["counters"]) == (0, 1)
    with crawler.open() as catalog:
        counters = catalog.find("acme/gale-1299").counters
    assert (counters.downloads, counters.likes, counters.trending) == (10**9, 77, 9_000)
