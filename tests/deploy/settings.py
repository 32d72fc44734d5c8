"""The settings there are, whichever room reads them."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from indexer.config import HomeConfig
from tests.conftest import ROOT
from tests.test_rooms import ROOMS

DEPLOY = ROOT / "deploy"
OF_COMPOSE = {
    "COMPOSE_FILE", "COMPOSE_PROFILES", "MAIN_COMMAND", "MODELS_FOLDER", "MEILI_MASTER_KEY",
    "MEILI_MAX_INDEXING_MEMORY",
}  # fmt: skip
"""What compose reads, or Meilisearch's own service; no process of Hubdex but `index keys` sees any of it."""
OF_OTHERS = {"HF_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}
"""What libraries read."""


def all_settings() -> set[str]:
    """The variables that the settings of all rooms are read from."""
    for room in ROOMS:
        for module in iter_modules([str(ROOT / room)]):
            if module.name in {"config", "hub"}:
                import_module(f"{room}.{module.name}")
    kinds, found = [HomeConfig], set[str]()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        for name, field in kind.model_fields.items():
            found.add(str(field.validation_alias or f"HUBDEX_{name.upper()}"))
    return found


def settable(path: Path) -> set[str]:
    """The variables an example file sets, or would without the mark before them."""
    return set(re.findall(r"^#?([A-Z_]+)=", path.read_text(), re.MULTILINE))


def named(text: str) -> set[str]:
    """Whatever looks like a setting of ours."""
    return set(re.findall(r"\b(?:HUBDEX|HF)_[A-Z][A-Z_]+\b", text))
