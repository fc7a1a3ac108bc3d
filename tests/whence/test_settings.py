"""Settings come from the environment, and a wrong one is a sentence."""

import pytest

from ledger.keyring import FORM
from whence.errors import WrongSetting
from whence.settings import Settings


def test_without_an_environment_there_is_a_ledger_in_a_file():
    settings = Settings.load()

    assert settings.database_url == "sqlite:///var/ledger.db"
    assert not settings.on_postgresql


def test_what_the_command_line_says_counts_more_than_the_environment(monkeypatch):
    monkeypatch.setenv("WHENCE_PORT", "9000")
    monkeypatch.setenv("WHENCE_HOST", "0.0.0.0")  # noqa: S104 (only read, never bound)

    settings = Settings.load(port=9001, host=None)

    assert settings.port == 9001
    assert settings.host == "0.0.0.0"  # noqa: S104 (see above)


def test_a_database_may_be_named_by_several_hosts(monkeypatch):
    url = "postgresql://whence:secret@one:5432,two:5433/ledger?target_session_attrs=primary"
    monkeypatch.setenv("WHENCE_DATABASE_URL", url)

    assert Settings.load().on_postgresql


def test_what_is_left_to_others_is_separated_by_commas(monkeypatch):
    monkeypatch.setenv("WHENCE_SERVE_WITHOUT", "billing, folding")

    assert Settings.load().serve_without == ("billing", "folding")


def test_origins_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("WHENCE_CORS_ORIGINS", "https://a.example, https://b.example")

    assert Settings.load().cors_origins == ("https://a.example", "https://b.example")


def test_trusted_proxies_are_addresses_or_networks(monkeypatch):
    monkeypatch.setenv("WHENCE_TRUSTED_PROXIES", "10.0.0.7, 10.1.2.3/16,2001:db8::/32")

    assert Settings.load().trusted_proxies == ("10.0.0.7/32", "10.1.0.0/16", "2001:db8::/32")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "SECRET_KEYS",
            "k1:too+short",
            f"WHENCE_SECRET_KEYS cannot be used: {FORM}",
        ),
        ("PORT", "99999", "WHENCE_PORT cannot be used: it must be less than or equal to 65535"),
        (
            "DATABASE_URL",
            "mysql://host/database",
            "WHENCE_DATABASE_URL cannot be used: it must begin with sqlite:/// or postgresql://",
        ),
        (
            "DATABASE_URL",
            "sqlite+aiosqlite:///ledger.db",
            "WHENCE_DATABASE_URL cannot be used: it must begin with sqlite:/// or postgresql://",
        ),
        (
            "DATABASE_URL",
            "sqlite:///:memory:",
            "WHENCE_DATABASE_URL cannot be used: it must name a file: sqlite:///var/ledger.db",
        ),
        (
            "CORS_ORIGINS",
            "https://shop.example,shop.example",
            (
                "WHENCE_CORS_ORIGINS cannot be used: it must be like https://shop.example, "
                'separated by commas, or "*"'
            ),
        ),
        (
            "DATABASE_URL",
            "postgresql://one:5432,two:often/ledger",
            "WHENCE_DATABASE_URL cannot be used: it must look like sqlite:///… or postgresql://…",
        ),
        (
            "SERVE_WITHOUT",
            "cooking",
            "WHENCE_SERVE_WITHOUT cannot be used: it must be 'billing', 'folding' or 'delivery'",
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.7,proxy.example",
            (
                "WHENCE_TRUSTED_PROXIES cannot be used: it must be addresses or networks, "
                "like 10.0.0.7,10.1.0.0/16"
            ),
        ),
        (
            "RATE_LIMIT_PER_KEY",
            "0/minute",
            'WHENCE_RATE_LIMIT_PER_KEY cannot be used: it must be like 300/minute, or "off"',
        ),
        (
            "RATE_LIMIT_PUBLIC",
            "fast",
            'WHENCE_RATE_LIMIT_PUBLIC cannot be used: it must be like 300/minute, or "off"',
        ),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(monkeypatch, variable, value, sentence):
    monkeypatch.setenv(f"WHENCE_{variable}", value)

    with pytest.raises(WrongSetting) as wrong:
        Settings.load()

    assert str(wrong.value) == sentence


def test_a_wrong_database_address_does_not_show_its_password(monkeypatch):
    monkeypatch.setenv("WHENCE_DATABASE_URL", "mysql://whence:hunter2@host/database")

    with pytest.raises(WrongSetting) as wrong:
        Settings.load()

    assert "hunter2" not in str(wrong.value)
