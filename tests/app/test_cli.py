"""The command line: help that helps, exit codes that scripts can rely on."""

import argparse
import json
import socket
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kirana import money
from kirana.app import cli, maintenance
from kirana.business import NewBusiness, open_business
from kirana.identity import create_person
from kirana.platform import migrate, signatures
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Actor, BusinessId, Money, TransferId, UserId, uuid7

GOOD = "name,sku,price,stock\nTea,T-1,3.50,4\nRice,R-1,2.00,9\n"
ONE_BAD = "name,sku,price,stock\nTea,T-1,3.50,4\nJam,J-1,cheap,1\n"
NO_TABLE = "%PDF-1.7 this is no table"


def parsers() -> Iterator[tuple[list[str], argparse.ArgumentParser]]:
    """Every command with its words, those inside of others too."""
    whole = cli._parser(with_rooms=["catalog", "chat", "rail", "receipt"])
    waiting: list[tuple[list[str], argparse.ArgumentParser]] = [([], whole)]
    while waiting:
        words, parser = waiting.pop()
        yield words, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += [([*words, name], it) for name, it in action.choices.items()]


@pytest.mark.parametrize("words", [words for words, _ in parsers()], ids=" ".join)
def test_each_command_says_how_it_is_used(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert said.startswith(f"usage: {' '.join(['kirana', *words])}")


def test_every_command_and_option_is_explained() -> None:
    unexplained = [
        f"{' '.join(words)} {action.dest}"
        for words, parser in parsers()
        for action in parser._actions
        if not action.help
        and not action.choices
        and not isinstance(action, argparse._SubParsersAction)
    ]
    silent = [
        f"{' '.join(words)} {name}"
        for words, parser in parsers()
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in set(action.choices) - {it.dest for it in action._choices_actions if it.help}
    ]

    assert unexplained == []
    assert silent == []


def test_the_help_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    said = capsys.readouterr().out
    for setting in fields(Settings):
        assert f"KIRANA_{setting.name.upper()}" in said


@pytest.mark.parametrize("words", [[], ["dance"], ["catalog"], ["appoint", "king", "Ravi"]])
def test_what_is_no_command_ends_with_two(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)

    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_setting_without_sense_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIRANA_PORT", "eighty")

    assert cli.main(["doctor"]) == 2
    assert "KIRANA_PORT" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a shop whose handle is `asha`, for the commands of this test."""
    monkeypatch.setenv("KIRANA_DATA_DIR", str(tmp_path / "data"))
    settings = Settings.read()
    settings.data_dir.mkdir()
    with maintenance.opened(settings) as database:
        migrate.upgrade(database)
        owner = UserId(uuid7())
        database.write(create_person, owner, "Asha", by=SYSTEM)
        draft = NewBusiness("Asha", "grocery", "US", "USD", "UTC", handle="asha")
        database.write(open_business, BusinessId(UserId(uuid7())), draft, by=Actor(owner, owner))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "code", "result"),
    [(GOOD, 0, "applied"), (ONE_BAD, 1, "applied"), (NO_TABLE, 2, "refused")],
)
def test_an_import_ends_with_zero_one_or_two_and_one_report(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, result: str
) -> None:
    file = folder / "products.csv"
    file.write_text(text)

    dry = cli.main(["catalog", "import", str(file), "--shop", "asha", "--dry-run", "--json"])
    planned = json.loads(capsys.readouterr().out)
    done = cli.main(["catalog", "import", str(file), "--shop", "asha", "--json"])
    report = json.loads(capsys.readouterr().out)

    assert (dry, done) == (code, code)
    assert report["result"] == result
    assert planned["dry_run"] is True
    assert report["dry_run"] is False
    if result == "applied":
        assert planned["result"] == "planned"
        assert planned["counts"] == report["counts"]
    else:
        assert report["sentence"]


@pytest.mark.parametrize(
    "words", [["missing.csv", "--shop", "asha"], ["products.csv", "--shop", "nobody"]]
)
def test_without_file_or_shop_an_import_is_refused_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (folder / "products.csv").write_text(GOOD)

    code = cli.main(["catalog", "import", str(folder / words[0]), *words[1:], "--json"])

    assert code == 2
    assert json.loads(capsys.readouterr().out)["result"] == "refused"


def test_importing_twice_changes_nothing_and_the_export_comes_in_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "products.csv"
    file.write_text(GOOD)
    bring = ["catalog", "import", str(file), "--shop", "asha", "--json"]
    write = ["catalog", "export", "--shop", "asha", "--out", str(file)]
    assert cli.main(bring) == 0
    capsys.readouterr()

    assert cli.main(bring) == 0
    again = json.loads(capsys.readouterr().out)["counts"]
    assert cli.main(write) == 0
    assert cli.main(bring) == 0
    exported = json.loads(capsys.readouterr().out)["counts"]

    assert (again["unchanged"], again["created"], again["updated"]) == (2, 0, 0)
    assert (exported["unchanged"], exported["created"], exported["updated"]) == (2, 0, 0)


def test_the_books_of_a_new_server_are_clean(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"clean": True, "findings": []}


def test_the_accounts_of_a_new_server_are_empty(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["clearing", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"accounts": []}


def test_an_account_is_explained_item_by_item(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with maintenance.opened_whole(Settings.read()) as database:
        database.write(money.top_up, TransferId(uuid7()), uuid7(), Money(1250, "EUR"), by=SYSTEM)

    assert cli.main(["clearing"]) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first == "310 cash box: -12.50 EUR"
    assert second.startswith("  -12.50 EUR  top_up  ")


def test_migrating_again_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate"]) == 0
    assert "was up to date" in capsys.readouterr().out


def test_somebody_is_appointed_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["appoint", "operator", "nobody-at-all"]) == 1
    assert "nobody-at-all" in capsys.readouterr().out


def test_the_doctor_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])

    said = capsys.readouterr().out
    assert "books: clean" in said
    assert "sign-in codes: cannot be sent: set KIRANA_SMTP_URL" in said


@pytest.mark.parametrize("words", [["audit"], ["audit", "--json"], ["appoint", "agent", "asha"]])
def test_on_a_new_folder_a_command_says_what_to_do(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KIRANA_DATA_DIR", str(tmp_path / "data"))

    assert cli.main(words) == 2
    assert "kirana migrate" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIRANA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KIRANA_DATABASE_URL", "postgresql://kirana@127.0.0.1:1/kirana")

    for words in (["migrate"], ["audit"]):
        assert cli.main(words) == 2
        assert capsys.readouterr().err.startswith("The database does not answer: ")


def test_a_port_that_is_taken_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("KIRANA_PORT", str(other.getsockname()[1]))
        monkeypatch.setenv("KIRANA_DATA_DIR", str(tmp_path / "data"))

        assert cli.main(["serve"]) == 1

    assert "cannot be listened on" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_the_doctor_does_not_let_codes_be_shown_to_the_world(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIRANA_SHOW_CODES", "1")
    cli.main(["doctor"])
    assert "sign-in codes: go by the console" in capsys.readouterr().out

    monkeypatch.setenv("KIRANA_PUBLIC_URL", "https://market.example")
    assert cli.main(["doctor"]) == 1
    assert "bad   sign-in codes" in capsys.readouterr().out

    monkeypatch.setenv("KIRANA_SHOW_CODES", "0")
    monkeypatch.setenv("KIRANA_DEMO", "1")
    assert cli.main(["doctor"]) == 1
    assert "bad   address: demo mode" in capsys.readouterr().out


def test_a_receipt_is_verified_without_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"what": "kirana-receipt-1", "payer": "Asha"}
    file, books = tmp_path / "receipt.json", tmp_path / "books.jsonl"
    file.write_text(json.dumps(said))
    assert cli.main(["receipt", "verify", str(file)]) == 2
    assert cli.main(["receipt", "verify", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err

    block = {"no": 1, "hash": "0" * 64, "sealed_at": 1}
    key = Ed25519PrivateKey.generate()
    named = signatures.encode(key.public_key().public_bytes_raw())
    receipt: dict[str, object] = {
        "what": "kirana-receipt-1", "server": "https://kirana.example", "key": named,
        "issued_at": 2, "transfer_id": str(uuid7()), "line": 1, "kind": "posted",
        "purpose": "send", "is_outgoing": True, "payer": "Asha", "payee": "Ravi",
        "amount": {"amount_minor": 250, "currency": "INR"}, "account_id": str(uuid7()),
        "reverses_id": None, "ref": None, "created_at": 1, "row_hash": "0" * 64,
        "block": block, "head": block, "signature": "",
    }  # fmt: skip
    head: dict[str, object] = {
        "what": "kirana-head-1", "server": "https://kirana.example", "key": named, "at": 3,
        "block": block, "signature": "",
    }  # fmt: skip
    for signed in (receipt, head):
        signed["signature"] = signatures.encode(key.sign(signatures.canonical(signed)))
    file.write_text(json.dumps(receipt, indent=2))
    books.write_text(json.dumps({"day": "2031-01-31", "head": head}) + "\n")

    assert cli.main(["receipt", "verify", str(file), "--books", str(books)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["heads"], told["payee"]) == ("signed", "kept", "Ravi")
    assert cli.main(["receipt", "verify", str(file), "--key", "A" * 43]) == 1
    file.write_text(json.dumps({**receipt, "payee": "Somebody"}))
    assert cli.main(["receipt", "verify", str(file), "--key", named]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["verdict"] == "changed"
