"""Settings of the service: where it listens, and which Hub its links lead to."""

from ipaddress import ip_address

from pydantic import Field

from indexer.config import DEFAULT_UPSTREAM, HomeConfig, HubAddress


class ApiConfig(HomeConfig):
    """What the service needs to know, read once from the environment."""

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8017, ge=0, le=65_535, description="Port it listens on; 0: any free one.")
    upstream: HubAddress = Field(
        default=DEFAULT_UPSTREAM, description="Address of the Hub that links and commands lead to."
    )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether a host (a name, or an address without brackets) is this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
