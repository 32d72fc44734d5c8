"""The keys that Hubdex uses on its servers: made with the master key, and good for our indexes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from meilisearch import Client
from pydantic import SecretStr

from indexer.config import KeysConfig
from indexer.engines.meilisearch.fields import PREFIX
from indexer.engines.meilisearch.refusing import KeyRefused, NothingThere, translated
from indexer.errors import SettingsError

REQUEST_SECONDS = 10
"""Making a key takes milliseconds, and somebody waits for it."""
INDEXES = [f"{PREFIX}-*"]
MASTER_KEY = "the master key (MEILI_MASTER_KEY)"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key is for; its value follows from the server's master key and from `uid`."""

    uid: UUID
    name: str
    actions: frozenset[str]


SEARCH = Grant(uuid5(NAMESPACE_OID, "hubdex search"), "Hubdex searches", frozenset({"search"}))
WRITE = Grant(
    uuid5(NAMESPACE_OID, "hubdex write"),
    "Hubdex writes",
    frozenset(
        {
            *("documents.add", "documents.get", "documents.delete"),
            *("indexes.create", "indexes.get", "indexes.update", "indexes.delete", "indexes.swap"),
            *("settings.get", "settings.update", "tasks.get", "tasks.cancel", "stats.get", "version"),
            "search",  # for the highest number, and for reading where the other key is not set
        }
    ),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a server."""

    write: SecretStr
    search: SecretStr

    def settings(self) -> dict[str, str]:
        """Give the settings that hold them, with the values in the open."""
        return {
            "HUBDEX_MEILI_KEY": self.write.get_secret_value(),
            "HUBDEX_MEILI_SEARCH_KEY": self.search.get_secret_value(),
        }


def make_keys(config: KeysConfig) -> Keys:
    """Make both keys on every server, as far as they are not there.

    Raises:
        SettingsError: no server or no master key is set, or the servers do not share theirs.
        EngineRefused: the master key is another one, or a server has none.
        EngineUnavailable: a server cannot be reached; those before it have their keys.

    """
    if not config.meili_url:
        raise SettingsError("HUBDEX_MEILI_URL is not set: the addresses of the Meilisearch servers.")
    if config.master_key is None:
        raise SettingsError("MEILI_MASTER_KEY is not set: the keys are made with it.")
    made: dict[str, Keys] = {}
    refused: dict[str, KeyRefused] = {}
    for url in config.meili_url:
        try:
            made[url] = _make_on(url, config.master_key)
        except KeyRefused as refusal:
            refused[url] = refusal
    if refused and made:
        raise SettingsError(
            "All search servers must have the same master key: "
            f"{', '.join(made)} took MEILI_MASTER_KEY, {', '.join(refused)} refused it."
        )
    for one in refused.values():
        raise one
    return same_keys(made)


def same_keys(made: Mapping[str, Keys]) -> Keys:
    """Give the keys that all servers (by address) have.

    Raises:
        SettingsError: they have different ones.

    """
    (first, keys), *others = made.items()
    for url, other in others:
        if other != keys:
            raise SettingsError(
                f"All search servers must have the same master key: {first} and {url} made different keys."
            )
    return keys


def _make_on(url: str, master_key: SecretStr) -> Keys:
    client = Client(url, master_key.get_secret_value(), timeout=REQUEST_SECONDS)
    return Keys(write=_make(client, url, WRITE), search=_make(client, url, SEARCH))


def _make(client: Client, url: str, grant: Grant) -> SecretStr:
    wanted = {
        "uid": str(grant.uid),
        "name": grant.name,
        "description": "Made by `hubdex index keys`.",
        "actions": sorted(grant.actions),
        "indexes": INDEXES,
        "expiresAt": None,
    }
    with translated(url, MASTER_KEY):
        there = _there(client, url, grant)
        if there is not None and not _grants(there, grant):
            client.delete_key(str(grant.uid))  # what it may do cannot be changed; the next has its value
            there = None
        return SecretStr(str((there or client.http.post("keys", wanted))["key"]))


def _there(client: Client, url: str, grant: Grant) -> dict[str, object] | None:
    """Give a key as the server has it; the client's own form of it cannot hold every time (0.43)."""
    try:
        with translated(url, MASTER_KEY):
            return dict(client.http.get(f"keys/{grant.uid}"))
    except NothingThere:
        return None


def _grants(key: Mapping[str, object], grant: Grant) -> bool:
    actions = key["actions"]
    is_as_wide = isinstance(actions, list) and set(actions) == grant.actions and key["indexes"] == INDEXES
    return is_as_wide and key["expiresAt"] is None
