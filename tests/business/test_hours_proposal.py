"""Opening hours as people type them."""

import json
import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kirana.business.hours import Opening, accepts, propose, read
from kirana.business.hours.evaluation import read_with_library
from kirana.business.hours.proposal import MAX_TEXT
from kirana.business.hours.tokens import MAX_UNKNOWN_WORDS

SAMPLES = Path(__file__).parents[3] / "shared/data/catalogs"
needs_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the shared sample files are not here"
)


def rules_of(text: str, country: str = "", language: str = "") -> str:
    return propose(text, country, language).rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        # The notation itself is taken as it is.
        ("Mo-Fr 09:00-17:00; PH off", "Mo-Fr 09:00-17:00; PH off"),
        ("24/7", "24/7"),
        # Clocks in all their spellings.
        ("9:30-17:45", "9:30-17:45"),
        ("9.30 - 17.45", "Mo-Su 09:30-17:45"),
        ("9h30-17h45", "Mo-Su 09:30-17:45"),
        ("0930-1745", "Mo-Su 09:30-17:45"),
        ("9:30-14;30", "Mo-Su 09:30-14:30"),
        ("7a-7p", "Mo-Su 07:00-19:00"),
        ("7 a.m. to 7 p.m.", "Mo-Su 07:00-19:00"),
        ("7am - noon", "Mo-Su 07:00-12:00"),
        ("6pm - midnight", "Mo-Su 18:00-24:00"),
        ("8 - 24:00", "Mo-Su 08:00-24:00"),
        ("９：３０～１７：４５", "Mo-Su 09:30-17:45"),
        ("20-02", "Mo-Su 20:00-02:00"),
        ("10:00:20:00", "Mo-Su 10:00-20:00"),
        ("09:00-12:30 13:30-18:00", "Mo-Su 09:00-12:30,13:30-18:00"),
        ("17:00-late", "Mo-Su 17:00+"),
        ("8-12 Uhr und 14-18 Uhr", "Mo-Su 08:00-12:00,14:00-18:00"),
        # Which half of the day.
        ("9-10", "Mo-Su 09:00-22:00"),
        ("4-7", "Mo-Su 16:00-19:00"),
        ("0-11:59", "Mo-Su 00:00-23:59"),
        ("10-9:30", "Mo-Su 10:00-21:30"),
        ("9-1, 4-8", "Mo-Su 09:00-13:00,16:00-20:00"),
        ("2-11pm", "Mo-Su 14:00-23:00"),
        ("9-5pm", "Mo-Su 09:00-17:00"),
        ("11am-2", "Mo-Su 11:00-14:00"),
        ("12pm-8pm", "Mo-Su 12:00-20:00"),
        ("6pm-2am", "Mo-Su 18:00-02:00"),
        # Days before and after the hours, lists, ranges, groups, exceptions.
        ("Mon-Fri 9-5, Sat 10-2", "Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
        ("0830-1800 Mon-Fri, 0900-1700 Sat", "Mo-Fr 08:30-18:00; Sa 09:00-17:00"),
        ("9am-5pm (Mon-Fri), closed (Sat-Sun)", "Mo-Fr 09:00-17:00"),
        ("10-18; Sunday closed", "Mo-Sa 10:00-18:00"),
        ("8:00-20:00. Closed Monday", "Tu-Su 08:00-20:00"),
        ("10-8 every day except Sunday", "Mo-Sa 10:00-20:00"),
        ("Mon, Wed, Fri 10:00-12:00", "Mo,We,Fr 10:00-12:00"),
        ("weekdays 9-17, weekend 10-14", "Mo-Fr 09:00-17:00; Sa-Su 10:00-14:00"),
        ("M-F 9-17", "Mo-Fr 09:00-17:00"),
        ("T-Th 9-16", "Tu-Th 09:00-16:00"),
        ("Sun-Thu 10-22; Fri-Sat 10-24", "Mo-Th,Su 10:00-22:00; Fr-Sa 10:00-24:00"),
        ("Fri-Mon 10-18", "Mo,Fr-Su 10:00-18:00"),
        ("Mo-Sa 9-18; closed on holidays", "Mo-Sa 09:00-18:00; PH off"),
        ("Mo-Fr 08:00-17:00 lunch break 12:00-13:00", "Mo-Fr 08:00-12:00,13:00-17:00"),
        ("Apr-Sep 9-18; Oct-Mar 10-16", "Apr-Sep Mo-Su 09:00-18:00; Oct-Mar Mo-Su 10:00-16:00"),
        ("Fr-Sa 20:00-03:00; Su 12:00-18:00", "Fr-Sa 20:00-03:00, Su 12:00-18:00"),
        ("open 24 hours", "24/7"),
        # Typos in longer words.
        ("Mondya-Firday 9am-5pm", "Mo-Fr 09:00-17:00"),
        ("Donerstag 10-12 Uhr", "Th 10:00-12:00"),
    ],
)
def test_english_and_the_rest_are_read(text: str, rules: str) -> None:
    assert rules_of(text) == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Montag bis Freitag 9 bis 18 Uhr, Samstag 9 bis 13 Uhr, sonntags geschlossen",
         "Mo-Fr 09:00-18:00; Sa 09:00-13:00"),
        ("Di-Fr 10-18 Uhr, Mo Ruhetag", "Tu-Fr 10:00-18:00"),
        ("Du lundi au vendredi de 9h à 12h30 et de 14h à 19h, fermé le dimanche",
         "Mo-Fr 09:00-12:30,14:00-19:00"),
        ("mar. à ven. : 9h-19h et sam. 9h-16h", "Tu-Fr 09:00-19:00; Sa 09:00-16:00"),
        ("De lunes a viernes de 9:00 a 14:00 y de 17:00 a 20:30, sábados de 10 a 14",
         "Mo-Fr 09:00-14:00,17:00-20:30; Sa 10:00-14:00"),
        ("L-V 9:00-13:30; S 10-14", "Mo-Fr 09:00-13:30; Sa 10:00-14:00"),
        ("Segunda a sexta das 9h às 18h, sábado das 9h às 13h",
         "Mo-Fr 09:00-18:00; Sa 09:00-13:00"),
        ("2ª a 6ª feira 09:00-18:00", "Mo-Fr 09:00-18:00"),
        ("dal lunedì al venerdì 8,30-13,00 e 15,00-19,30, domenica chiuso",
         "Mo-Fr 08:30-13:00,15:00-19:30"),
        ("ma-vr 9:00-18:00, za 9:00-17:00, zondag gesloten", "Mo-Fr 09:00-18:00; Sa 09:00-17:00"),
        ("od poniedziałku do piątku od 9 do 17, sob. 10-14, niedziela nieczynne",
         "Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
        ("Pondělí až Pátek 8:00–17:00, Sobota a Neděle zavřeno", "Mo-Fr 08:00-17:00"),
        ("Hétfő-Péntek 8-17, Szombat 8-12, Vasárnap zárva", "Mo-Fr 08:00-17:00; Sa 08:00-12:00"),
        ("H-P: 10:00-18:00, Sz: 9:00-13:00, V: zárva", "Mo-Fr 10:00-18:00; Sa 09:00-13:00"),
        ("Luni-Vineri 09:00-18:00, Sâmbătă 10:00-14:00, Duminică închis",
         "Mo-Fr 09:00-18:00; Sa 10:00-14:00"),
        ("Måndag–fredag 10–19, lördag 10–16, söndag stängt", "Mo-Fr 10:00-19:00; Sa 10:00-16:00"),
        ("Mandag-fredag kl. 10-17.30, lørdag 10-14, søndag lukket",
         "Mo-Fr 10:00-17:30; Sa 10:00-14:00"),
        ("Ma-pe 9-18, la 10-15, su suljettu", "Mo-Fr 09:00-18:00; Sa 10:00-15:00"),
        ("E-R 9-18, L 10-15, P suletud", "Mo-Fr 09:00-18:00; Sa 10:00-15:00"),
        ("Пн-Пт с 9:00 до 19:00, Сб 10-15, Вс выходной", "Mo-Fr 09:00-19:00; Sa 10:00-15:00"),
        ("понеділок – п’ятниця: 10:00 – 18:30 / субота: 10:00 – 15:00",
         "Mo-Fr 10:00-18:30; Sa 10:00-15:00"),
        ("Pazartesi-Cuma 09:00-18:00, Cumartesi 10:00-14:00, Pazar kapalı",
         "Mo-Fr 09:00-18:00; Sa 10:00-14:00"),
        ("सोमवार से शनिवार 10 बजे से 8 बजे तक", "Mo-Sa 10:00-20:00"),
        ("सोमवार-शनिवार १०:०० - २०:००", "Mo-Sa 10:00-20:00"),
        ("月～金 10:00～19:00、土日祝 10:00～17:00", "Mo-Fr 10:00-19:00; Sa-Su 10:00-17:00; "
         "PH 10:00-17:00"),
        ("10時30分～18時00分 水曜日定休日", "Mo-Tu,Th-Su 10:30-18:00"),
        ("午前11:00-2:30 午後5:00-10:00", "Mo-Su 11:00-14:30,17:00-22:00"),
        ("周一至周五 9:00-18:00，周六上午10点到下午3点", "Mo-Fr 09:00-18:00; Sa 10:00-15:00"),
        ("월-금 09:00-18:00, 일요일 휴무", "Mo-Fr 09:00-18:00"),
        ("Δευτέρα-Παρασκευή 9:00-17:00", "Mo-Fr 09:00-17:00"),
        ("Senin-Jumat 08:00-17.00", "Mo-Fr 08:00-17:00"),
    ],
)  # fmt: skip
def test_many_languages_are_read(text: str, rules: str) -> None:
    assert rules_of(text) == rules


