"""deploy/ is safe as it stands, and names only settings there are."""

import re
import tomllib

import pytest
import yaml
from pydantic import BaseModel

from api.config import ApiConfig
from crawler.config import CrawlConfig
from indexer.config import HomeConfig, KeysConfig
from tests.conftest import ROOT
from tests.test_rooms import ROOMS

DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
EXAMPLE = (DEPLOY / "env.example").read_text()
MEILISEARCH_SETTINGS = {"HUBDEX_MEILI_URL", "HUBDEX_MEILI_KEY", "HUBDEX_MEILI_SEARCH_KEY"}
SETTINGS = {
    str(field.validation_alias or f"HUBDEX_{name.upper()}")
    for kind in (HomeConfig, KeysConfig, CrawlConfig, ApiConfig)
    for name, field in kind.model_fields.items()
} | {"HF_HOME"}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+(-[a-z-]+)?(@sha256:[0-9a-f]{64})?")
PRIVATE = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")


class Service(BaseModel, extra="ignore"):
    """What the tests look at in a service of compose.yaml."""

    image: str
    environment: dict[str, str | int]
    networks: list[str]
    cap_drop: list[str]
    security_opt: list[str]
    ports: list[str] = []
    volumes: list[str] = []
    profiles: list[str] = []
    env_file: object = None
    healthcheck: dict[str, object] | None = None
    read_only: bool = False
    privileged: bool = False
    stop_grace_period: str = "10s"


class Network(BaseModel, extra="ignore"):
    internal: bool = False


class ComposeFile(BaseModel, extra="ignore"):
    services: dict[str, Service]
    networks: dict[str, Network]
    volumes: dict[str, object]


FILE = ComposeFile.model_validate(yaml.safe_load(COMPOSE))
MEILISEARCH, HUBDEX, KEYS = (FILE.services[name] for name in ("meilisearch", "hubdex", "keys"))


def filled_in(text: str) -> set[str]:
    """The variables that are taken from `.env`."""
    return set(re.findall(r"\$\{(\w+)", text))


def settable(text: str) -> set[str]:
    """The variables an example file sets, or would without the mark before them."""
    return set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))


@pytest.mark.parametrize("name", FILE.services)
def test_a_service_is_pinned_and_may_do_little(name: str) -> None:
    service = FILE.services[name]

    assert PINNED.fullmatch(service.image)
    assert service.cap_drop == ["ALL"]
    assert service.security_opt == ["no-new-privileges:true"]
    assert not service.privileged
    assert not any("docker.sock" in volume for volume in service.volumes)


def test_only_hubdex_is_published_and_only_to_this_machine() -> None:
    assert HUBDEX.ports == ["${HUBDEX_HOST:-127.0.0.1}:${HUBDEX_PORT:-8017}:8017"]
    assert MEILISEARCH.ports == KEYS.ports == []
    assert [name for name in MEILISEARCH.networks if not FILE.networks[name].internal] == []
    assert set(MEILISEARCH.networks) <= set(HUBDEX.networks)


def test_the_master_key_reaches_no_service_that_stays_but_meilisearch() -> None:
    holders = {name for name, one in FILE.services.items() if "MEILI_MASTER_KEY" in one.environment}

    assert holders == {"meilisearch", "keys"}
    assert KEYS.profiles
    assert not any("MEILI_MASTER_KEY" in str(value) for value in HUBDEX.environment.values())
    assert all(one.env_file is None for one in FILE.services.values())  # it would bring the whole of `.env`


def test_meilisearch_is_closed_and_bounded() -> None:
    assert MEILISEARCH.environment["MEILI_ENV"] == "production"
    assert str(MEILISEARCH.environment["MEILI_MASTER_KEY"]).startswith("${MEILI_MASTER_KEY:?")
    assert MEILISEARCH.environment["MEILI_NO_ANALYTICS"] == "true"
    assert MEILISEARCH.environment["MEILI_MAX_INDEXING_MEMORY"]
    assert MEILISEARCH.volumes == ["meilisearch:/meili_data"]
    assert MEILISEARCH.healthcheck


