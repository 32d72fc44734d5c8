"""A home whose index is on Meilisearch servers, to be broken on purpose."""

import json
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.config import HomeConfig
from indexer.engines.contract import EngineReader
from indexer.engines.meilisearch.fields import KINDS, PREFIX, STATE, STATE_ID
from indexer.engines.opening import meili_reader, open_reader
from indexer.query import parse_query
from indexer.records import Batch, Checkpoint, Counters, Listed, Removal
from tests.indexer.script import key_of, listed
from tests.journeys.forking import Done, Forks
from tests.servers.meilisearch import MeiliServer

MODELS_AT_FIRST = 40
MASTER = "PlantedMasterKeyOfTheJourney"
LIVE = sorted(f"{PREFIX}-{kind}" for kind in KINDS)
QUERIES = {
    **{
        text: parse_query(text, limit=100)
        for text in ("", "llama", "o", "owner3/", "7b -llama", "lama", "gguf")
    },
    "models by variants": parse_query("llama format:gguf q4_k_m", limit=100),
    "variants": parse_query("llama", kind="variant", limit=100),
    "some variants": parse_query("7b q8_0", kind="variant", limit=100),
}
"""Each has hits in every state of the catalog, and not too many for one page."""
LABELS = ("Q4_K_M", "Q8_0", "Q6_K", "Q2_K")

Answers = dict[str, tuple[frozenset[tuple[int, int]], int]]
"""The numbers of the models that each query finds, with those of their variants, and the total."""


class MeiliHome:
    """A catalog that can be changed again and again, and what runs over it."""

    def __init__(self, folder: Path, forks: Forks, *servers: MeiliServer, key: str = MASTER) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.forks = forks
        self.urls = [server.url for server in servers]
        self.key = key
        self._turn = 0
        names = [f"owner{n % 7}/{('Llama', 'Qwen')[n % 2]}-{n}-7b" for n in range(MODELS_AT_FIRST)]
        rows = tuple(_listed(n, name, n, n % 3) for n, name in enumerate(names))
        now = datetime.now(UTC)
        mark = Checkpoint("full", None, now, 1, len(rows), finished_at=now)
        self._apply(Batch(rows, checkpoints=(mark,)))

    @property
    def settings(self) -> dict[str, str]:
        return {"HUBDEX_MEILI_URL": ",".join(self.urls), "HUBDEX_MEILI_KEY": self.key}

    @property
    def config(self) -> HomeConfig:
        return HomeConfig(home=self.folder, meili_url=tuple(self.urls), meili_key=SecretStr(self.key))

    def change(self) -> None:
        """Change, remove, add and recount some models; as many come as go, and variants with them."""
        turn, self._turn = self._turn, self._turn + 1
        rows = [_listed(n, f"owner3/Llama-renamed-{turn}-{n}", n, (turn + n) % 4) for n in range(5)]
        rows += [_listed(1_000 + 4 * turn + n, f"fresh/Lama-{turn}-{n}-7b", 9, 2) for n in range(4)]
        first = 10 + 4 * turn if turn < 4 else 1_000 + 4 * (turn - 4)
        self._apply(Batch((), tuple(Removal(key_of(first + n), "gone") for n in range(4))))
        self._apply(Batch(tuple(rows)))
        with self.catalog() as catalog:
            models = catalog.by_numbers(list(range(30, 39)))
        counters = Counters(downloads=10_000 + turn)
        self._apply(Batch(tuple(Listed(models[n].record, counters) for n in models)))

    def catalog(self) -> Catalog:
        return Catalog(f"sqlite:///{self.folder / 'catalog.db'}", read_only=True)

    def serial(self) -> int:
        with self.catalog() as catalog:
            return catalog.state().serial

    def run(self, *command: str, constants: dict[str, float] | None = None) -> Done:
        environment = {"HUBDEX_HOME": str(self.folder), **self.settings}
        done = self.forks.run("indexer", *command, environment=environment, constants=constants)  # type: ignore[arg-type]
        assert self.key not in done.out + done.err
        return done

    def sync(self) -> None:
        done = self.run("sync")
        assert done.code == 0, done.err

    def api(self) -> TestClient:
        config = ApiConfig(home=self.folder, meili_url=tuple(self.urls), meili_key=SecretStr(self.key))
        return TestClient(create_app(config), base_url="http://127.0.0.1:8017", follow_redirects=False)

    def reader(self) -> EngineReader:
        return open_reader(self.config)

    def assert_right(self, *servers: MeiliServer) -> None:
        """Hold each server's index to the catalog, model by model; nothing else is left behind there."""
        for server in servers:
            key = SecretStr(self.key)
            with self.catalog() as catalog:
                report = check_index(catalog, meili_reader([server.url], key, key), sample=None)
            assert (report.agrees, report.behind) == (True, 0), report
            assert ours(server) == LIVE

    def _apply(self, batch: Batch) -> None:
        with Catalog(f"sqlite:///{self.folder / 'catalog.db'}") as catalog:
            catalog.apply(batch)


def answers_of(reader: EngineReader) -> Answers:
    answers: Answers = {}
    for text, query in QUERIES.items():
        found = reader.search(query)
        answers[text] = (frozenset((one.number, one.variant) for one in found.selected), found.total)
    return answers


def _listed(number: int, repo_id: str, downloads: int, variants: int) -> Listed:
    """Give a model with so many variants; their files begin with another label in turn."""
    labels = [LABELS[(number + place) % len(LABELS)] for place in range(variants)]
    files = tuple(f"model-{label}.gguf" for label in labels)
    return listed(number, repo_id, downloads, tags=("gguf",) if files else (), files=files)


def ask(server: MeiliServer, method: str, path: str, body: object = None) -> Any:
    """Ask a server itself."""
    with closing(HTTPConnection(server.url.removeprefix("http://"), timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {MASTER}"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(connection.getresponse().read() or b"null")


def ours(server: MeiliServer) -> list[str]:
    """Name all indexes of ours that a server has, live or not."""
    names = [one["uid"] for one in ask(server, "GET", "/indexes?limit=1000")["results"]]
    return sorted(name for name in names if name.startswith(f"{PREFIX}-"))


def stored_serial(server: MeiliServer) -> int | None:
    """Give the serial in the state document."""
    document: dict[str, int] = ask(server, "GET", f"/indexes/{PREFIX}-{STATE}/documents/{STATE_ID}")
    return document.get("serial")


def said(done: Done) -> str:
    """Give the one sentence that a command ended with; there is no traceback."""
    assert "Traceback" not in done.err, done.err
    last = done.err.splitlines()[-1]
    assert last.startswith("hubdex: "), done.err
    return last.removeprefix("hubdex: ")
