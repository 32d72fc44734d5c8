"""Which addresses may be reached: what the Hub redirects to never leads into somebody's own network.

The Hub itself is a setting and always reached. Everything else is named by answers, and judged twice:
its address as it is written, and the numbers it really leads to, which are looked up once and connected
to as they were judged. Through a proxy only numbers written in the address can be judged, for it is the
proxy that looks names up; it is the proxy's to keep its own network closed.
"""

import contextlib
import socket
from collections.abc import Callable, Iterable
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Literal
from urllib.parse import SplitResult, urljoin, urlsplit

from api.handoff.errors import BadRedirect

Kind = Literal["global", "private", "loopback", "link-local", "other"]
"""Where an address leads: everywhere, a network of one's own, this machine, this cable, nowhere sensible."""
Found = tuple[int, int, int, str, Any]
"""What `socket.getaddrinfo` gives."""
Resolve = Callable[[str, int], Iterable[Found]]

_PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")


def look_up(host: str, port: int) -> Iterable[Found]:
    """Look a host up, as the machine does."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def kind_of(address: str) -> Kind:
    """Tell where an IP address leads; one that carries another in itself leads where that one does."""
    one = _bare(ip_address(address))
    if one.is_loopback:
        return "loopback"
    if one.is_link_local:
        return "link-local"
    if one.is_multicast or one.is_unspecified or (one.is_reserved and not one.is_global):
        return "other"
    return "global" if one.is_global else "private"


def origin_of(url: str) -> tuple[str, str, int]:
    """Give scheme, host and port, the same for the same server.

    Raises:
        BadRedirect: it is no address of the web.

    """
    return _origin(_parts(url))


class Reach:
    """What may be reached, for one Hub.

    Args:
        upstream: the Hub's address.
        resolve: looks a host up.

    """

    def __init__(self, upstream: str, resolve: Resolve = look_up) -> None:
        self.origin = origin_of(upstream)
        self._resolve = resolve

    def is_upstream(self, url: str) -> bool:
        """Tell whether an address is the Hub's own: only there does the token go."""
        return origin_of(url) == self.origin

    def follow(self, url: str, location: str) -> str:
        """Give where a redirect leads.

        Args:
            url: the address that was asked.
            location: what its `Location` says.

        Raises:
            BadRedirect: nothing is fetched from there.

        """
        try:
            target = urljoin(url, location)
        except ValueError:
            raise BadRedirect("The Hub redirects to an address that cannot be read.") from None
        scheme, host, _ = self._checked(target)
        if scheme == "http" and self.origin[0] == "https":
            raise BadRedirect(f"The Hub redirects to {host!r} without encryption; that is not followed.")
        return target

    def connectable(self, host: str, port: int) -> list[Found]:
        """Look a host up and give what may be connected to, in the order of the answer.

        Raises:
            BadRedirect: it leads into a network where nothing is fetched from.
            OSError: it cannot be looked up.

        """
        found = list(self._resolve(host, port))
        if (host.lower(), port) != self.origin[1:]:
            for one in found:
                self._judge(host, str(one[4][0]))
        return found

    def _checked(self, url: str) -> tuple[str, str, int]:
        parts = _parts(url)
        origin = _origin(parts)
        if parts.username is not None or parts.password is not None:
            raise BadRedirect(f"The Hub redirects to {origin[1]!r} as somebody else; that is not followed.")
        number = _number(origin[1])
        if number is not None and origin[1:] != self.origin[1:]:
            self._judge(origin[1], number)
        return origin

    def _judge(self, host: str, number: str) -> None:
        kind = kind_of(number)
        if kind != "global" and kind not in self._kinds:
            raise BadRedirect(
                f"The Hub redirects to {host!r}, which is {kind}; nothing is fetched from there."
            )

    @cached_property
    def _kinds(self) -> frozenset[Kind]:
        """Where the Hub itself leads: a Hub in a private network may keep its files there."""
        number = _number(self.origin[1])
        if number is not None:
            return frozenset({kind_of(number)})
        with contextlib.suppress(OSError):
            return frozenset(kind_of(str(one[4][0])) for one in self._resolve(*self.origin[1:]))
        return frozenset()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or len(url) > 16_000 or any(ord(sign) < 33 or ord(sign) == 127 for sign in url):
        raise BadRedirect("The Hub redirects to an address that is none of the web; it is not followed.")
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme]


def _number(host: str) -> str | None:
    """Give the IP address that a host is, however oddly it is written (`2130706433`, `0x7f.1`)."""
    with contextlib.suppress(ValueError):
        return str(ip_address(host))
    with contextlib.suppress(OSError, ValueError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None


def _bare(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address.teredo is not None:
        carried = address.teredo[1]
    if carried is None and address in _NAT64:
        carried = IPv4Address(int(address) & 0xFFFF_FFFF)
    return carried or address
