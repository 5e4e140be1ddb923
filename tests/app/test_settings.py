"""Settings: read from the environment, or refused by name."""

from pathlib import Path

import pytest

from kirana.platform.settings import BadSetting, Settings


def test_without_any_setting_everything_has_a_default() -> None:
    settings = Settings.read({})

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{Path('data').absolute() / 'kirana.db'}"
    assert (settings.demo, settings.show_codes, settings.is_https) == (False, False, False)


def test_settings_are_taken_from_the_environment() -> None:
    settings = Settings.read(
        {
            "KIRANA_HOST": "::1",
            "KIRANA_PORT": "8031",
            "KIRANA_DATA_DIR": "/srv/kirana",
            "KIRANA_DEMO": "yes",
            "KIRANA_PUBLIC_URL": "https://shop.example/",
            "UNRELATED": "1",
        }
    )

    assert (settings.host, settings.port, settings.demo) == ("::1", 8031, True)
    assert settings.database_url == "sqlite:////srv/kirana/kirana.db"
    assert (settings.public_url, settings.is_https) == ("https://shop.example", True)


def test_an_address_of_version_six_is_written_as_in_a_link() -> None:
    assert Settings.read({"KIRANA_HOST": "::1"}).public_url == "http://[::1]:8000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KIRANA_PORT", "eighty"),
        ("KIRANA_PORT", "70000"),
        ("KIRANA_PORT", "-1"),
        ("KIRANA_DEMO", "perhaps"),
        ("KIRANA_SHOW_CODES", "2"),
        ("KIRANA_DATABASE_URL", "mysql://localhost/kirana"),
        ("KIRANA_DATABASE_URL", "kirana.db"),
        ("KIRANA_DATABASE_URL", "sqlite:kirana.db"),
        ("KIRANA_PUBLIC_URL", "market.example"),
        ("KIRANA_PUBLIC_URL", "https:///shop"),
        ("KIRANA_SMTP_URL", "mail.example:587"),
        ("KIRANA_SMTP_URL", "smtp://mail.example"),
        ("KIRANA_SMS_URL", "gateway.example/send"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.read({name: value})


def test_what_reaches_the_outside_is_checked_whole() -> None:
    settings = Settings.read(
        {
            "KIRANA_DATABASE_URL": "postgresql://kirana@/kirana?host=/run/postgresql",
            "KIRANA_SMTP_URL": "smtps://user:p%40ss@mail.example",
            "KIRANA_MAIL_FROM": "Market <codes@market.example>",
            "KIRANA_SMS_URL": "https://gateway.example/send?to={to}",
            "KIRANA_TILES_URL": "https://{s}.tiles.example/{z}/{x}/{y}.png",
        }
    )

    assert settings.smtp_url.startswith("smtps://")


@pytest.mark.parametrize(
    ("host", "public_url", "is_local"),
    [
        ("127.0.0.1", "", True),
        ("::1", "http://localhost:8000", True),
        ("127.0.0.1", "https://market.example", False),
        ("0.0.0.0", "", False),
    ],
)
def test_a_server_knows_whether_others_reach_it(host: str, public_url: str, is_local: bool) -> None:
    given = {"KIRANA_HOST": host, "KIRANA_PUBLIC_URL": public_url}

    assert Settings.read(given).is_local is is_local
