from urllib.parse import parse_qsl, urlsplit

import pytest

from crawler.addresses import (
    FIELDS,
    first_url,
    model_url,
    next_url,
    page_rows,
    refused_fields,
    with_page_rows,
    without_cursor,
    without_fields,
)
from crawler.passes import FULL
from indexer.errors import UpstreamError

HUB = "https://hub.example"


def test_first_url_asks_for_every_field() -> None:
    parts = urlsplit(first_url(HUB, FULL, frozenset({"sha"})))

    assert (parts.netloc, parts.path) == ("hub.example", "/api/models")
    assert parse_qsl(parts.query) == [
        ("limit", "1000"), ("sort", "createdAt"), ("direction", "1"),
        *(("expand[]", field) for field in FIELDS if field != "sha"),
    ]  # fmt: skip


def test_next_url_is_taken_verbatim() -> None:
    link = f'<{HUB}/api/models?expand[]=a&cursor=eyJ%3D+x>; rel="next"'

    assert next_url(link, f"{HUB}/api/models", HUB) == f"{HUB}/api/models?expand[]=a&cursor=eyJ%3D+x"


@pytest.mark.parametrize("link", ["", f'<{HUB}/api/models?next=1>; rel="prev"'])
def test_next_url_is_none_on_the_last_page(link: str) -> None:
    assert next_url(link, f"{HUB}/api/models", HUB) is None


def test_next_url_finds_the_next_among_others() -> None:
    link = f'<{HUB}/a>; rel="prev", </b?cursor=1>; title="x"; rel="next"'

    assert next_url(link, f"{HUB}/api/models", HUB) == f"{HUB}/b?cursor=1"


@pytest.mark.parametrize(
    "target",
    [
        "http://hub.example/api/models",
        "https://hub.example:444/api/models",
        "https://hub.example.evil/api/models",
        "https://hub.example@evil/api/models",
        "//evil/api/models",
        "https://[bad/api/models",
        "file:///etc/passwd",
    ],
)
def test_next_url_stays_at_the_hub(target: str) -> None:
    with pytest.raises(UpstreamError, match="another server"):
        next_url(f'<{target}>; rel="next"', f"{HUB}/api/models", HUB)


def test_next_url_does_not_take_the_unreadable_for_the_end() -> None:
    with pytest.raises(UpstreamError, match="cannot be read"):
        next_url('https://hub.example/api/models; rel="next"', f"{HUB}/api/models", HUB)


def test_refused_fields_are_those_the_message_does_not_name() -> None:
    url = f"{HUB}/api/models?expand[]=likes&expand[]=baseModels&cursor=c"
    message = '{"error":"Invalid option: expected one of "author"|"likes"|"model-index""}'

    refused = refused_fields(message, url)

    assert refused == {"baseModels"}
    assert without_fields(url, refused) == f"{HUB}/api/models?expand%5B%5D=likes&cursor=c"


@pytest.mark.parametrize("message", ["", "Invalid cursor: not base64", '{"error":"Invalid sort parameter"}'])
def test_refused_fields_are_none_when_the_message_is_about_something_else(message: str) -> None:
    assert refused_fields(message, f"{HUB}/api/models?expand[]=likes") == frozenset()


def test_a_model_is_asked_for_by_its_name() -> None:
    parts = urlsplit(model_url(HUB, "acme/gale 1?", frozenset({"sha"})))

    assert parts.path == "/api/models/acme/gale%201%3F"
    assert [field for _, field in parse_qsl(parts.query)] == [field for field in FIELDS if field != "sha"]


def test_smaller_pages_leave_the_cursor_as_it_is() -> None:
    url = f"{HUB}/api/models?limit=1000&expand[]=a&cursor=eyJ%3D+limit=5"

    assert page_rows(url) == 1_000
    assert with_page_rows(url, 500) == f"{HUB}/api/models?limit=500&expand[]=a&cursor=eyJ%3D+limit=5"
    assert with_page_rows(f"{HUB}/api/models", 5) == f"{HUB}/api/models"


def test_the_same_question_is_known_wherever_it_goes_on() -> None:
    first = first_url(HUB, FULL)
    later = first.replace("expand%5B%5D=", "expand[]=") + "&cursor=eyJ%3D"

    assert without_cursor(later) == without_cursor(first)
    assert without_cursor(first_url(HUB, FULL.reversed)) != without_cursor(first)
