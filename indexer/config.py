"""Settings: read once from the environment at the start of a process, frozen, passed down."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from indexer.errors import SettingsError

Settings = TypeVar("Settings", bound="HomeConfig")

_KEY = re.compile(r"[!-~]{1,512}")


def _checked_address(value: str) -> str:
    parts = urlsplit(value)  # a ValueError (bad brackets, bad port) becomes pydantic's
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("must be an http:// or https:// address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a bare address, without user, query or fragment")
    if any(character.isspace() for character in value):
        raise ValueError("must not contain spaces")
    return value.rstrip("/")


def separated(value: object) -> object:
    """Cut what stands in an environment variable at commas and spaces."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _checked_key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):  # anything else cannot travel in a header
        raise ValueError("must be ASCII letters, digits and signs, without spaces")
    return value


HubAddress = Annotated[str, AfterValidator(_checked_address)]
"""The address of a Hub, without a slash at its end."""
Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_address)], ...], NoDecode, BeforeValidator(separated)
]
"""Addresses of servers, each once, without a slash at their ends."""
ServerKey = Annotated[SecretStr, AfterValidator(_checked_key)]
"""A key that is sent in a header: of a Meilisearch server, or our own."""

DEFAULT_UPSTREAM = "https://huggingface.co"


def default_home() -> Path:
    """`$XDG_DATA_HOME/hubdex`, or the place the XDG specification names when it is not set."""
    data_home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data_home) if data_home else Path.home() / ".local" / "share") / "hubdex"


class HomeConfig(BaseSettings):
    """What every room needs: where the data lives and how loud the log is."""

    model_config = SettingsConfigDict(
        env_prefix="HUBDEX_", frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    home: Path = Field(default_factory=default_home, description="Folder of the catalog and the index.")
    database: str = Field(
        default="",
        description="Address of the catalog's database (SQLAlchemy URL); empty: `catalog.db` in the home.",
    )
    meili_url: Addresses = Field(
        default=(),
        max_length=16,
        description="Addresses of Meilisearch servers that hold the index; none: it is embedded.",
    )
    meili_key: ServerKey | None = Field(default=None, description="A key that may write to our indexes.")
    meili_search_key: ServerKey | None = Field(
        default=None, description="A key that may only search; the other one reads where there is none."
    )
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged: debug, info, warning or error."
    )

    @property
    def database_url(self) -> str:
        """The catalog's address, with the default filled in."""
        return self.database or f"sqlite:///{self.home.absolute() / 'catalog.db'}"

    @property
    def index_folder(self) -> Path:
        """Where the embedded engine keeps its indexes."""
        return self.home.absolute() / "index"

    @property
    def lock_folder(self) -> Path:
        """Where processes lock one another out."""
        return self.home.absolute() / "locks"

    @property
    def runs_folder(self) -> Path:
        """Where what ran is written down."""
        return self.home.absolute() / "runs"

    @property
    def plan_path(self) -> Path:
        """Where a scheduler writes down what it will run."""
        return self.home.absolute() / "schedule.json"

    @property
    def quota_folder(self) -> Path:
        """Where processes tell one another what is left of the Hub's quota."""
        return self.home.absolute() / "quota"


class KeysConfig(HomeConfig):
    """What making the keys of Meilisearch servers needs; no other process reads the master key."""

    master_key: ServerKey | None = Field(
        default=None,
        validation_alias="MEILI_MASTER_KEY",
        description="The master key of the Meilisearch servers; only `hubdex index keys` reads it.",
    )


def read_config(kind: type[Settings]) -> Settings:
    """Read the settings of a room from the environment.

    Raises:
        SettingsError: names the variable and what is wrong with it, never its value.

    """
    try:
        return kind()
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(kind, str(detail['loc'][0]) if detail['loc'] else '')}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise SettingsError(f"These settings are wrong: {problems}.") from None


def _variable(kind: type[HomeConfig], field: str) -> str:
    known = kind.model_fields.get(field)
    if known is not None and isinstance(known.validation_alias, str):
        return known.validation_alias
    return field.upper() if field.upper() == field else f"HUBDEX_{field.upper()}"
