from urllib.parse import parse_qsl, urlsplit

import pytest

from crawler.addresses import (
    FIELDS,
    first_url,
    model_url,
    page_rows,
    refused_fields,
    with_page_rows,
    without_cursor,
    without_fields,
)
from crawler.passes import FULL

HUB = "https://hub.example"


def test_first_url_asks_for_every_field() -> None:
    parts = urlsplit(first_url(HUB, FULL, frozenset({"sha"})))

    assert (parts.netloc, parts.path) == ("hub.example", "/api/models")
    assert parse_qsl(parts.query) == [
        ("limit", "1000"), ("sort", "createdAt"), ("direction", "1"),
        *(("expand[]", field) for field in FIELDS if field != "sha"),
    ]  # fmt: skip


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
