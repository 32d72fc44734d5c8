"""Settings of the crawler: where the Hub is, who asks, and how much of its head is read."""

import os
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import huggingface_hub
from pydantic import Field, SecretStr, field_validator

from indexer.config import DEFAULT_UPSTREAM, HomeConfig, HubAddress
from indexer.errors import SettingsError


class CrawlConfig(HomeConfig):
    """What a crawl needs to know, read once from the environment.

    `HF_ENDPOINT` is never read: users point it at Hubdex itself, and a crawl must not crawl its own mirror.
    """

    upstream: HubAddress = Field(
        default=DEFAULT_UPSTREAM, description="Address of the Hub that is crawled (http or https)."
    )
    token: SecretStr | None = Field(
        default_factory=lambda: _usual_token(),  # noqa: PLW0108
        validation_alias="HF_TOKEN",
        description="Hugging Face token; not set: the one of `hf auth login`, set but empty: none.",
    )
    head_pages: int = Field(
        default=50, ge=1, le=5_000, description="Pages (1,000 models each) the head reads by downloads."
    )
    trending_pages: int = Field(
        default=5, ge=1, le=5_000, description="Pages (1,000 models each) the head reads by trending score."
    )
    counters_pages: int = Field(
        default=100, ge=1, le=5_000, description="Pages (1,000 models each) counters reads by downloads."
    )
    likes_pages: int = Field(
        default=30, ge=1, le=5_000, description="Pages (1,000 models each) counters reads by likes."
    )
    removal_percent: float = Field(
        default=2.0, gt=0, le=100, description="A full pass that misses more of the models removes none."
    )
    retry_base_seconds: float = Field(
        default=1.0, gt=0, le=60, description="First wait after a failed request; each further one doubles."
    )

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("holds characters that no token has")
        return SecretStr(text) if text else None

    @property
    def upstream_host(self) -> str:
        """The Hub's host (and port, when one is named), for sentences."""
        return urlsplit(self.upstream).netloc

    @property
    def user_agent(self) -> str:
        """How Hubdex introduces itself."""
        try:
            return f"hubdex/{version('hubdex')}"
        except PackageNotFoundError:  # run from a checkout
            return "hubdex"


def _usual_token() -> SecretStr | None:
    # An empty HF_TOKEN does not reach its field (empty variables count as not set), and it says "nobody".
    if os.environ.get("HF_TOKEN") is not None:
        return None
    try:
        token = huggingface_hub.get_token()  # loaded at its first use: a fifth of a second
    except Exception as error:  # noqa: BLE001  # an exchange over the network may be behind it: anything goes
        raise SettingsError(
            f"The Hugging Face token cannot be read ({type(error).__name__}); log in again or set HF_TOKEN."
        ) from None
    return None if token is None else SecretStr(token)
