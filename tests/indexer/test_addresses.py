import pytest

from indexer.addresses import next_url
from indexer.errors import UpstreamError

HUB = "https://hub.example"


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
