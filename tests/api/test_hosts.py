import pytest

from api.hosts import Hosts, hosts_of

ONLY_HERE = hosts_of("127.0.0.1", "den", ())
NETWORK = hosts_of("0.0.0.0", "Den.example.org", ())


@pytest.mark.parametrize(
    "header",
    [
        "127.0.0.1", "127.0.0.1:8017", "localhost", "LocalHost:1", "localhost.:80", "[::1]", "[::1]:9000",
        "127.8.9.1:80",
    ],
)  # fmt: skip
@pytest.mark.parametrize("hosts", [ONLY_HERE, NETWORK])
def test_names_of_this_machine_are_its_own(hosts: Hosts, header: str) -> None:
    assert hosts.allow(header)


@pytest.mark.parametrize(
    "header",
    [
        "", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil",
        "evil@localhost", "[::1", "127.0.0.1:80:80", "localhost:", "localhost/x", "[localhost]", "127.1",
        "2130706433", "den.evil.example", "evil.local", ".", "*", "localhost, evil.example",
    ],
)  # fmt: skip
@pytest.mark.parametrize("hosts", [ONLY_HERE, NETWORK])
def test_other_names_are_not(hosts: Hosts, header: str) -> None:
    assert not hosts.allow(header)


@pytest.mark.parametrize(
    "header",
    ["192.168.1.5", "192.168.1.5:8017", "[fe80::1]", "0.0.0.0:8017", "den", "DEN.local", "den.example.org:1"],
)
def test_a_network_reaches_it_by_any_address_and_its_own_name(header: str) -> None:
    assert NETWORK.allow(header)
    assert not ONLY_HERE.allow(header)


def test_the_name_it_listens_on_is_its_own() -> None:
    assert hosts_of("hub.example", "den", ()).allow("hub.example:80")
    assert not hosts_of("hub.example", "", ()).allow(".local")


@pytest.mark.parametrize(
    ("allowed", "header"),
    [
        ("models.example", "Models.Example:443"), ("*.lan", "a.lan"), ("*.lan", "a.b.lan"),
        ("[fd00::1]", "[fd00::1]:80"), ("10.0.0.1", "10.0.0.1"), ("*", "anything.example"), ("*", ""),
    ],
)  # fmt: skip
def test_names_can_be_added(allowed: str, header: str) -> None:
    assert hosts_of("127.0.0.1", "den", (allowed,)).allow(header)


@pytest.mark.parametrize(
    "header", ["lan", "evillan", "a.lan.evil.example", "10.0.0.2", "models.example.evil"]
)
def test_what_is_added_is_not_more_than_it_says(header: str) -> None:
    assert not hosts_of("127.0.0.1", "den", ("*.lan", "10.0.0.1", "models.example")).allow(header)
