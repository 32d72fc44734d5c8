"""The compose files are understood by compose, safe as they stand, and fit the image."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from scheduler.front_door import COMMANDS
from tests.conftest import ROOT
from tests.deploy.settings import DEPLOY, OF_COMPOSE, OF_OTHERS, settable
from tests.test_rooms import ROOMS

EMBEDDED, BESIDE = "compose.yaml", "compose.meilisearch.yaml"
TEXTS = {name: (DEPLOY / name).read_text() for name in (EMBEDDED, BESIDE)}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SECRETS = {"MEILI_MASTER_KEY": "a-master-key-of-the-tests", "HUBDEX_API_KEY": "a-key-of-the-tests"}
FIXED = {"HUBDEX_HOME", "HUBDEX_DATABASE", "HF_HOME", "HF_HUB_CACHE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}
"""What lies where it lies in a container."""
COMPOSE = shutil.which("docker-compose")
PRIVATE = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+(-[a-z-]+)?(@sha256:[0-9a-f]{64})?")


class Service(BaseModel, extra="ignore"):
    """What the tests look at in a service, as compose understands it."""

    image: str
    environment: dict[str, str | int]
    networks: dict[str, object]
    cap_drop: list[str]
    security_opt: list[str]
    command: list[str] = []
    ports: list[str] = []
    volumes: list[str] = []
    profiles: list[str] = []
    env_file: object = None
    healthcheck: dict[str, object] | None = None
    depends_on: dict[str, object] = {}
    read_only: bool = False
    privileged: bool = False
    stop_grace_period: str = "10s"


class Network(BaseModel, extra="ignore"):
    internal: bool = False


class Composition(BaseModel, extra="ignore"):
    services: dict[str, Service]
    networks: dict[str, Network]
    volumes: dict[str, object]


def asked(
    folder: Path, *names: str, settings: Mapping[str, str] = SECRETS, mend: tuple[str, str] = ("", "")
) -> subprocess.CompletedProcess[str]:
    """Ask compose what it makes of these files; `mend` replaces the one by the other in them."""
    files: list[str] = []
    for name in names:
        # Debian's compose is older than this one line, and knows the rest.
        text = re.sub(r"(?m)^name: .*$", "", TEXTS[name]).replace(*mend)
        (folder / name).write_text(text)
        files += ["--file", name]
    return subprocess.run(
        [COMPOSE or "", *files, "--profile", "two", "--profile", "setup", "config"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module", params=[(EMBEDDED,), (EMBEDDED, BESIDE)], ids=["embedded", "meilisearch"])
def composed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Composition:
    """Both ways to run it, as compose understands them."""
    return read(tmp_path_factory.mktemp("composed"), *request.param)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Composition:
    """The one with Meilisearch."""
    return read(tmp_path_factory.mktemp("beside"), EMBEDDED, BESIDE)


def read(folder: Path, *names: str, **settings: str) -> Composition:
    if COMPOSE is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no docker-compose: apt-get install docker-compose")
        pytest.skip("no docker-compose: apt-get install docker-compose")
    done = asked(folder, *names, settings=SECRETS | settings)
    assert done.returncode == 0, done.stderr
    return Composition.model_validate(yaml.safe_load(done.stdout))


def test_compose_understands_the_files_and_would_say_what_it_does_not(
    composed: Composition, tmp_path: Path
) -> None:
    wrong = asked(tmp_path, EMBEDDED, mend=("read_only:", "readonly:"))

    assert composed.services
    assert wrong.returncode != 0
    assert "readonly" in wrong.stderr


@pytest.mark.parametrize("secret", SECRETS)
def test_without_its_keys_nothing_starts(beside: Composition, tmp_path: Path, secret: str) -> None:
    done = asked(
        tmp_path, EMBEDDED, BESIDE, settings={name: SECRETS[name] for name in SECRETS if name != secret}
    )

    assert beside.services
    assert done.returncode != 0
    assert "is missing in .env" in done.stderr


def test_a_service_is_pinned_and_may_do_little(composed: Composition) -> None:
    for service in composed.services.values():
        assert PINNED.fullmatch(service.image)
        assert service.cap_drop == ["ALL"]
        assert service.security_opt == ["no-new-privileges:true"]
        assert not service.privileged
        assert not any("docker.sock" in volume for volume in service.volumes)
        assert service.env_file is None  # it would bring the whole of `.env`
        assert service.read_only or "meilisearch" in service.image


def test_only_the_page_is_published_and_only_to_this_machine(composed: Composition) -> None:
    published = {name: service.ports for name, service in composed.services.items() if service.ports}

    assert published == {"hubdex": ["127.0.0.1:8017:8017/tcp"]}
    assert composed.services["hubdex"].environment["HUBDEX_HOST"] == "0.0.0.0"
    assert composed.services["hubdex"].healthcheck is None  # the image's own


def test_one_service_does_all_and_two_share_it(tmp_path: Path) -> None:
    one = read(tmp_path, EMBEDDED).services
    two = read(tmp_path, EMBEDDED, MAIN_COMMAND="serve").services

    assert (one["hubdex"].command, one["hubdex"].profiles) == (["up"], [])
    assert [two[name].command for name in ("hubdex", "schedule")] == [["serve"], ["schedule"]]
    assert two["schedule"].profiles == ["two"]
    assert two["schedule"].environment == two["hubdex"].environment
    assert two["schedule"].volumes == two["hubdex"].volumes


def test_services_run_commands_there_are(composed: Composition) -> None:
    ours = [service for service in composed.services.values() if service.image.startswith("hubdex:")]

    assert {service.command[0] for service in ours} <= set(COMMANDS)


def test_meilisearch_is_closed_and_bounded(beside: Composition) -> None:
    meilisearch = beside.services["meilisearch"]

    assert [name for name in meilisearch.networks if not beside.networks[name].internal] == []
    assert meilisearch.environment["MEILI_ENV"] == "production"
    assert meilisearch.environment["MEILI_NO_ANALYTICS"] == "true"
    assert meilisearch.environment["MEILI_MAX_INDEXING_MEMORY"]
    assert [volume.partition(":")[0] for volume in meilisearch.volumes] == ["meilisearch"]
    assert meilisearch.healthcheck
    for name in ("hubdex", "schedule", "keys"):
        assert set(meilisearch.networks) <= set(beside.services[name].networks)
        assert "meilisearch" in beside.services[name].depends_on
        assert beside.services[name].environment["HUBDEX_MEILI_URL"] == "http://meilisearch:7700"


def test_each_key_reaches_only_who_needs_it(beside: Composition) -> None:
    holders = {
        key: {name for name, one in beside.services.items() if value in map(str, one.environment.values())}
        for key, value in SECRETS.items()
    }

    assert holders == {"MEILI_MASTER_KEY": {"meilisearch", "keys"}, "HUBDEX_API_KEY": {"hubdex", "schedule"}}
    assert beside.services["keys"].profiles == ["setup"]


@pytest.mark.parametrize("given", ["", "intranet.example.org"])
def test_meilisearch_and_the_health_check_go_past_a_proxy(tmp_path: Path, given: str) -> None:
    for service in read(tmp_path, EMBEDDED, BESIDE, NO_PROXY=given).services.values():
        for variable in ("NO_PROXY", "no_proxy") if service.image.startswith("hubdex:") else ():
            hosts = str(service.environment[variable]).split(",")
            assert {"meilisearch", "127.0.0.1", given or "localhost"} == set(hosts)


def test_hubdex_keeps_only_its_catalog_and_models(composed: Composition) -> None:
    home, models = (re.search(rf"{name}=(\S+)", DOCKERFILE) for name in ("HUBDEX_HOME", "HF_HOME"))

    assert home
    assert models
    made = re.findall(r"/var/\S+", DOCKERFILE.partition("install --directory")[2])
    assert {home[1], models[1]} <= set(made)
    assert not models[1].startswith(f"{home[1]}/")  # a copy of the catalog is not to hold the models
    assert composed.services["hubdex"].volumes == [f"catalog:{home[1]}:rw", f"models:{models[1]}:rw"]
    assert {"catalog", "models"} <= set(composed.volumes)


def test_what_the_example_sets_reaches_the_services() -> None:
    filled_in = set(re.findall(r"\$\{(\w+)", "".join(TEXTS.values())))

    assert filled_in - OF_OTHERS == (settable(DEPLOY / "env.example") - FIXED - OF_OTHERS) - {
        "COMPOSE_FILE", "COMPOSE_PROFILES",
    }  # fmt: skip
    assert settable(DEPLOY / "env.example") >= OF_COMPOSE


def test_the_images_are_named_after_their_versions(beside: Composition) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = beside.services["meilisearch"].image.rpartition(":v")[2]

    assert f'image.version="{project["version"]}"' in DOCKERFILE
    for name in ("hubdex", "schedule", "keys"):
        assert beside.services[name].image == f"hubdex:{project['version']}"
    assert f"names {version}," in (DEPLOY / "MEILISEARCH.md").read_text()


def test_the_image_is_pinned_and_runs_as_nobody_much() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    users = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)

    assert bases
    assert all(PINNED.fullmatch(base) for base in bases)
    assert len(users) == 1
    assert "0" not in users[0]
    assert f"--uid {users[0][0]} " in DOCKERFILE
    assert DOCKERFILE.rindex("\nUSER ") > DOCKERFILE.rindex("\nRUN ")
    assert "/healthz" in DOCKERFILE.partition("\nHEALTHCHECK ")[2]
    assert not PRIVATE.search(DOCKERFILE)


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
