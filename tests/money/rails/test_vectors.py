"""Codes of other programs and of the standards, where they lie beside the project."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kirana.money import rails
from kirana.money.rails import CodeRefused, emv
from kirana.money.rails.epc.code import CHARSETS, EpcCode
from kirana.money.rails.epc.code import write_code as write_epc
from kirana.money.rails.paynow.code import PayNowCode
from kirana.money.rails.paynow.code import write_code as write_paynow
from kirana.money.rails.pix.code import PixCode
from kirana.money.rails.pix.code import write_code as write_pix
from kirana.money.rails.promptpay.code import PromptPayCode, phone_of
from kirana.money.rails.promptpay.code import write_code as write_promptpay
from kirana.money.rails.upi.code import UpiCode
from kirana.money.rails.upi.code import write_code as write_upi
from kirana.values import Money

FILE = Path(__file__).parents[4] / "shared" / "data" / "rails" / "vectors.json"
NAMES = {"emv-mpm": "emv", "epc-qr": "epc"}

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="The vectors are not here.")

Vector = dict[str, Any]


def vectors(wanted: Callable[[Vector], bool]) -> list[Any]:
    if not FILE.is_file():
        return []
    found = json.loads(FILE.read_text())["vectors"]
    return [pytest.param(it, id=f"{it['rail']}: {it['name']}") for it in found if wanted(it)]


def is_code(vector: Vector) -> bool:
    return vector["rail"] not in ("crc16", "stripe-webhook")


@pytest.mark.parametrize("vector", vectors(lambda it: is_code(it) and it["valid"]))
def test_a_code_of_others_is_read(vector: Vector) -> None:
    reading = rails.read(vector["payload"])

    assert reading.rail == NAMES.get(vector["rail"], vector["rail"])
    assert reading.fields.items() >= vector.get("decoded", {}).items()
    assert reading.amount_minor == vector.get("input", {}).get("amount_minor", reading.amount_minor)


@pytest.mark.parametrize("vector", vectors(lambda it: is_code(it) and not it["valid"]))
def test_a_wrong_code_of_others_is_refused(vector: Vector) -> None:
    with pytest.raises(CodeRefused):
        rails.read(vector["payload"])


@pytest.mark.parametrize("vector", vectors(lambda it: "tags" in it and it["valid"]))
def test_tags_survive_in_their_order(vector: Vector) -> None:
    fields = emv.parse(vector["payload"])

    assert [*fields, "63"] == vector["tags"]
    assert emv.compose(fields) == vector["payload"]


@pytest.mark.parametrize("vector", vectors(lambda it: it["rail"] == "crc16"))
def test_a_checksum_of_others_is_ours(vector: Vector) -> None:
    assert emv.checksum(vector["payload"]) == vector["crc"]


@pytest.mark.parametrize("vector", vectors(lambda it: "input" in it))
def test_we_write_what_others_write(vector: Vector) -> None:
    assert WRITERS[vector["rail"]](vector) == vector["payload"]


def _pix(vector: Vector) -> str:
    return write_pix(PixCode(**_with_amount(vector["input"], "BRL")))


def _paynow(vector: Vector) -> str:
    given = _with_amount(vector["input"], "SGD")
    return write_paynow(PayNowCode(is_editable=given.pop("editable"), **given))


def _promptpay(vector: Vector) -> str:
    given = _with_amount(vector["input"], "THB")
    for kind in ("national_id", "tax_id"):
        if kind in given:
            given["id_number"] = given.pop(kind)
    if "phone" in given:
        given["phone"] = phone_of(given["phone"])
    return write_promptpay(PromptPayCode(country_first="order" in vector, **given))


def _upi(vector: Vector) -> str:
    given = vector["input"]
    code = UpiCode(
        pa=given["vpa"], pn=given["name"], mc=given.get("mcc"), tr=given.get("tr"),
        tn=given["note"], am=Money(given["amount_minor"], "INR"),
    )  # fmt: skip
    return write_upi(code)


def _epc(vector: Vector) -> str:
    encoding = vector["encoding"].replace("iso-8859", "iso8859")
    charset = next(number for number, name in CHARSETS.items() if name == encoding)
    return write_epc(EpcCode(**{"charset": charset} | _with_amount(vector["input"], "EUR")))


def _with_amount(given: dict[str, Any], code: str) -> dict[str, Any]:
    minor = given.get("amount_minor")
    rest = {name: value for name, value in given.items() if name != "amount_minor"}
    return rest if minor is None else rest | {"amount": Money(minor, code)}


WRITERS = {"pix": _pix, "paynow": _paynow, "promptpay": _promptpay, "upi": _upi, "epc-qr": _epc}
