from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from tests.factories import fill_home

LOCAL = "http://127.0.0.1:8017"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a few models; nobody writes to it."""
    folder = tmp_path_factory.mktemp("home")
    fill_home(folder)
    return folder


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(ApiConfig(home=home)), base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def empty_client(tmp_path: Path) -> Iterator[TestClient]:
    """A service that was started before anything has been crawled; its home is `tmp_path`."""
    app = create_app(ApiConfig(home=tmp_path))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        yield opened
