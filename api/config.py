"""Settings of the service: where it listens, and which Hub its links lead to."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from indexer.config import HomeConfig


class ApiConfig(HomeConfig):
    """What the service needs to know, read once from the environment."""

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8017, ge=0, le=65_535, description="Port it listens on; 0: any free one.")
    upstream: str = Field(
        default="https://huggingface.co", description="Address of the Hub that links and commands lead to."
    )

    @field_validator("upstream")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)  # a ValueError (bad brackets) becomes pydantic's
        if parts.scheme not in {"http", "https"} or not parts.hostname or any(map(str.isspace, value)):
            raise ValueError("must be an http:// or https:// address")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must be a bare address, without user, query or fragment")
        return value.rstrip("/")

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
