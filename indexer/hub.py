"""Settings of whoever talks to the Hub: where it is, who asks, and what is shared of its quota."""

import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import huggingface_hub
from pydantic import Field, SecretStr, field_validator

from indexer.config import DEFAULT_UPSTREAM, HomeConfig, HubAddress
from indexer.errors import SettingsError
from indexer.quota import QuotaFile


class HubConfig(HomeConfig):
    """What talking to the Hub takes, read once from the environment.

    `HF_ENDPOINT` is never read: users point it at Hubdex itself, which must not ask itself.
    """

    upstream: HubAddress = Field(
        default=DEFAULT_UPSTREAM,
        description="Address of the Hub that is crawled, linked to and downloaded from.",
    )
    token: SecretStr | None = Field(
        default_factory=lambda: _usual_token(),  # noqa: PLW0108
        validation_alias="HF_TOKEN",
        description="Hugging Face token; not set: the one of `hf auth login`, set but empty: none.",
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
    def user_agent(self) -> str:
        """How Hubdex introduces itself."""
        try:
            return f"hubdex/{version('hubdex')}"
        except PackageNotFoundError:  # run from a checkout
            return "hubdex"

    def quota_file(self, bucket: str, now: Callable[[], float] = time.monotonic) -> QuotaFile:
        """Give the file by which processes share what is left of a bucket (`api`, `resolvers`).

        Args:
            bucket: which one.
            now: the clock of the windows that are kept and given, in seconds.

        """
        return QuotaFile(self.quota_path(bucket), self.upstream, now)

    def quota_path(self, bucket: str) -> Path:
        """Give where that file lies: strangers and the holder of a token have quotas of their own."""
        who = "anonymous" if self.token is None else "token"
        return self.quota_folder / f"{bucket}-{who}.json"


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
