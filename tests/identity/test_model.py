import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.identity.model import (
    clean_name,
    is_handle,
    is_pin,
    normalize_handle,
    parse_address,
    pin_locked_until,
    source_key,
)


@pytest.mark.parametrize(
    ("text", "country", "key"),
    [
        ("+91 98765 43210", None, "+919876543210"),
        ("0091 98765-43210", None, "+919876543210"),
        ("098765 43210", "in", "+919876543210"),
        ("+55 11 98765-4321", None, "+551187654321"),
        ("+55 11 8765-4321", None, "+551187654321"),
        ("+52 1 33 1234 5678", None, "+523312345678"),
        ("+54 9 11 2345-6789", None, "+541123456789"),
        ("Asha.K+shop@Example.COM", None, "asha.k+shop@example.com"),
        ("asha@bücher.example", None, "asha@xn--bcher-kva.example"),
    ],
)
def test_the_spellings_of_one_address_share_a_key(text: str, country: str | None, key: str) -> None:
    address = parse_address(text, country)

    assert address is not None
    assert address.key == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "98765 43210",
        "+91 12",
        "hello",
        "a@b",
        "a b@example.com",
        "a@example.com\nBcc: b@example.com",
        "@example.com",
        ".a@example.com",
        "a@-x.com",
        "+91 98765 43210 ext. 5",
        "a@" + "x" * 250 + ".com",
    ],
)
def test_what_can_be_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_an_address(text: str) -> None:
    address = parse_address(text)

    assert address is None or "\n" not in address.text


@pytest.mark.parametrize("text", ["asha", "asha-stores", "a1b", "x" * 30, "7-eleven"])
def test_a_handle_is_letters_digits_and_single_dashes(text: str) -> None:
    assert is_handle(text)


@pytest.mark.parametrize(
    "text", ["ab", "x" * 31, "-asha", "asha-", "a--b", "Asha", "aśa", "a_b", "a.b", "app", "admin"]
)
def test_other_texts_and_the_servers_own_names_are_no_handles(text: str) -> None:
    assert not is_handle(text)


def test_a_handle_may_be_typed_with_its_sign_and_in_capitals() -> None:
    assert normalize_handle(" @Asha ") == "asha"


def test_a_name_is_one_line_without_hidden_directions() -> None:
    assert clean_name("  Asha\n\tStores\u202e  gpj ") == "Asha Stores gpj"


@pytest.mark.parametrize("pin", ["2580", "13579", "909090"])
def test_a_pin_is_four_to_six_digits(pin: str) -> None:
    assert is_pin(pin)


@pytest.mark.parametrize("pin", ["123", "1234", "4321", "0000", "1111111", "12a4", "٢٥٨٠", ""])
def test_a_plain_pin_is_refused(pin: str) -> None:
    assert not is_pin(pin)


def test_the_lock_of_a_pin_grows_with_each_wrong_try_up_to_a_day() -> None:
    delays = [pin_locked_until(wrong, 0) for wrong in range(1, 13)]

    assert delays[:4] == [None] * 4
    assert delays[4:] == [m * 60_000 for m in (1, 5, 15, 60, 240, 1440, 1440, 1440)]


def test_one_ipv6_network_is_one_source() -> None:
    assert source_key("2001:db8::1") == source_key("2001:db8::ffff:1")
    assert source_key("2001:db8:0:1::1") != source_key("2001:db8::1")
    assert source_key("::ffff:192.0.2.1") == source_key("192.0.2.1") == "192.0.2.1"
    assert source_key("testclient") == "testclient"
