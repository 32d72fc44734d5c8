import pytest

from api.config import ApiConfig
from indexer.config import read_config
from indexer.errors import SettingsError


def test_settings_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "UPSTREAM", "ALLOWED_HOSTS", "CORS_ORIGINS"):
        monkeypatch.delenv(f"HUBDEX_{name}", raising=False)

    config = read_config(ApiConfig)

    assert (config.host, config.port, config.upstream) == ("127.0.0.1", 8017, "https://huggingface.co")
    assert config.allowed_hosts == config.cors_origins == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUBDEX_PORT", "65536"),
        ("HUBDEX_PORT", "http"),
        ("HUBDEX_UPSTREAM", "huggingface.co"),
        ("HUBDEX_UPSTREAM", "javascript://x"),
        ("HUBDEX_UPSTREAM", "https://user:secret@hub.example"),
        ("HUBDEX_UPSTREAM", "https://hub.example/?x"),
        ("HUBDEX_ALLOWED_HOSTS", "https://secret.example"),
        ("HUBDEX_ALLOWED_HOSTS", "fine.example, secret.example:80"),
        ("HUBDEX_ALLOWED_HOSTS", "**.secret"),
        ("HUBDEX_CORS_ORIGINS", "secret.example"),
        ("HUBDEX_CORS_ORIGINS", "https://secret.example/path"),
        ("HUBDEX_CORS_ORIGINS", "https://user@secret.example"),
        ("HUBDEX_CORS_ORIGINS", "null"),
        ("HUBDEX_API_KEY", "a-short-secret"),
        ("HUBDEX_API_KEY", "secret with a space in it"),
        ("HUBDEX_API_KEY", "secret\xe9" * 10),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as caught:
        read_config(ApiConfig)

    assert "secret" not in str(caught.value)


def test_lists_are_read_with_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDEX_ALLOWED_HOSTS", "models.example.org, *.lan [fd00::1],")
    monkeypatch.setenv("HUBDEX_CORS_ORIGINS", "https://App.example.org/ http://localhost:3000")

    config = read_config(ApiConfig)

    assert config.allowed_hosts == ("models.example.org", "*.lan", "[fd00::1]")
    assert config.cors_origins == ("https://app.example.org", "http://localhost:3000")


def test_the_key_is_long_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDEX_API_KEY", "0123456789abcdef")

    config = read_config(ApiConfig)

    assert config.api_key is not None
    assert "0123456789abcdef" not in f"{config!r} {config}"
    monkeypatch.setenv("HUBDEX_API_KEY", "")
    assert read_config(ApiConfig).api_key is None