@pytest.mark.parametrize(
    "text",
    ["by appointment", "nur nach Vereinbarung", "sur rendez-vous", "по записи", "con cita previa"],
)
def test_by_appointment_is_understood(text: str) -> None:
    proposal = propose(text, "", "")

    assert (proposal.kind, proposal.rules) == ("by_appointment", "")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "hello", "Mo-Sa", "ask Ravi", "until 20:00", "2nd Wednesday 9:00-11:00", "?-18",
     "x" * (MAX_TEXT + 1), "call 98765 43210",
     "\ud800 Mo \0"],
)  # fmt: skip
def test_without_a_clear_time_nothing_is_proposed(text: str) -> None:
    proposal = propose(text, "", "")

    assert (proposal.kind, proposal.rules) == ("unknown", "")


def test_closed_days_alone_are_not_hours() -> None:
    proposal = propose("fermé le lundi", "FR", "fr")

    assert (proposal.kind, proposal.rules) == ("unknown", "Mo off")


def test_what_was_not_understood_is_said() -> None:
    proposal = propose("Mon-Fri 9-17 showroom only", "", "en")

    assert proposal.rules == "Mo-Fr 09:00-17:00"
    assert proposal.not_understood == ("showroom",)


def test_a_season_is_not_taken_for_the_whole_year() -> None:
    proposal = propose("Mo-Fr 9-17; summer 8-20", "", "en")

    assert proposal.rules == "Mo-Fr 09:00-17:00"
    assert "summer" in proposal.not_understood


