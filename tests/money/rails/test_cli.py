"""`kirana rail read`."""

import json
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.app.cli import main
from kirana.money.rails import cli, pix, upi
from kirana.money.rails.epc import EpcCode
from kirana.money.rails.epc.code import write_code
from kirana.values import Money

from .make import ADDRESSES, REFERENCE

UPI = upi.offer(upi.check_address(ADDRESSES["upi"][0]), Money(49900, "INR"), REFERENCE).text
PIX = pix.offer(pix.check_address(ADDRESSES["pix"][2]), Money(50, "BRL"), REFERENCE).text
EPC = write_code(EpcCode(name="Müller", iban="BE72000000001616", amount=Money(1230, "EUR")))


class Reader:
    """Runs the command and gives its exit code and its lines."""

    def __init__(
        self, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._out = capfdbinary
        self._patch = monkeypatch

    def __call__(self, *texts: str, given: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
        self._patch.setattr("sys.stdin", TextIOWrapper(BytesIO(given)))
        code = main(["rail", "read", *texts])
        return code, [json.loads(line) for line in self._out.readouterr().out.splitlines()]


@pytest.fixture
def read(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(capfdbinary, monkeypatch)


def test_a_code_says_rail_amount_payee_and_all_its_fields(read: Reader) -> None:
    code, [said] = read(UPI)

    assert code == 0
    assert said == {
        "rail": "upi", "currency": "INR", "amount_minor": 49900, "payee": "asha@okbank",
        "name": "Asha's Tea & Spices", "reference": REFERENCE + "01", "note": None,
        "fields": {"pa": "asha@okbank", "pn": "Asha's Tea & Spices", "tr": REFERENCE + "01",
                   "am": "499.00", "cu": "INR"},
        "warnings": [],
    }  # fmt: skip


def test_a_refused_code_says_why_and_exits_with_one(read: Reader) -> None:
    code, [said] = read(PIX[:-1] + "!")

    assert code == 1
    assert (said["refused"], said["field"]) == ("wrong-checksum", "63")
    assert said["sentence"]


def test_each_line_gives_one_object_and_one_refused_line_exits_with_one(read: Reader) -> None:
    lines = f"{UPI}\r\n\n{PIX}\nhttps://example.com\n"

    code, said = read(given=lines.encode())

    assert code == 1
    assert [it.get("rail", it.get("refused")) for it in said] == ["upi", "pix", "not-a-code"]
    assert read(given=f"{UPI}\n{PIX}".encode())[0] == 0


@pytest.mark.parametrize(
    "given",
    [EPC, EPC + "\n\n\n", EPC.replace("\n", "\r\n"), json.dumps(EPC), EPC.replace("\n", "\\n")],
    ids=["as it is", "with empty lines", "of Windows", "as JSON", "in one line"],
)
def test_a_code_of_several_lines_is_read(read: Reader, given: str) -> None:
    lines = f"{PIX}\n{given}\n{UPI}\n{given}"

    code, said = read(given=lines.encode())

    assert (code, [it["rail"] for it in said]) == (0, ["pix", "epc", "upi", "epc"])
    assert (said[1]["name"], said[1]["amount_minor"]) == ("Müller", 1230)


def test_a_code_of_several_lines_is_read_as_an_argument(read: Reader) -> None:
    assert read(EPC)[1][0]["payee"] == "BE72000000001616"


def test_a_code_in_its_own_character_set_is_read(read: Reader) -> None:
    text = write_code(EpcCode(name="Müller", iban="BE72000000001616", charset=2))

    code, [said] = read(given=text.encode("iso8859-1"))

    assert (code, said["name"]) == (0, "Müller")


def test_nothing_is_refused(read: Reader) -> None:
    assert read("")[0] == 1
    code, said = read(given=b"\n")
    assert (code, [it["refused"] for it in said]) == (1, ["not-a-code"])


def test_more_than_any_list_of_codes_is_refused_whole(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "MAX_BYTES", 10)

    code, said = read(given=b"upi://pay?pa=a@b\n" * 9)

    assert (code, len(said)) == (1, 1)


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda it: f'"{it}"'.encode()))
def test_any_bytes_are_answered(given: bytes) -> None:
    for code in cli.split(given):
        assert cli.answer(code).keys() & {"refused", "rail"}


def test_bytes_that_are_no_text_are_refused_without_a_traceback() -> None:
    command = [sys.executable, "-m", "kirana", "rail", "read", b"upi://pay?pn=\xff\xfe"]

    done = subprocess.run(command, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["refused"] == "no-text"


def test_help_says_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["rail", "read", "--help"])

    assert done.value.code == 0
    assert "minor units" in " ".join(capsys.readouterr().out.split())
