"""Settings of the service: where it listens, who may ask it, and which Hub its links lead to."""

import re
import socket
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from huggingface_hub import constants
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from api.hosts import ANY, Hosts, hosts_of, is_address
from indexer.config import ServerKey, separated
from indexer.hub import HubConfig
from indexer.measures import read_bounds

MIN_KEY = 16
"""Characters of the shortest key; it is never to be guessed, for nobody counts who tries."""

_NAME = re.compile(r"(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?", re.ASCII)


def _checked_name(value: str) -> str:
    bare = value.removeprefix("[").removesuffix("]")
    if value != ANY and not is_address(bare) and not _NAME.fullmatch(value):
        raise ValueError("must be names like `models.example.org` or `*.example.org`, without scheme or port")
    return value


def _checked_origin(value: str) -> str:
    if value == ANY:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("must be origins like `https://app.example.org`, or `*`")
    if value.rstrip("/").lower() != f"{parts.scheme}://{parts.netloc}".lower() or "@" in parts.netloc:
        raise ValueError("must be origins like `https://app.example.org`, without a path or a user")
    return value.rstrip("/").lower()


def _checked_length(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_KEY:
        raise ValueError(f"must have {MIN_KEY} characters or more; `openssl rand -hex 24` makes a good one")
    return value


def _read_size(value: object) -> object:
    if not isinstance(value, str):
        return value
    bounds = read_bounds("bytes", f"<={value.strip()}")
    if bounds is None:
        raise ValueError("must be a size such as `200gb`")
    return bounds.most


Size = Annotated[int, BeforeValidator(_read_size), Field(ge=1)]
"""Bytes, written as `200gb` or as a plain number."""
ApiKey = Annotated[ServerKey, AfterValidator(_checked_length)]
"""The key of the service itself."""
HostNames = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_name)], ...], NoDecode, BeforeValidator(separated)
]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_origin)], ...], NoDecode, BeforeValidator(separated)
]


class ApiConfig(HubConfig):
    """What the service needs to know, read once from the environment."""

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8017, ge=0, le=65_535, description="Port it listens on; 0: any free one.")
    allowed_hosts: HostNames = Field(
        default=(), description="Further names the service answers to; `*`: every name."
    )
    cors_origins: Origins = Field(
        default=(), description="Origins whose pages may read the answers in a browser; `*`: all."
    )
    api_key: ApiKey | None = Field(
        default=None, description="What whoever downloads or deletes has to know; needed beyond loopback."
    )
    downloads: int = Field(default=2, ge=1, le=16, description="Downloads that run at once.")
    cache_limit: Size | None = Field(
        default=None,
        description="Bytes that what Hubdex downloaded may take, e.g. `200gb`; not set: no limit.",
    )
    hub_cache: Path = Field(
        default_factory=lambda: Path(constants.HF_HUB_CACHE),
        validation_alias="HF_HUB_CACHE",
        description="Folder of the Hugging Face cache that downloads go into; not set: below `HF_HOME`.",
    )

    @property
    def jobs_url(self) -> str:
        """The address of the database of downloads."""
        return f"sqlite:///{self.home.absolute() / 'jobs.db'}"

    @property
    def hosts(self) -> Hosts:
        """The names the service answers to."""
        return hosts_of(self.host, socket.gethostname(), self.allowed_hosts)
