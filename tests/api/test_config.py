import pytest

from api.config import ApiConfig
from indexer.config import read_config
from indexer.errors import SettingsError


def test_settings_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "UPSTREAM"):
        monkeypatch.delenv(f"HUBDEX_{name}", raising=False)

    config = read_config(ApiConfig)

    assert (config.host, config.port, config.upstream) == ("127.0.0.1", 8017, "https://huggingface.co")
    assert config.is_local


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUBDEX_PORT", "65536"),
        ("HUBDEX_PORT", "http"),
        ("HUBDEX_UPSTREAM", "huggingface.co"),
        ("HUBDEX_UPSTREAM", "javascript://x"),
        ("HUBDEX_UPSTREAM", "https://user:secret@hub.example"),
        ("HUBDEX_UPSTREAM", "https://hub.example/?x"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as caught:
        read_config(ApiConfig)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("::1", True), ("127.0.0.2", True), ("0.0.0.0", False), ("hub.example", False)],
)
def test_only_loopback_is_local(host: str, local: bool) -> None:  # noqa: FBT001
    assert ApiConfig(host=host).is_local is local