def test_an_assumption_comes_with_the_other_readings() -> None:
    proposal = propose("daily 9-10", "US", "en")

    (assumed,) = proposal.assumptions
    assert (assumed.text, assumed.meaning) == ("9-10", "09:00-22:00")
    assert "Mo-Su 09:00-10:00" in {other.rules for other in assumed.alternatives}


def test_a_short_day_that_means_several_is_decided_by_the_shops_language() -> None:
    assert rules_of("ma 9-17", language="nl") == "Mo 09:00-17:00"
    assert rules_of("ma 9-17", language="fr") == "Tu 09:00-17:00"
    assert rules_of("ma 9-17", country="NL") == "Mo 09:00-17:00"
    assert rules_of("ma-vr 9-17", language="fr") == "Mo-Fr 09:00-17:00"


def test_a_short_day_that_nothing_decides_is_asked_for() -> None:
    proposal = propose("ma 9-17", "", "")

    (asked,) = proposal.assumptions
    assert {asked.meaning, *(other.meaning for other in asked.alternatives)} == {"Mo", "Tu"}
    assert {proposal.rules, *(other.rules for other in asked.alternatives)} == {
        "Mo 09:00-17:00",
        "Tu 09:00-17:00",
    }


def test_the_preview_shows_seven_days() -> None:
    proposal = propose("Mo-Th 9-13, 15-19; Fr 20-02", "", "en")

    assert [day.day for day in proposal.week] == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    assert proposal.week[0].openings == (Opening("09:00", "13:00"), Opening("15:00", "19:00"))
    assert proposal.week[4].openings == (Opening("20:00", "02:00"),)
    assert proposal.week[5].openings == ()


def test_the_preview_of_a_shop_that_never_closes_has_whole_days() -> None:
    week = propose("24/7", "", "").week

    assert {day.openings for day in week} == {(Opening("00:00", "24:00"),)}


def test_the_preview_is_of_the_week_that_was_asked_for() -> None:
    text = "Apr-Sep 9-18; Oct-Mar 10-16"

    summer = propose(text, "", "en", on=date(2026, 7, 15)).week
    winter = propose(text, "", "en", on=date(2026, 12, 15)).week

    assert summer[0].openings == (Opening("09:00", "18:00"),)
    assert winter[0].openings == (Opening("10:00", "16:00"),)


def test_an_opening_whose_end_nobody_said_has_none() -> None:
    assert propose("17:00-late", "", "en").week[0].openings == (Opening("17:00", None),)


typed = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.one_of(
            st.sampled_from(
                ["mon", "di", "ma", "a", "bis", "-", "–", ",", ";", "/", "(", ")", "closed",
                 "9", "9.30", "18h", "0730", "24:00", "7p", "noon", "24/7", "except", "daily", "土",
                 "休", "まで", "apr", "12", "am", "h", ":", "+", "lunch break", "summer", "?"]
            ),
            st.text(max_size=6),
        ),
        max_size=40,
    ).map(" ".join),
)  # fmt: skip