def test_hubdex_keeps_only_its_catalog_and_models() -> None:
    home, models = (re.search(rf"{name}=(\S+)", DOCKERFILE) for name in ("HUBDEX_HOME", "HF_HOME"))

    assert home
    assert models
    assert HUBDEX.read_only
    assert HUBDEX.volumes == [f"catalog:{home[1]}", f"${{MODELS_FOLDER:-models}}:{models[1]}"]
    assert {home[1], models[1]} <= set(
        re.findall(r"/var/\S+", DOCKERFILE.partition("install --directory")[2])
    )
    assert not models[1].startswith(f"{home[1]}/")  # a copy of the catalog is not to hold the models
    assert "/healthz" in str(HUBDEX.healthcheck)
    assert HUBDEX.environment["HUBDEX_HOST"] == "0.0.0.0"
    for volume in HUBDEX.volumes + MEILISEARCH.volumes:
        named = re.sub(r"^\$\{\w+:-(\w+)\}", r"\1", volume)
        assert named.split(":")[0] in FILE.volumes


def test_a_service_that_listens_to_a_network_has_its_key() -> None:
    assert str(HUBDEX.environment["HUBDEX_API_KEY"]).startswith("${HUBDEX_API_KEY:?")
    assert [name for name, one in FILE.services.items() if "HUBDEX_API_KEY" in one.environment] == ["hubdex"]


@pytest.mark.parametrize("service", [HUBDEX, KEYS], ids=["hubdex", "keys"])
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_stands_before_meilisearch(service: Service, variable: str) -> None:
    assert "meilisearch" in str(service.environment[variable]).partition("$")[0].split(",")


def test_the_keys_are_made_where_hubdex_looks() -> None:
    assert KEYS.environment["HUBDEX_MEILI_URL"] == HUBDEX.environment["HUBDEX_MEILI_URL"]
    assert KEYS.networks == HUBDEX.networks
    assert KEYS.image == HUBDEX.image


def test_the_image_is_named_after_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert HUBDEX.image == f"hubdex:{project['version']}"


@pytest.mark.parametrize("name", ["compose.yaml", "env.example", "Dockerfile", "README.md"])
def test_only_settings_that_exist_are_named(name: str) -> None:
    named = set(re.findall(r"\b(?:HUBDEX|HF)_[A-Z_]+\b", (DEPLOY / name).read_text()))

    assert named
    assert named <= SETTINGS


def test_the_example_and_the_composition_name_the_same() -> None:
    assert settable(EXAMPLE) | MEILISEARCH_SETTINGS == filled_in(COMPOSE)


def test_no_secret_has_a_value() -> None:
    for name, value in re.findall(r"(\w+)=(\S*)", EXAMPLE):
        assert not (PRIVATE.search(name) and value), name
    for service in FILE.services.values():
        for name, value in service.environment.items():
            if PRIVATE.search(name):
                assert re.fullmatch(rf"\$\{{{name}:(-|\?[^}}]+)\}}", str(value)), name
    assert not PRIVATE.search(DOCKERFILE)


def test_the_image_is_pinned_and_runs_as_nobody_much() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    users = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)

    assert bases
    assert all(PINNED.fullmatch(base) for base in bases)
    assert len(users) == 1
    assert "0" not in users[0]
    assert f"--uid {users[0][0]} " in DOCKERFILE
    assert DOCKERFILE.rindex("\nUSER ") > DOCKERFILE.rindex("\nRUN ")


def test_the_image_is_built_from_what_is_there() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]

    assert set(copied) == set(let_in)
    assert set(ROOMS) <= set(copied)
    assert all((ROOT / source).exists() for source in copied)


def test_the_readme_names_the_version_that_runs() -> None:
    version = MEILISEARCH.image.rpartition(":v")[2]

    assert f"names {version}," in (DEPLOY / "README.md").read_text()
