import socket
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.handoff.errors import BadRedirect
from api.handoff.reach import Found, Kind, Reach, kind_of, origin_of

PUBLIC = "93.184.216.34"
NAMES = {
    "hub.example": [PUBLIC],
    "cdn.example": ["93.184.216.35", "2606:2800:220:1::1"],
    "inner.example": ["10.1.2.3"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "lan.example": ["10.0.0.9"],
}


def look_up(host: str, port: int) -> Iterable[Found]:
    for number in NAMES.get(host, [host]):
        yield socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)


def numbers(reach: Reach, host: str, port: int = 443) -> list[str]:
    return [str(one[4][0]) for one in reach.connectable(host, port)]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (PUBLIC, "global"), ("2606:2800:220:1::1", "global"), ("::ffff:93.184.216.34", "global"),
        ("10.0.0.1", "private"), ("172.16.0.1", "private"), ("192.168.1.1", "private"),
        ("fd00::1", "private"),
        ("100.64.0.1", "private"), ("198.18.0.1", "private"), ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"), ("2002:a00:1::", "private"),
        ("127.0.0.1", "loopback"), ("127.9.9.9", "loopback"), ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"), ("169.254.169.254", "link-local"), ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"), ("::ffff:169.254.169.254", "link-local"),
        ("0.0.0.0", "other"), ("::", "other"), ("224.0.0.1", "other"), ("ff02::1", "other"),
        ("240.0.0.1", "other"), ("255.255.255.255", "other"),
    ],
)  # fmt: skip
def test_kinds(address: str, kind: Kind) -> None:
    assert kind_of(address) == kind


@given(st.ip_addresses())
def test_every_address_has_a_kind(address: object) -> None:
    assert kind_of(str(address)) in {"global", "private", "loopback", "link-local", "other"}


def test_a_public_hub_leads_to_public_numbers_only() -> None:
    reach = Reach("https://hub.example", look_up)

    assert numbers(reach, "cdn.example") == NAMES["cdn.example"]
    for host in ("inner.example", "mixed.example", "metadata.example", "127.0.0.1", "::1"):
        with pytest.raises(BadRedirect, match="nothing is fetched from there"):
            reach.connectable(host, 443)


def test_a_private_hub_may_lead_to_its_like() -> None:
    reach = Reach("http://lan.example:8080", look_up)

    assert numbers(reach, "inner.example") == ["10.1.2.3"]
    assert numbers(reach, "cdn.example") == NAMES["cdn.example"]
    for host in ("127.0.0.1", "metadata.example", "0.0.0.0"):
        with pytest.raises(BadRedirect):
            reach.connectable(host, 80)


def test_the_hub_itself_is_a_setting() -> None:
    reach = Reach("http://metadata.example", look_up)

    assert numbers(reach, "metadata.example", 80) == ["169.254.169.254"]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/x", "https://hub.example/x"),
        ("https://cdn.example/y?Signature=1", "https://cdn.example/y?Signature=1"),
        ("//cdn.example/y", "https://cdn.example/y"),
        (f"https://{PUBLIC}/", f"https://{PUBLIC}/"),
    ],
)
def test_redirects_are_followed(location: str, target: str) -> None:
    assert Reach("https://hub.example", look_up).follow("https://hub.example/a", location) == target


@pytest.mark.parametrize(
    "location",
    [
        "http://cdn.example/y", "http://hub.example/y", "https://10.0.0.1/", "https://2130706433/",
        "https://0x7f.1/", "https://127.1/", "https://[::ffff:127.0.0.1]/", "https://u:p@cdn.example/",
        "https://u@cdn.example/", "ftp://cdn.example/", "file:///etc/passwd",
        "https://[::1", "https://cdn.example:0/", "https://cdn.example:99999/", "gopher://x", "data:,x",
        "https://cdn.example/a b", "https://cdn.example/" + "a" * 20_000,
    ],
)  # fmt: skip
def test_redirects_are_refused(location: str) -> None:
    with pytest.raises(BadRedirect):
        Reach("https://hub.example", look_up).follow("https://hub.example/a", location)


def test_only_the_very_same_server_is_the_hub() -> None:
    reach = Reach("https://Hub.example", look_up)

    assert reach.is_upstream("https://hub.example:443/a")
    for url in (
        "https://hub.example:444/", "http://hub.example/", "https://hub.example.evil/", "https://a.hub.example/"
    ):  # fmt: skip
        assert not reach.is_upstream(url)


@given(location=st.text(max_size=60))
def test_whatever_a_redirect_says_it_is_judged(location: str) -> None:
    reach = Reach("https://hub.example", look_up)
    target: Callable[[], str] = lambda: reach.follow("https://hub.example/a", location)  # noqa: E731
    try:
        origin = origin_of(target())
    except BadRedirect:
        return
    assert origin[0] == "https"
