import json
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from kirana import business
from kirana.app.cli import main
from kirana.catalog.files.snapshots import load_products
from kirana.platform import migrate
from kirana.values import BusinessId
from tests.business import make as shops
from tests.database import RehearsedDatabase

from .make import content

HEADER = ["handle", "name", "sku", "price", "stock"]
GOOD = content(HEADER, ["tea", "Tea", "T-1", "3.50", "10"], ["jam", "Jam", "J-1", "2", ""])


@pytest.fixture
def shop(
    db: RehearsedDatabase, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> business.Business:
    monkeypatch.setenv("KIRANA_DATABASE_URL", database_url)
    monkeypatch.setenv("KIRANA_DATA_DIR", str(tmp_path / "data"))
    return shops.shop(db, currency="USD", handle="asha")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the one report on the standard output."""
    code = main(["catalog", "import", "--shop", "asha", "--json", *arguments])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, report


def count(db: RehearsedDatabase, shop_id: BusinessId) -> int:
    return len(db.read(load_products, shop_id))


def test_an_import_by_hand_reports_and_exits_with_zero(
    db: RehearsedDatabase,
    shop: business.Business,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "a.csv").write_bytes(GOOD)

    code, report = run(capsys, str(folder / "a.csv"))
    again, second = run(capsys, str(folder / "a.csv"))

    assert (code, report["result"], report["counts"]["created"]) == (0, "applied", 2)
    assert (again, second["counts"]["unchanged"]) == (0, 2)
    assert count(db, shop.id) == 2


def test_a_dry_run_writes_nothing(
    db: RehearsedDatabase,
    shop: business.Business,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "a.csv").write_bytes(GOOD)

    code, report = run(capsys, "--dry-run", str(folder / "a.csv"))

    assert (code, report["result"], report["dry_run"]) == (0, "planned", True)
    assert [row["result"] for row in report["rows"]] == ["created", "created"]
    assert count(db, shop.id) == 0


def test_refused_rows_exit_with_one(
    shop: business.Business, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.csv").write_bytes(
        content(HEADER, ["tea", "Tea", "T-1", "cheap", ""], ["jam", "Jam", "J-1", "2.5", ""])
    )

    code, report = run(capsys, str(folder / "a.csv"))

    assert (code, report["counts"]["refused"], report["counts"]["created"]) == (1, 1, 1)
    assert report["rows"][0]["notes"][0]["code"] == "not-a-price"


@pytest.mark.parametrize(
    ("file", "code"),
    [(b"{}", "not-a-table"), (b"", "empty-file"), (b"a,b\n1,2\n", "unknown-columns"),
     (content(HEADER, ["tea", "Tea", "T", "1,234", ""]), "which-decimal-sign")],
)  # fmt: skip
def test_a_file_refused_whole_exits_with_two(
    shop: business.Business,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    file: bytes,
    code: str,
) -> None:
    (folder / "a.csv").write_bytes(file)

    exit_code, report = run(capsys, str(folder / "a.csv"))

    assert (exit_code, report["result"], report["code"]) == (2, "refused", code)
    assert report["sentence"].endswith((".", "?"))


def test_the_decimal_sign_can_be_given(
    shop: business.Business, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.csv").write_bytes(content(HEADER, ["tea", "Tea", "T", "1,234", ""]))

    code, report = run(capsys, "--decimal", ".", "--dry-run", str(folder / "a.csv"))

    changes = {it["field"]: it["after"] for it in report["rows"][0]["changes"]}
    assert (code, changes["price"]) == (0, "1234.00 USD")


def test_a_missing_file_and_an_unknown_shop_have_a_report_too(
    shop: business.Business, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.csv").write_bytes(GOOD)

    missing, report = run(capsys, str(folder / "none.csv"))
    unknown = main(["catalog", "import", "--shop", "nobody", "--json", str(folder / "a.csv")])

    assert (missing, report["code"]) == (2, "no-such-file")
    assert unknown == 2
    assert json.loads(capsys.readouterr().out)["code"] == "no-such-shop"


def test_an_empty_database_has_no_shops(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIRANA_DATA_DIR", str(folder / "new"))
    monkeypatch.delenv("KIRANA_DATABASE_URL", raising=False)
    (folder / "a.csv").write_bytes(GOOD)

    code, report = run(capsys, str(folder / "a.csv"))

    assert (code, report["code"]) == (2, "no-such-shop")


def test_a_database_of_another_version_is_left_alone(
    shop: business.Business,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "a.csv").write_bytes(GOOD)
    monkeypatch.setattr(migrate, "current_revision", lambda database: "0001")
    monkeypatch.setattr(migrate, "newest_revision", lambda: "0002")

    code, report = run(capsys, str(folder / "a.csv"))

    assert (code, report["code"]) == (2, "other-version")
    assert "kirana migrate" in report["sentence"]


def test_a_file_from_the_standard_input_and_one_that_is_too_large(
    shop: business.Business,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(GOOD)))
    (folder / "large.csv").write_bytes(b"a" * (20 * 1024 * 1024 + 10))

    piped, report = run(capsys, "-")
    large, refusal = run(capsys, str(folder / "large.csv"))

    assert (piped, report["counts"]["created"]) == (0, 2)
    assert (large, refusal["code"]) == (2, "too-large")


@pytest.mark.parametrize("format_", ["kirana", "woocommerce", "shopify"])
def test_an_export_by_hand_imports_again_as_unchanged(
    shop: business.Business, folder: Path, capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    (folder / "a.csv").write_bytes(GOOD)
    run(capsys, str(folder / "a.csv"))

    code = main(
        ["catalog", "export", "--shop", "asha", "--format", format_, "--out", str(folder / "b.csv")]
    )
    _, report = run(capsys, str(folder / "b.csv"))

    assert code == 0
    assert report["counts"]["unchanged"] == len(report["rows"]) == 2


def test_without_json_people_get_sentences(
    shop: business.Business, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.csv").write_bytes(content(HEADER, ["tea", "Tea", "T-1", "cheap", "1"]))

    code = main(["catalog", "import", "--shop", "asha", str(folder / "a.csv")])

    said = capsys.readouterr().out
    assert code == 1
    assert "row 2, price: refused: This is not a price. [cheap]" in said
