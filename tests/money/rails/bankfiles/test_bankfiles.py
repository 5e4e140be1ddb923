"""What holds for every file of a bank."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.money.rails import bankfiles
from kirana.money.rails.bankfiles import StatementRefused, lines

from .make import OFX, camt, detail, entry, mt940
from .test_camt import reason_of
from .test_delimited import COLUMNS
from .test_mt940 import GERMAN, SWIFT

FILES = [
    camt(entry(details=detail("5.00") + detail("7.50")), balances=("0", "12.50")),
    mt940(SWIFT, GERMAN),
    OFX.encode("cp1252"),
]


@pytest.mark.parametrize(("file", "format"), [*zip(FILES, ["camt", "mt940", "ofx"], strict=True)])
def test_a_format_is_recognized(file: bytes, format: str) -> None:
    assert bankfiles.read(file).format == format


@pytest.mark.parametrize("content", [b"", b"Date,Amount\n", b"%PDF-1.7", b"\x00" * 100])
def test_another_file_is_refused(content: bytes) -> None:
    assert reason_of(content) == "unknown"


@given(st.sampled_from(FILES), st.data())
def test_a_mangled_file_is_read_or_refused_and_nothing_else(
    file: bytes, data: st.DataObject
) -> None:
    at, to = sorted((data.draw(st.integers(0, len(file))), data.draw(st.integers(0, len(file)))))

    with suppress(StatementRefused):
        bankfiles.read(file[:at] + data.draw(st.binary(max_size=8)) + file[to:])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_csv(content: bytes) -> None:
    with suppress(StatementRefused):
        bankfiles.read(b"Date,Amount,Text\n2026-11-30,1," + content, columns=COLUMNS)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 5), st.sampled_from(["1.00", "2.50"]), st.sampled_from(["", "B1"])
        ),
        max_size=12,
    ).map(sorted),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_files_that_overlap_by_whole_days_add_nothing_twice(
    bookings: list[tuple[int, str, str]], until: int, since: int
) -> None:
    def hashes(chosen: list[tuple[int, str, str]]) -> list[str]:
        entries = [
            entry(amount, reference=reference, on=f"2026-11-{day:02}")
            for day, amount, reference in chosen
        ]
        return [it.line_hash for it in bankfiles.read(camt(*entries)).lines]

    whole = hashes(bookings)
    first = hashes([it for it in bookings if it[0] <= until])
    second = hashes([it for it in bookings if it[0] >= min(since, until)])

    assert len(set(whole)) == len(bookings)
    assert {*first, *second} == {*whole}


def test_a_file_with_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINES", 2)

    assert reason_of(camt(*[entry()] * 3)) == "too-many"
