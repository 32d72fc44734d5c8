"""Which names the service answers to, which pages are its own, and which others may read along; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

ANY = "*"
"""In a list of names: every name there is."""

_HOST = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>\d{1,5}))?", re.ASCII | re.IGNORECASE
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names the service answers to.

    A page on the Internet can make its own name resolve to this machine and then read what the service
    answers (DNS rebinding); the `Host` header gives that away. A name of the machine's own is never
    led elsewhere, and nor is a bare address.
    """

    names: frozenset[str] = frozenset()
    """In lower case; `*.example.org` stands for all names that end so, `*` for every name."""
    any_address: bool = False
    """Whether every IP address is answered to, not this machine's loopback alone."""

    def allow(self, header: str) -> bool:
        """Tell whether a `Host` header is one of ours, with any port (it may be forwarded)."""
        if ANY in self.names:
            return True
        host = host_of(header)
        if host is None:
            return False
        if is_loopback(host) or host in self.names:
            return True
        if is_address(host):
            return self.any_address
        return any(name.startswith("*.") and host.endswith(name[1:]) for name in self.names)


def hosts_of(bound_to: str, machine: str, allowed: Iterable[str]) -> Hosts:
    """Give the names a service answers to.

    Only this machine reaches one that listens on loopback, so that only loopback names are its own. One
    that listens to a network is reached by any address and by the machine's name there.

    Args:
        bound_to: the name or address it listens on.
        machine: what the machine calls itself.
        allowed: names the operator adds.

    """
    names = {_plain(name) for name in allowed}
    if is_loopback(bound_to):
        return Hosts(frozenset(names))
    own = machine.lower().partition(".")[0]
    names |= {_plain(bound_to), _plain(machine), own, f"{own}.local"} - {"", ".local"}
    return Hosts(frozenset(names), any_address=True)


def host_of(header: str) -> str | None:
    """Give the name or address in a `Host` header, in lower case; `None` when there is none in it."""
    found = _host_and_port(header, 0)
    return found[0] if found else None


def is_own_origin(origin: str, host: str, scheme: str) -> bool:
    """Tell whether a page is one of the service's own.

    Args:
        origin: where the page is from, as an `Origin` header says it.
        host: the `Host` header that came with it; it says no port where the browser's scheme has it usual.
        scheme: `http` or `https`, as far as the service knows. A proxy may take the TLS off and not say so:
            then an origin with `https` is its own as well. The other way round it never is.

    """
    own_scheme, separator, authority = origin.lower().partition("://")
    usual = _PORTS.get(own_scheme) if separator else None
    if usual is None or (scheme == "https" and own_scheme != "https"):
        return False
    ours, theirs = _host_and_port(host, usual), _host_and_port(authority, usual)
    return ours is not None and ours == theirs


def is_loopback(host: str) -> bool:
    """Tell whether a host (a name, or an address without brackets) is this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Tell whether a host is a bare IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host_and_port(authority: str, usual: int) -> tuple[str, int] | None:
    match = _HOST.fullmatch(authority)
    if match is None:
        return None
    return _plain(match["address"] or match["name"]), int(match["port"] or usual)


def _plain(host: str) -> str:
    return host.lower().removeprefix("[").removesuffix("]").removesuffix(".")
