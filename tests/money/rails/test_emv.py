"""The format that most payment codes share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.money.rails import CodeRefused, emv, read

from .make import visible

tags = st.sampled_from(["02", "15", "26", "30", "51", "52", "59", "62", "64", "80", "99"])
values = st.text(visible, min_size=1, max_size=20)
templates = st.dictionaries(st.sampled_from(["00", "01", "05", "99"]), values, min_size=1)


@st.composite
def codes(draw: st.DrawFn) -> emv.Fields:
    fields: emv.Fields = {"00": "01"}
    for tag in draw(st.lists(tags, unique=True)):
        nests = 26 <= int(tag) <= 51 or tag in ("62", "64", "80", "99")
        fields[tag] = (
            draw(templates.filter(lambda it: len("".join(it.values())) < 80))
            if nests
            else draw(values)
        )
    return fields


def sealed(body: str) -> str:
    """With a right checksum, whatever the lengths say."""
    return f"{body}6304{emv.checksum(body + '6304')}"


def reason_of(text: str) -> str:
    with pytest.raises(CodeRefused) as refusal:
        read(text)
    reason: str = refusal.value.facts["reason"]
    return reason


def test_the_checksum_is_the_one_of_the_catalogue() -> None:
    assert emv.checksum("123456789") == "29B1"


@given(codes())
def test_what_is_written_is_read_with_unknown_tags_and_in_any_order(fields: emv.Fields) -> None:
    text = emv.compose(fields)

    assert list(emv.parse(text).items()) == list(fields.items())
    assert emv.compose(emv.parse(text)) == text


def test_a_checksum_keeps_its_zeros_in_front() -> None:
    texts = [emv.compose({"00": "01", "59": f"NUMBER {n}"}) for n in range(2000)]

    starting_with_zero = [text for text in texts if text[-4] == "0"]

    assert starting_with_zero
    assert all(text[-8:-4] == "6304" and emv.parse(text) for text in starting_with_zero)


def test_lengths_count_characters_while_the_checksum_counts_bytes() -> None:
    text = emv.compose({"00": "01", "59": "最佳运输"})

    assert text.startswith("0002015904最佳运输6304")
    assert emv.parse(text) == {"00": "01", "59": "最佳运输"}


def test_a_right_checksum_over_a_wrong_length_is_refused() -> None:
    assert reason_of(sealed("00020159" + "08" + "seven77")) == "wrong-length"


def test_a_wrong_checksum_is_refused() -> None:
    text = emv.compose({"00": "01", "59": "ASHA"})

    assert reason_of(text.replace("ASHA", "ASHB")) == "wrong-checksum"


def test_a_checksum_in_small_letters_is_refused() -> None:
    texts = (emv.compose({"00": "01", "59": f"ASHA {n}"}) for n in range(1000))
    text = next(it for it in texts if not it[-4:].isdecimal())

    assert reason_of(text[:-4] + text[-4:].lower()) == "wrong-checksum"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (sealed("0002015904ASHA5904RAVI"), "repeated-field"),
        (sealed("0002012610" + "0001A0001B"), "repeated-field"),
        (sealed("0002015900"), "empty-value"),
        (sealed("0002016204" + "0500"), "empty-value"),
        (sealed("0002015904ASHA") + "X", "wrong-length"),
        (sealed("0002015904ASHA") + "6005DELHI", "no-checksum"),
        ("0002015904ASHA", "no-checksum"),
        (sealed("5904ASHA000201"), "not-a-code"),
        (sealed("0002025904ASHA"), "not-a-code"),
        (sealed("000201590٤ASHA"), "wrong-length"),
        (sealed("0002012604ASHA"), "wrong-length"),
        ("", "not-a-code"),
        ("000201", "no-checksum"),
        ("https://example.com", "not-a-code"),
        ("000201" + "\udcff", "no-text"),
        (sealed("0002015904AS\nA"), "no-text"),
        ("000201" + "9" * 5000, "too-long"),
    ],
)  # fmt: skip
def test_a_code_that_is_not_well_formed_is_refused(text: str, reason: str) -> None:
    assert reason_of(text) == reason


@pytest.mark.parametrize(
    "fields",
    [
        {"00": "01", "59": "A" * 100},
        {"00": "01", "26": {"00": "A" * 50, "01": "B" * 42}},
        {"00": "01", "59": ""},
        {"00": "01", "59": "\udcff"},
    ],
)
def test_what_does_not_fit_cannot_be_written(fields: emv.Fields) -> None:
    with pytest.raises(CodeRefused):
        emv.compose(fields)


@pytest.mark.parametrize(
    ("text", "minor"), [("23.72", 2372), ("23.7", 2370), ("23", 2300), ("0.01", 1)]
)
def test_an_amount_has_none_to_two_decimals(text: str, minor: int) -> None:
    code = emv.compose({"00": "01", "53": "156", "54": text})

    assert read(code).amount_minor == minor


@pytest.mark.parametrize(
    "text", ["0", "0.00", "1.234", "1,5", "-1", "1e3", ".5", "5.", "٣", "99999999999999"]
)
def test_an_amount_that_cannot_be_paid_is_refused(text: str) -> None:
    assert reason_of(emv.compose({"00": "01", "53": "156", "54": text})) == "amount"


def test_a_currency_without_decimals_takes_none() -> None:
    fields: emv.Fields = {"00": "01", "53": "392", "54": "1500"}

    assert read(emv.compose(fields)).amount_minor == 1500
    assert reason_of(emv.compose(fields | {"54": "1500.50"})) == "amount"


def test_a_code_of_another_rail_is_read_and_says_so() -> None:
    code = emv.compose(
        {"00": "01", "26": {"00": "id.co.other", "01": "93600"}, "53": "360", "54": "15000",
         "58": "ID", "59": "WARUNG", "62": {"05": "INV7"}}
    )  # fmt: skip

    reading = read(code)

    assert (reading.rail, reading.amount_minor, reading.currency) == ("emv", 1500000, "IDR")
    assert (reading.name, reading.reference) == ("WARUNG", "INV7")
    assert reading.fields["26.01"] == "93600"
    assert reading.warnings


def test_the_amount_of_an_unknown_currency_is_not_guessed() -> None:
    reading = read(emv.compose({"00": "01", "53": "999", "54": "5.00"}))

    assert (reading.currency, reading.amount_minor) == (None, None)
    assert reading.fields["54"] == "5.00"