@given(typed, st.sampled_from(["", "IN", "DE", "xx"]), st.sampled_from(["", "en", "hi", "zz"]))
@settings(max_examples=400)
def test_no_text_raises_and_no_time_is_invented(text: str, country: str, language: str) -> None:
    proposal = propose(text, country, language)

    if proposal.rules:
        assert accepts(proposal.rules) == proposal.rules
        assert invented_in(text, proposal.rules) == set()


def invented_in(text: str, rules: str) -> set[str]:
    """Clock times in `rules` that no digits or word of `text` stand for."""
    from kirana.business.hours.tokens import Clock, tokenize

    said = {
        (token.minutes + shift) % 1440
        for token in tokenize(text)
        if isinstance(token, Clock)
        for shift in (0, 720)
    }
    if re.search(r"(?<!\d)24(?!\d)|24/7", rules) or "00:00-24:00" in rules:
        said.add(0)
    return {
        found
        for found in re.findall(r"\d\d:\d\d", rules)
        if (int(found[:2]) * 60 + int(found[3:])) % 1440 not in said
    }


def test_no_text_keeps_a_reading_busy() -> None:
    # A reading takes some milliseconds. What this would notice takes minutes.
    hard = [
        "Mon: 10-9:30; Tue: 10-9; Wed: 9-9; Thurs: 10-8; Fri: 9-10; Sat: 8-11; Sun: 11-7",
        " ".join(f"wrod{n} ma {n % 12}-{(n + 5) % 12}" for n in range(60))[:MAX_TEXT],
        "abcdefghijkl " * MAX_UNKNOWN_WORDS * 2,
        "9-5 " * 200,
        "日" * MAX_TEXT,
        "1" * MAX_TEXT,
        "(((" * 300,
    ]

    for text in hard:
        started = time.thread_time()
        propose(text, "", "")
        assert time.thread_time() - started < 5, text[:40]


@needs_samples
def test_valid_notation_of_real_places_is_accepted_as_it_is() -> None:
    lines = (SAMPLES / "opening_hours/osm_valid_sample.txt").read_text().splitlines()
    valid = [line for line in lines if line.strip() and not line.startswith("#")]

    refused = [line for line in valid if propose(line, "", "").kind not in ("hours", "always")]

    assert (len(valid), refused) == (195, [])


@needs_samples
def test_valid_notation_means_the_same_after_a_round_trip() -> None:
    lines = (SAMPLES / "opening_hours/osm_valid_sample.txt").read_text().splitlines()

    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        own, library = read(propose(line, "", "").rules), read_with_library(line)
        for step in range(0, 400, 3):
            day = date.fromordinal(date(2021, 3, 1).toordinal() + step)
            assert own.open_on(day) == library.open_on(day), (line, day)


@needs_samples
def test_what_people_typed_is_mostly_read_and_never_invented() -> None:
    lines = (SAMPLES / "opening_hours/osm_freeform_unparsed.txt").read_text().split("\n")[:-1]
    has_clock = re.compile(
        r"\d{1,2}\s?[:.h]\s?\d\d|\d{1,2}\s?[ap]\.?m|\d{1,2}\s?[-–]\s?\d|\d{3,4}", re.IGNORECASE
    )
    with_clock = read_well = 0

    for line in lines:
        proposal = propose(line, "", "")
        if proposal.rules:
            assert invented_in(line, proposal.rules) == set(), line
        if has_clock.search(line):
            with_clock += 1
            read_well += proposal.kind in ("hours", "always")

    assert len(lines) == 4988
    assert read_well >= 0.9 * with_clock


@needs_samples
def test_the_hours_of_783_stores_are_read() -> None:
    stores = json.loads((SAMPLES / "shop_profiles/bestbuy_stores.json").read_text())

    for store in stores:
        proposal = propose(store["hours"], "US", "en")
        expected = {}
        for part in store["hours"].split(";"):
            match = re.fullmatch(r"\s*(\w+): (\d+)(?::(\d+))?-(\d+)(?::(\d+))?\s*", part)
            assert match, part
            opens = int(match[2]) * 60 + int(match[3] or 0)
            closes = int(match[4]) * 60 + int(match[5] or 0)
            # A store opens at six or later, for two hours or more, and closes before midnight.
            opens += 720 if 0 < opens < 360 else 0
            closes += 720 if closes - opens < 120 or not opens else 0
            expected[match[1][:2]] = (f"{opens // 60:02}:{opens % 60:02}",
                                      f"{closes // 60:02}:{closes % 60:02}")  # fmt: skip
        shown = {
            day.day: tuple((it.opens, it.closes) for it in day.openings) for day in proposal.week
        }
        assert shown == {day: (expected[day],) if day in expected else () for day in shown}, store[
            "hours"
        ]
    assert len(stores) == 783
