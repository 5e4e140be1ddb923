"""What holds for every rail."""

import random
from contextlib import suppress

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kirana.money import rails
from kirana.money.rails import CodeRefused, qr
from kirana.values import MAX_AMOUNT_MINOR, Money

from .make import ADDRESSES, CROCKFORD, REFERENCE

OFFERS = 200


def offers(name: str) -> list[str]:
    rail = rails.RAILS[name]
    amount = Money(1250, rail.CURRENCY)
    addresses = [rail.check_address(details) for details in ADDRESSES[name]]
    return [rail.offer(address, amount, REFERENCE).text for address in addresses]


ALL = [text for name in ADDRESSES for text in offers(name)]
EMV = [text for text in ALL if text.startswith("000201")]


@pytest.mark.parametrize("name", rails.RAILS)
def test_what_a_rail_offers_is_read_as_its_own(name: str) -> None:
    for text in offers(name):
        reading = rails.read(text)

        assert reading.rail == name
        assert (reading.amount_minor, reading.currency) == (1250, rails.RAILS[name].CURRENCY)
        assert reading == rails.RAILS[name].read(text)


@pytest.mark.parametrize("name", rails.RAILS)
def test_the_reference_comes_back_where_the_rail_carries_it(name: str) -> None:
    rail = rails.RAILS[name]
    for details in ADDRESSES[name]:
        offer = rail.offer(rail.check_address(details), None, REFERENCE)

        reference = rails.read(offer.text).reference
        assert (reference is not None) == offer.carries_reference
        assert reference is None or REFERENCE in reference


@pytest.mark.parametrize("name", rails.RAILS)
@pytest.mark.parametrize("minor", [0, -1, MAX_AMOUNT_MINOR])
def test_an_amount_that_a_code_cannot_hold_is_refused(name: str, minor: int) -> None:
    rail = rails.RAILS[name]
    address = rail.check_address(ADDRESSES[name][0])

    with pytest.raises(CodeRefused):
        rail.offer(address, Money(minor, rail.CURRENCY), REFERENCE)


@given(st.sampled_from(EMV), st.data())
def test_a_code_with_a_character_changed_is_refused(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E).filter(lambda it: it != text[at])
    )

    with pytest.raises(CodeRefused):
        rails.read(text[:at] + char + text[at + 1 :])


@given(st.sampled_from(ALL), st.data())
def test_mangled_text_is_read_or_refused_and_nothing_else(text: str, data: st.DataObject) -> None:
    at, to = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    mangled = text[:at] + data.draw(st.text(max_size=8)) + text[to:]

    with suppress(CodeRefused):
        amount_minor = rails.read(mangled).amount_minor
        assert amount_minor is None or amount_minor > 0


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(CodeRefused):
        rails.read(text)


@pytest.mark.parametrize("name", rails.RAILS)
def test_another_decoder_scans_what_is_drawn(name: str) -> None:
    chance = random.Random(name)
    rail = rails.RAILS[name]
    addresses = [rail.check_address(details) for details in ADDRESSES[name]]

    for _ in range(OFFERS):
        reference = "".join(chance.choices(CROCKFORD, k=12))
        minor = int(10 ** chance.uniform(0, 11))
        text = rail.offer(chance.choice(addresses), Money(minor, rail.CURRENCY), reference).text

        [scanned] = _scan(text)

        assert scanned.bytes.decode() == text
        assert rails.read(scanned.text).amount_minor == minor


def test_a_code_of_sepa_is_drawn_in_its_own_character_set() -> None:
    code = rails.epc.EpcCode(name="Łódź", iban="BE72000000001616", charset=3)

    [scanned] = _scan(rails.epc.code.write_code(code))

    assert "Łódź".encode("iso8859-2") in scanned.bytes


def test_a_code_of_sepa_fits_into_version_13() -> None:
    code = rails.epc.EpcCode(
        name="N" * 70, iban="MT84MALT011000012345MTLCAST001S", bic="MALTMTMTXXX",
        amount=Money(99_999_999_999, "EUR"), purpose="GDDS", text="T" * 140, info="I" * 34,
    )  # fmt: skip
    text = rails.epc.code.write_code(code)

    assert len(text) > 300
    assert int(qr.make(text).version) <= 13


def test_a_picture_for_a_page_holds_nothing_but_the_code() -> None:
    svg = rails.draw_svg(ALL[0])

    assert svg.startswith("<svg ")
    assert "<script" not in svg
    assert "viewBox" in svg


def _scan(text: str) -> list[zxingcpp.Barcode]:
    rows = [
        bytes(0 if dark else 255 for dark in row) for row in qr.make(text).matrix_iter(border=4)
    ]
    picture = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
    larger = picture.resize((3 * len(rows), 3 * len(rows)), Image.Resampling.NEAREST)
    return zxingcpp.read_barcodes(larger, formats=zxingcpp.BarcodeFormat.QRCode)
