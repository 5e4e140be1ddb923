"""Our own reading of `opening_hours`, held against the library's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import opening_hours
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kirana.business.hours import Hours, Span, accepts, format_week, open_spans, read, state_at
from kirana.business.hours.evaluation import NotHours, read_own, read_with_library
from kirana.business.hours.rules import DAYS, MONTHS, clock, parse, tidy

MONDAY = date(2026, 1, 5)

clocks = st.integers(0, 95).map(lambda quarter: clock(quarter * 15))
spans = st.one_of(
    st.tuples(clocks, st.integers(1, 96).map(lambda quarter: clock(quarter * 15))).map("-".join),
    clocks.map(lambda opens: opens + "+"),
)
day_parts = st.one_of(
    st.sampled_from(DAYS), st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map("-".join)
)
days = st.lists(day_parts, min_size=1, max_size=3).map(",".join)
dates = st.one_of(
    st.sampled_from(MONTHS),
    st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS)).map("-".join),
    st.tuples(st.sampled_from(MONTHS), st.integers(1, 28)).map(lambda it: f"{it[0]} {it[1]}"),
    st.tuples(st.sampled_from(MONTHS), st.integers(1, 14), st.integers(15, 28)).map(
        lambda it: f"2026 {it[0]} {it[1]}-{it[2]}"
    ),
    st.just("2026 Nov 20-2027 Feb 3"),
)
parts = st.tuples(
    st.one_of(st.just(""), dates),
    st.one_of(st.just(""), days, st.just("PH")),
    st.one_of(st.just("off"), st.lists(spans, min_size=1, max_size=3).map(",".join)),
).map(lambda it: " ".join(filter(None, it)))
rule_lines = st.lists(st.tuples(parts, st.sampled_from(["; ", ", "])), min_size=1, max_size=4).map(
    lambda found: "".join(part + sign for part, sign in found).rstrip(",; ")
)


@given(rule_lines, st.integers(0, 364))
@settings(max_examples=600)
def test_our_reading_is_the_librarys(text: str, shift: int) -> None:
    own, library = read_own(text), read_with_library(text)
    assume(own)
    assert own

    for step in range(10):
        day = date(2026, 1, 1) + timedelta(shift + step)
        assert own.open_on(day) == library.open_on(day), (text, day)


@given(rule_lines)
@settings(max_examples=200)
def test_holidays_are_the_same_to_both(text: str) -> None:
    own, library = read_own(text), read_with_library(text)
    assume(own)
    assert own

    for step in range(3):
        day = MONDAY + timedelta(step)
        assert own.open_on(day, is_holiday=True) == library.open_on(day, is_holiday=True), text


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("on", [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25),
                                date(2026, 11, 1)])  # fmt: skip
@pytest.mark.parametrize("text", ["Mo-Su 09:00-17:00", "Sa-Su 01:30-03:30", "Mo-Su 20:00-02:30"])
def test_a_change_of_the_clocks_moves_no_opening_hour(text: str, on: date, zone: str) -> None:
    place = ZoneInfo(zone)
    library = opening_hours.OpeningHours(text, timezone=place)
    start = datetime.combine(on, datetime.min.time(), UTC) - timedelta(hours=24)

    for quarter in range(4 * 72):
        at = start + timedelta(minutes=15 * quarter + 1)
        state = state_at(Hours("hours", text, zone), int(at.timestamp() * 1000))
        assert (state.state == "open") == library.is_open(at.astimezone(place)), at


@given(
    st.dictionaries(
        st.integers(0, 6),
        st.lists(
            st.tuples(st.integers(0, 95), st.integers(1, 90)).map(
                lambda it: Span(it[0] * 15, (it[0] + it[1]) * 15)
            ),
            max_size=3,
        ),
    )
)
def test_a_week_that_is_written_down_is_read_back(week: dict[int, list[Span]]) -> None:
    text = format_week(week)

    schedule, library = read(text), read_with_library(text)

    expected: set[int] = set()
    for day, found in week.items():
        for span in found:
            expected |= {(day * 1440 + m) % 10080 for m in range(span.start, span.end, 15)}
    for read_by in (schedule, library):
        shown = {
            day * 1440 + minute
            for day in range(7)
            for span in read_by.open_on(MONDAY + timedelta(day))
            for minute in range(span.start, span.end, 15)
        }
        assert shown == expected


def test_a_night_is_not_cut_off_by_the_next_days_rule() -> None:
    text = "Mo-Th 17:00-02:00; Fr-Sa 17:00-04:00; Su off"

    tidied = tidy(text)

    assert tidied == "Mo-Th 17:00-02:00, Fr-Sa 17:00-04:00"
    friday, sunday = MONDAY + timedelta(4), MONDAY + timedelta(6)
    assert read(tidied).open_on(friday)[0] == Span(0, 120)
    assert read(tidied).open_on(sunday) == [Span(0, 240)]


def test_what_is_tidy_stays_as_it_is() -> None:
    for text in ("Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off", "24/7", "sunrise-sunset",
                 "Mo-Su 18:00-02:00; Dec 24 off"):  # fmt: skip
        assert tidy(text) == text


def test_what_is_no_notation_is_not_accepted() -> None:
    for text in ("", "open daily", "Mo-Fr 9-17", "Mo-Fr 25:00-26:00x", "Montag"):
        assert accepts(text) is None
        with pytest.raises(NotHours):
            read(text)


def test_rules_beyond_our_own_are_read_by_the_library() -> None:
    text = "Sa[1] 10:00-12:00; sunrise-sunset"

    assert parse(text) is None
    assert accepts(text) == text


def test_spans_of_a_row_of_days_are_merged_over_midnight() -> None:
    found = open_spans(read("Mo-Su 00:00-24:00"), (), MONDAY, 3)

    assert found == [(datetime(2026, 1, 5), datetime(2026, 1, 8))]  # noqa: DTZ001


@pytest.mark.parametrize("text", ["Jan-Mär 09:00-17:00", "Mo-", "Mo 9:00", "Dec 32 off", "; ;"])
def test_a_mistake_is_never_half_read(text: str) -> None:
    assert parse(text) is None
