"""What is sealed opens with the same key and at the same place, and nowhere else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kirana.platform.settings import BadSetting, Settings
from kirana.platform.vault import FILE, Unopened, open_vault


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_what_was_sealed_opens_after_a_restart(settings: Settings) -> None:
    sealed = open_vault(settings).seal("rk_live_é", "here")

    assert b"rk_live" not in sealed
    assert open_vault(settings).unseal(sealed, "here") == "rk_live_é"
    assert open_vault(settings).seal("rk_live_é", "here") != sealed


def test_the_key_is_for_this_user_of_the_machine_alone(settings: Settings) -> None:
    open_vault(settings)

    assert stat.S_IMODE((settings.data_dir / FILE).stat().st_mode) == 0o600


def test_it_opens_nowhere_else_by_no_other_key_and_changed_not_at_all(settings: Settings) -> None:
    sealed = open_vault(settings).seal("secret", "here")
    other = replace(settings, vault_key="ab" * 32)
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])

    for vault, text, place in (
        (open_vault(settings), sealed, "there"),
        (open_vault(other), sealed, "here"),
        (open_vault(settings), spoilt, "here"),
        (open_vault(settings), b"", "here"),
    ):
        with pytest.raises(Unopened):
            vault.unseal(text, place)


def test_of_processes_that_start_together_all_have_one_key(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: open_vault(settings), range(8)))

    sealed = vaults[0].seal("secret", "here")
    assert {vault.unseal(sealed, "here") for vault in vaults} == {"secret"}
    assert [it.name for it in settings.data_dir.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["short", "g" * 64, "a" * 63, " " + "a" * 64])
def test_a_key_of_the_settings_is_64_hex_digits(text: str) -> None:
    with pytest.raises(BadSetting):
        Settings.read({"KIRANA_VAULT_KEY": text})
    assert Settings.read({"KIRANA_VAULT_KEY": "aB" * 32}).vault_key == "aB" * 32
