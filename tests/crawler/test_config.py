from pathlib import Path

import pytest

from crawler.__main__ import main
from crawler.config import CrawlConfig
from indexer.config import read_config
from indexer.errors import SettingsError

TOKEN = "hf_PlantedSecretToken123"


@pytest.fixture(autouse=True)
def nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUBDEX_UPSTREAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))


def test_defaults_ask_the_hub_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:8017")

    config = read_config(CrawlConfig)

    assert (config.upstream, config.token) == ("https://huggingface.co", None)
    assert config.user_agent.startswith("hubdex")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("https://hub.example/", "https://hub.example"),
        ("http://127.0.0.1:80//", "http://127.0.0.1:80"),
        ("https://example.org/hub/", "https://example.org/hub"),
    ],
)
def test_upstream_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch, value: str, meaning: str) -> None:
    monkeypatch.setenv("HUBDEX_UPSTREAM", value)

    assert read_config(CrawlConfig).upstream == meaning


@pytest.mark.parametrize(
    "value",
    [
        "ftp://hub",
        "hub.example",
        "https://",
        "http://me:pass@hub",
        "https://hub/?a=b",
        "http://[::1",
        "http://a:x",
    ],
)
def test_upstream_must_be_an_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HUBDEX_UPSTREAM", value)

    with pytest.raises(SettingsError, match="HUBDEX_UPSTREAM") as refusal:
        read_config(CrawlConfig)

    assert "pass" not in str(refusal.value)


def test_token_comes_from_the_environment_and_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", f" {TOKEN}\n")

    config = read_config(CrawlConfig)

    assert config.token is not None
    assert config.token.get_secret_value() == TOKEN
    assert TOKEN not in f"{config!r} {config.model_dump()}"


def test_token_comes_from_the_usual_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")

    token = read_config(CrawlConfig).token

    assert token is not None
    assert token.get_secret_value() == TOKEN


def test_an_empty_token_is_nobody_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("HF_TOKEN", "")

    assert read_config(CrawlConfig).token is None


@pytest.mark.parametrize("value", ["two words", "hf_a\nhost: b", "hf_ä"])
def test_a_token_that_fits_no_header_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HF_TOKEN", value)

    with pytest.raises(SettingsError, match=r"HF_TOKEN: .*characters that no token has") as refusal:
        read_config(CrawlConfig)

    assert value not in str(refusal.value)


@pytest.mark.parametrize("arguments", [[], ["sideways"], ["full", "--limit-pages", "0"], ["head", "--fast"]])
def test_bad_usage_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 2


def test_bad_settings_exit_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HUBDEX_HEAD_PAGES", "many")

    assert main(["head"]) == 2
    assert "HUBDEX_HEAD_PAGES" in capsys.readouterr().err
