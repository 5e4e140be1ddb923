"""UPI, in India."""

import pytest
from hypothesis import given

from kirana.money.rails import CodeRefused, read, upi
from kirana.money.rails.upi.code import parse, read_code, write_code
from kirana.platform.problems import InvalidInput
from kirana.values import Money

from .make import REFERENCE, upi_codes
from .test_emv import reason_of

ADDRESS = {"vpa": "asha@okbank", "name": "Asha's Tea & Spices"}


@given(upi_codes)
def test_what_is_written_is_read(given: upi.UpiCode) -> None:
    assert read_code(write_code(given)) == given


def test_an_offer_writes_the_at_sign_bare_and_a_space_as_percent_20() -> None:
    offer = upi.offer(upi.check_address(ADDRESS), Money(49900, "INR"), REFERENCE)

    assert offer.text == (
        "upi://pay?pa=asha@okbank&pn=Asha%27s%20Tea%20%26%20Spices"
        f"&tr={REFERENCE}01&am=499.00&cu=INR"
    )


def test_every_attempt_has_a_reference_of_its_own() -> None:
    address = upi.check_address(ADDRESS)

    tried = {read(upi.offer(address, None, REFERENCE, attempt=n).text).reference for n in (1, 2, 3)}

    assert tried == {f"{REFERENCE}01", f"{REFERENCE}02", f"{REFERENCE}03"}


def test_an_iphone_gets_a_link_for_each_app() -> None:
    offer = upi.offer(upi.check_address(ADDRESS), None, REFERENCE)

    any_app, *named = offer.links
    assert (any_app.href, any_app.app) == (offer.text, None)
    assert {link.app for link in named} == {"Google Pay", "PhonePe", "Paytm", "BHIM"}
    assert all(link.href.endswith(offer.text.partition("?")[2]) for link in named)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("upi://pay?pa=a@upi&pn=A&am=0", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=0.00", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=1.234", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=1.230", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=1,50", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=-1", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=NaN", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=%D9%A1", "amount"),
        ("upi://pay?pa=a@upi&pn=A&am=5&mam=x", "amount"),
        ("upi://pay?pa=a@upi&pn=A&cu=USD", "currency"),
        ("upi://pay?pa=a@upi&pn=A&cu=inr", "currency"),
        ("upi://pay?pa=nope&pn=A", "payee"),
        ("upi://pay?pa=a@b@c&pn=A", "payee"),
        ("upi://pay?pn=A", "payee"),
        ("upi://pay?pa=null", "payee"),
        ("upi://pay?", "payee"),
        ("upi://pay?pa=a@upi&pa=b@upi", "repeated-field"),
        ("upi://pay?pa=a@upi&am=5&am=", "repeated-field"),
        ("upi://pay?pa=a@upi&p%61=b@upi", "repeated-field"),
        ("upi://pay?pa=a@upi&mc=5499&am=5", "reference"),
        ("upi://pay?pa=a@upi&mc=54&tr=1", "merchant"),
        ("upi://mandate?pa=a@upi&pn=A", "mandate"),
        ("UPI://MANDATE?pa=a@upi", "mandate"),
        ("upi://collect?pa=a@upi", "not-a-code"),
        ("upi:pay?pa=a@upi", "not-a-code"),
        ("upi://pay?pa=a@upi&pn=%ZZ", "encoding"),
        ("upi://pay?pa=a@upi&pn=%FF", "encoding"),
        ("upi://pay?pa=a@upi&pn=\udcff", "no-text"),
        ("upi://pay?pa=a@upi&pn=A\n", "no-text"),
        ("upi://pay?pa=a@upi&pn=%E2%80%AEahsA", "no-text"),
        ("upi://pay?pa=a@upi&=x", "no-key"),
        ("upi://pay?pa=a@upi&pn=" + "A" * 5000, "too-long"),
    ],
)
def test_a_link_that_breaks_a_rule_of_upi_is_refused(text: str, reason: str) -> None:
    assert reason_of(text) == reason


def test_a_plus_is_a_plus_and_never_a_space() -> None:
    reading = read("upi://pay?pa=a@upi&pn=Acme+Store&tn=1%2B1%20is%202")

    assert (reading.name, reading.note) == ("Acme+Store", "1+1 is 2")


def test_letters_that_are_joined_are_read() -> None:
    name = "\u0d28\u0d28\u0d4d\u200d \u0915\u094d\u200d\u0937"

    assert read_code(write_code(upi.UpiCode(pa="a@upi", pn=name))).pn == name
    assert upi.check_address({"vpa": "asha@bank", "name": name})["name"] == name


def test_empty_and_null_mean_that_nothing_is_said() -> None:
    reading = read("upi://pay?pa=a@upi&pn=A&am=&mam=null&cu=&tn=null&tr")

    assert (reading.amount_minor, reading.note, reading.reference) == (None, None, None)
    assert reading.fields["mam"] is None


def test_a_value_begins_after_the_first_equals_sign() -> None:
    reading = read("upi://pay?pa=a@upi&pn=A&url=https://a.example/?id=7=8")

    assert reading.fields["url"] == "https://a.example/?id=7=8"


def test_unknown_keys_survive_and_the_signature_stays_last() -> None:
    text = "upi://pay?pa=a@upi&pn=A&cu=INR&ver=01&sign=MEUC"

    assert write_code(read_code(text)) == text


def test_a_signature_that_is_not_last_is_warned_of() -> None:
    assert any("signature" in it for it in read("upi://pay?pa=a@upi&sign=MEUC&pn=A").warnings)


def test_the_scheme_is_known_in_any_case() -> None:
    assert read("UPI://PAY?pa=a@upi&pn=A").payee == "a@upi"


def test_a_merchant_may_ask_for_no_amount_without_a_reference() -> None:
    assert read("upi://pay?pa=a@upi&pn=A&mc=5499").payee == "a@upi"
    assert read("upi://pay?pa=a@upi&pn=A&mc=0000&am=5").amount_minor == 500


def test_a_note_of_more_than_50_characters_is_read_and_not_written() -> None:
    with pytest.raises(CodeRefused):
        write_code(upi.UpiCode(pa="a@upi", tn="x" * 51))

    assert any("50" in it for it in read("upi://pay?pa=a@upi&tn=" + "x" * 51).warnings)


def test_keys_keep_their_order() -> None:
    assert list(parse("upi://pay?tr=1&pa=a@upi&&am=2&")) == ["tr", "pa", "am"]


def test_an_address_is_kept_in_one_spelling() -> None:
    kept = {"vpa": "asha@okbank", "name": "Asha Rao", "mcc": "5499"}

    assert upi.check_address({"vpa": " Asha@OkBank", "name": "Asha  Rao ", "mcc": "5499"}) == kept
    assert upi.check_address(kept) == kept


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": "Asha"}, "details.vpa"),
        ({"vpa": "asha", "name": "Asha"}, "details.vpa"),
        ({"vpa": "asha@@bank", "name": "Asha"}, "details.vpa"),
        ({"vpa": "asha@bank"}, "details.name"),
        ({"vpa": "asha@bank", "name": "A\nB\x00"}, "details.name"),
        ({"vpa": "asha@bank", "name": "Asha", "mcc": "54"}, "details.mcc"),
    ],
)
def test_an_address_that_is_wrong_names_the_field(details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        upi.check_address(details)

    assert [it["field"] for it in refusal.value.facts["errors"]] == [field]
