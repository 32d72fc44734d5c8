"""A small Hub whose files are real, crawled and indexed, for journeys that end with bytes in the cache."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.journeys.running import Product, read_line

POET = "a-lab/Poet-0.5B-GGUF"
SMALL, LARGE = "Poet-0.5B-Q4_K_M.gguf", "Poet-0.5B-Q8_0.gguf"
GATED = "meta-lab/Closed-1B-GGUF"
CLOSED = "Closed-1B-Q4_K_M.gguf"
RECOMMENDED = f"""\
models:
- {{model: {POET}, title: Poet 0.5B, why: Rhymes on any machine, variants: {{1gb: Q4_K_M, 8gb: Q8_0}}}}
- {{model: {GATED}, title: Closed 1B, why: Asks for its terms, variants: {{1gb: Q4_K_M}}}}
"""


def _bytes_of(name: str, size: int) -> bytes:
    return b"GGUF" + random.Random(name).randbytes(size - 4)


CONTENTS = {
    SMALL: _bytes_of(SMALL, 3_000_000),
    LARGE: _bytes_of(LARGE, 5_000_000),
    CLOSED: _bytes_of(CLOSED, 900_000),
}


def make_source() -> ListSource:
    """Models of real contents, and some without."""
    gguf = {"tags": ["gguf", "license:apache-2.0"], "library_name": "gguf", "safetensors": None}
    poet = [{"rfilename": name, "content": CONTENTS[name]} for name in (SMALL, LARGE)]
    closed = [{"rfilename": CLOSED, "content": CONTENTS[CLOSED]}]
    return ListSource(
        [
            make_row(id=POET, downloads=9_000, siblings=[*poet, {"rfilename": "README.md"}], **gguf),
            make_row(id=GATED, downloads=8_000, siblings=closed, gated="manual", **gguf),
            make_row(id="acme/Gale-7B-Instruct", downloads=7_000),
        ]
    )


@dataclass(frozen=True)
class Handing:
    """The product over that Hub, before it serves."""

    hub: FakeHub
    product: Product

    def with_cache(self, folder: Path) -> "Handing":
        """The same with another cache."""
        settings = {**self.product.settings, "HF_HUB_CACHE": str(folder)}
        return replace(self, product=replace(self.product, settings=settings))

    @contextmanager
    def serving(self, port: str = "0") -> Iterator[tuple["subprocess.Popen[str]", str]]:
        """The service, and where it is."""
        product = replace(self.product, settings={**self.product.settings, "HUBDEX_PORT": port})
        with product.running("api") as process:
            yield process, read_line(process, "Hubdex on ").split()[-1]

    @property
    def cache(self) -> Path:
        """Where downloads go."""
        return Path(self.product.settings["HF_HUB_CACHE"])


def prepare(hub: FakeHub, home: Path, **settings: str) -> Handing:
    """Crawl a Hub and index it."""
    given = {
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN": "",
        "HUBDEX_RETRY_BASE_SECONDS": "0.05",
        **settings,
    }
    product = Product(home, hub.url, given)
    home.mkdir(parents=True, exist_ok=True)
    (home / "recommended.yaml").write_text(RECOMMENDED)
    for room, command in (("crawler", "head"), ("crawler", "files"), ("indexer", "sync")):
        done = product.run(room, command)
        assert done.code == 0, done.err
    return Handing(hub, product)
