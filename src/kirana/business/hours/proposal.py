"""From what a shopkeeper types about opening hours to rules that a machine can follow.

Pure, and careful: every time of day in the result stands in the text, whatever was assumed is said
together with the other readings, and so is what was not understood. Nothing here saves anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from .evaluation import Kind, NotHours, accepts, open_spans, read
from .rules import DAY_MINUTES, DAYS, MONTHS, Span, clock, days_between, format_week, parse
from .tokens import GROUPS, Clock, Punctuation, Token, Word, tokenize
from .words import LANGUAGES_OF_COUNTRY

MAX_TEXT = 500
MAX_TOKENS = 250
"""Longer texts are not opening hours."""

MAX_ASSUMPTIONS = 6

MOST_WORK = 600
"""Tokens that are read again to show other readings, in all."""

DECISIVE = 0.25
"""A language must lead by so much before its reading of a day is taken without saying so."""

A_MONDAY = date(2026, 1, 5)
"""The week that is shown when nobody says which."""


@dataclass(frozen=True, slots=True)
class Opening:
    """From when to when, `HH:MM` on the shop's clock; `closes` at or before `opens` is the next
    day's, and None when nobody said."""

    opens: str
    closes: str | None


@dataclass(frozen=True, slots=True)
class DayPreview:
    """One day of the week and its hours; closed without any."""

    day: str
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Another way to read the same text: what one word would mean, and the rules that follow."""

    meaning: str
    rules: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """One part of the text, the meaning that was taken, and the others."""

    text: str
    meaning: str
    alternatives: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the text seems to say. Without `rules` there is nothing to save yet."""

    kind: Kind
    rules: str
    week: tuple[DayPreview, ...]
    assumptions: tuple[Assumption, ...] = ()
    not_understood: tuple[str, ...] = ()


def propose(text: str, country: str, language: str, *, on: date | None = None) -> Proposal:
    """Read opening hours as people type them. Never raises.

    `country` (ISO 3166) and `language` (ISO 639) of the shop settle words that mean different days
    in different languages. `on` is a day of the week that the preview shows.
    """
    on = on or A_MONDAY
    text = text.encode(errors="replace").decode().strip()
    if not text or len(text) > MAX_TEXT:
        return Proposal("unknown", "", (), (), (text[:60],) if text else ())
    if (rules := _as_notation(text)) is not None:
        return Proposal("always" if rules == "24/7" else "hours", rules, preview(rules, on))

    tokens = tokenize(text)
    if len(tokens) > MAX_TOKENS:
        return Proposal("unknown", "", (), (), (text[:60],))
    languages = _languages(tokens, country, language)
    result = _Reader(tokens, languages, {}).read()
    assumptions = []
    reruns = max(2, MOST_WORK // max(1, len(tokens)))
    for choice in result.choices[:MAX_ASSUMPTIONS]:
        readings = []
        reruns -= len(choice.meanings) - 1
        if reruns < 0:
            break
        for number, meaning in enumerate(choice.meanings):
            if number == choice.taken:
                continue
            other = _Reader(tokens, languages, {choice.text: number}).read()
            if other.rules != result.rules:
                readings.append(Reading(meaning, other.rules))
        if readings:
            assumptions.append(
                Assumption(choice.text, choice.meanings[choice.taken], tuple(readings))
            )
    return Proposal(
        result.kind,
        result.rules,
        preview(result.rules, on) if result.kind in ("hours", "always") else (),
        tuple(assumptions),
        tuple(result.not_understood),
    )


def preview(rules: str, on: date) -> tuple[DayPreview, ...]:
    """The seven days of the week of `on`, from Monday."""
    try:
        schedule = read(rules)
    except NotHours:
        return ()
    monday = on - timedelta(on.weekday())
    unsaid = {
        clock(span.start) for rule in parse(rules) or () for span in rule.spans if not span.closes
    }
    openings: dict[int, list[Opening]] = {day: [] for day in range(7)}
    for start, end in open_spans(schedule, (), monday - timedelta(1), 9):
        while start < end:
            midnight = datetime.combine(start.date(), datetime.min.time()) + timedelta(1)
            stop = min(end, midnight) if end - start >= timedelta(1) else end
            day = (start.date() - monday).days
            if 0 <= day < 7:
                opens = f"{start:%H:%M}"
                closes = "24:00" if stop == midnight else f"{stop:%H:%M}"
                openings[day].append(
                    Opening(opens, None if closes == "24:00" and opens in unsaid else closes)
                )
            start = stop
    return tuple(DayPreview(DAYS[day], tuple(found)) for day, found in openings.items())


def _as_notation(text: str) -> str | None:
    """The text itself when it already is `opening_hours` notation and says a time."""
    if not any(letter.isdigit() or letter == '"' for letter in text) and not any(
        word in text for word in ("off", "open", "closed", "sun")
    ):
        return None
    rules = accepts(text)
    if rules is None:
        return None
    hours = [
        span.end - span.start for rule in parse(text) or () for span in rule.spans if span.closes
    ]
    if any(length > 16 * 60 for length in hours) and _could_be_twelve_hours(text):
        return None
    return rules


def _could_be_twelve_hours(text: str) -> bool:
    clocks = [token for token in tokenize(text) if isinstance(token, Clock)]
    return all(token.minutes < 13 * 60 and not token.is_exact for token in clocks)


def _languages(tokens: Sequence[Token], country: str, language: str) -> dict[str, float]:
    """Languages with a score for the day words that they know, best first."""
    scores: dict[str, float] = dict.fromkeys(("osm", "en"), 0.3)
    for home in LANGUAGES_OF_COUNTRY.get(country.upper(), "").split():
        scores[home] = scores.get(home, 0) + 0.4
    scores[language] = scores.get(language, 0) + 0.5
    for position, token in enumerate(tokens):
        if isinstance(token, Word) and token.days and not _is_between_clocks(tokens, position):
            weight = 2 if len(token.text) > 2 else 1
            for known_in in {known for known, _day in token.days}:
                scores[known_in] = scores.get(known_in, 0) + weight
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def _is_between_clocks(tokens: Sequence[Token], position: int) -> bool:
    return (
        0 < position < len(tokens) - 1
        and isinstance(tokens[position - 1], Clock)
        and isinstance(tokens[position + 1], Clock)
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    text: str
    meanings: tuple[str, ...]
    taken: int


@dataclass(slots=True)
class _Days:
    days: frozenset[int]
    holidays: bool = False
    bound: bool = False
    """In brackets: belongs to what stands before it."""


@dataclass(slots=True)
class _Value:
    spans: list[Span] = field(default_factory=list)
    kind: Literal["hours", "off", "appointment"] = "hours"


@dataclass(slots=True)
class _Months:
    text: str


@dataclass(slots=True)
class _Break:
    """The end of a part: semicolon or line."""


@dataclass(slots=True)
class _Drop:
    """A season or "every second": the part it stands in cannot be put into rules."""

    text: str


_Atom = _Days | _Value | _Months | _Break | _Drop
_Entry = tuple[_Days | None, _Value, str]


@dataclass(slots=True)
class _Result:
    kind: Kind
    rules: str
    choices: list[_Choice]
    not_understood: list[str]


class _Reader:
    """One reading of one text. `forced` settles choices by their text."""

    def __init__(
        self, tokens: Sequence[Token], languages: Mapping[str, float], forced: Mapping[str, int]
    ) -> None:
        self._languages = languages
        self._language = next(iter(languages))
        self._forced = forced
        self._choices: dict[str, _Choice] = {}
        self._not_understood: list[str] = []
        self._always = False
        self._appointment = False
        self._tokens = self._prepare(tokens)
        clocks = [token for token in self._tokens if isinstance(token, Clock)]
        bare = [token for token in clocks if token.half is None]
        self._is_24_hours = any(
            token.minutes >= 13 * 60
            or (token.is_exact and (token.minutes % (12 * 60) != 0 or token.text[:1] == "0"))
            for token in bare
        )  # fmt: skip
        self._is_spaced_pairs = (
            len(clocks) > 1
            and len(clocks) % 2 == 0
            and not any(self._is_until(i) for i in range(len(self._tokens)))
        )
        self._position = 0

    def read(self) -> _Result:
        atoms = self._atoms()
        entries = [entry for part in _parts(atoms) for entry in self._entries(part)]
        rules, kind = self._compose(entries)
        return _Result(kind, rules, list(self._choices.values()), self._not_understood)

    # From tokens to atoms

    def _prepare(self, tokens: Sequence[Token]) -> list[Token]:
        """Halves of the day joined to their clocks, days decided, noise gone."""
        kept: list[Token] = []
        half: Literal["am", "pm"] | None = None
        for position, token in enumerate(tokens):
            if isinstance(token, Word):
                token = self._word(tokens, position, token)
                if "always" in token.meanings and kept and _is_dash_after_clock(kept):
                    token = Clock(token.text, DAY_MINUTES)
                elif token.meanings & {"am", "pm"}:
                    found: Literal["am", "pm"] = "am" if "am" in token.meanings else "pm"
                    following = tokens[position + 1] if position + 1 < len(tokens) else None
                    if isinstance(following, Clock):
                        half = found
                    elif kept and isinstance(kept[-1], Clock) and kept[-1].minutes < 13 * 60:
                        kept[-1] = replace(kept[-1], half=found)
                    continue
                elif token.meanings == {"noise"} or not token.is_known:
                    if not token.is_known:
                        self._not_understood.append(token.text)
                    continue
            if isinstance(token, Clock) and half and not token.half:
                if token.minutes < 13 * 60:
                    token = replace(token, half=half)
                half = None
            if isinstance(token, Punctuation) and token.text == ":":
                around = (*kept[-1:], *tokens[position + 1 : position + 2])
                if len(around) < 2 or not all(isinstance(t, Word) and t.days for t in around):
                    continue
                token = Punctuation("-")
            kept.append(token)
        return kept

    def _word(self, tokens: Sequence[Token], position: int, word: Word) -> Word:
        """A word that may be a day and something else, decided."""
        if not word.days:
            return word
        before = next((t for t in reversed(tokens[:position]) if not _is_noise(t)), None)
        after = next((t for t in tokens[position + 1 :] if not _is_noise(t)), None)
        functions = word.meanings - {"noise"}
        best = self._language
        knows = {language for language, _day in word.days}
        if functions or len(word.text) == 1:
            if isinstance(before, Clock) and isinstance(after, Clock):
                is_end = best in knows and _ends_span(tokens, position)
                return Word(word.text, word.days) if is_end else replace(word, days=())
            if "weekdays" in functions and not _is_beside_dash(tokens, position):
                return replace(word, days=())
            is_among_days = any(_may_be_day(token) for token in (before, after))
            if functions & {"until", "and"} and _may_be_day(before) and _may_be_day(after):
                if not (len(word.text) > 1 and best in knows and _is_listed(tokens, position)):
                    return replace(word, days=())
            elif (functions and best not in knows) or (
                functions & {"from", "until"}
                and not is_among_days
                and _starts(before)
                and not _is_beside_dash(tokens, position)
                and (not isinstance(after, Clock) or ("from" in functions and len(word.text) == 1))
            ):
                return replace(word, days=())
        if word.month and (best not in knows or _is_beside_month(tokens, position)):
            return replace(word, days=())
        return Word(word.text, word.days)

    def _atoms(self) -> list[_Atom]:
        atoms: list[_Atom] = []
        brackets = 0
        self._position = 0
        pending: Literal["except", "break", "unrelated", ""] = ""
        while self._position < len(self._tokens):
            token = self._tokens[self._position]
            if isinstance(token, Clock):
                spans = self._spans()
                if pending == "unrelated":
                    self._not_understood.append(token.text)
                elif pending == "break" and spans:
                    _subtract(atoms, spans)
                elif spans and self._joins(atoms, _Value):
                    last = atoms[-1]
                    assert isinstance(last, _Value)
                    last.spans += spans
                elif spans:
                    atoms.append(_Value(spans))
                pending = ""
                continue
            if isinstance(token, Punctuation):
                if token.text == "(":
                    brackets = len(atoms) + 1
                elif token.text == ")" and brackets:
                    inside = atoms[brackets - 1 :]
                    if len(inside) == 1 and isinstance(inside[0], _Days):
                        inside[0].bound = True
                    brackets = 0
                elif token.text in (";", "\n"):
                    atoms.append(_Break())
                    pending = ""
                self._position += 1
                continue
            if days := self._days():
                last_days = atoms[-1] if atoms else None
                if pending == "except":
                    if isinstance(last_days, _Days):
                        last_days.days -= days.days
                    else:
                        atoms.append(_Days(frozenset(range(7)) - days.days))
                elif self._joins(atoms, _Days):
                    assert isinstance(last_days, _Days)
                    last_days.days |= days.days
                    last_days.holidays |= days.holidays
                else:
                    atoms.append(days)
                pending = "except" if pending == "except" and self._lists_on() else ""
                continue
            meanings = token.meanings
            if token.month:
                atoms.append(self._months())
                continue
            if "except" in meanings:
                pending = "except"
            elif "break" in meanings:
                pending = "break"
            elif "unrelated" in meanings:
                pending = "unrelated"
            elif "off" in meanings:
                atoms.append(_Value(kind="off"))
            elif "appointment" in meanings:
                self._appointment = True
                atoms.append(_Value(kind="appointment"))
            elif "always" in meanings:
                self._always = True
                atoms.append(_Value([Span(0, DAY_MINUTES)]))
            elif "season" in meanings:
                atoms.append(_Drop(token.text))
            self._position += 1
        return atoms

    def _joins(self, atoms: list[_Atom], kind: type) -> bool:
        """Whether what comes continues the last atom: nothing but commas and "and" between."""
        return (
            bool(atoms)
            and isinstance(atoms[-1], kind)
            and not getattr(atoms[-1], "bound", False)
            and getattr(atoms[-1], "kind", "hours") == "hours"
        )

    def _lists_on(self) -> bool:
        """ "Except Saturdays and Sundays": the list goes on."""
        position = self._position
        while position < len(self._tokens):
            token = self._tokens[position]
            if (isinstance(token, Punctuation) and token.text == ",") or (
                isinstance(token, Word) and "and" in token.meanings and not token.days
            ):
                position += 1
            else:
                return (
                    position > self._position
                    and _may_be_day(token)
                    and not self._is_followed_by_value(position + 1)
                )
        return False

    def _is_followed_by_value(self, position: int) -> bool:
        following = self._tokens[position] if position < len(self._tokens) else None
        return isinstance(following, Clock) or (
            isinstance(following, Word) and "off" in following.meanings
        )

    # Days

    def _days(self) -> _Days | None:
        token = self._tokens[self._position]
        assert isinstance(token, Word)
        for group, days in GROUPS.items():
            if group in token.meanings and not (group == "holiday" and "off" in token.meanings):
                self._position += 1
                return _Days(days, holidays=group == "holiday")
        if not token.days:
            return None
        first = self._day(token)
        self._position += 1
        ahead = self._position
        if ahead + 1 < len(self._tokens) and self._is_until(ahead):
            end = ahead + 1
            while end + 1 < len(self._tokens) and (
                _is_filler(self._tokens[end]) or self._is_until(end)
            ):
                end += 1
            other = self._tokens[end]
            if isinstance(other, Word) and other.days:
                self._position = end + 1
                return _Days(days_between(first, self._day(other)))
        return _Days(frozenset((first,)))

    def _day(self, word: Word) -> int:
        """Which weekday: the language that knows most of the words decides."""
        scores: dict[int, float] = {}
        for language, day in word.days:
            scores[day] = max(self._languages.get(language, 0), scores.get(day, 0))
        readings = sorted(scores, key=lambda day: -scores[day])
        taken = self._forced.get(word.text, 0)
        if len(readings) > 1 and scores[readings[0]] - scores[readings[1]] < DECISIVE:
            self._choose(word.text, tuple(DAYS[day] for day in readings), taken)
        return readings[min(taken, len(readings) - 1)]

    def _choose(self, text: str, meanings: tuple[str, ...], taken: int) -> None:
        self._choices.setdefault(text, _Choice(text, meanings, min(taken, len(meanings) - 1)))

    # Months

    def _months(self) -> _Months:
        first = self._tokens[self._position]
        assert isinstance(first, Word)
        self._position += 1
        text = _month_day(first)
        if self._position + 1 < len(self._tokens) and self._is_until(self._position):
            last = self._tokens[self._position + 1]
            if isinstance(last, Word) and last.month:
                self._position += 2
                text += "-" + _month_day(last)
        return _Months(text)

    # Clocks

    def _is_until(self, position: int) -> bool:
        token = self._tokens[position] if position < len(self._tokens) else None
        if isinstance(token, Punctuation):
            return token.text == "-"
        return isinstance(token, Word) and "until" in token.meanings and not token.days

    def _spans(self) -> list[Span]:
        """The span that begins with the clock at hand, or nothing."""
        first = self._tokens[self._position]
        assert isinstance(first, Clock)
        before = self._tokens[self._position - 1] if self._position else None
        self._position += 1
        position = self._position
        after = self._tokens[position] if position < len(self._tokens) else None
        if self._is_until(position):
            while self._is_until(position) or self._is_filler_at(position):
                position += 1
            last = self._tokens[position] if position < len(self._tokens) else None
            if isinstance(last, Clock):
                self._position = position + 1
                return self._span(first, last)
            if last is None or isinstance(last, Punctuation) or "late" in last.meanings:
                self._position = position + 1 if isinstance(last, Word) else position
                return self._open_ended(first)
        elif isinstance(after, Clock) and first.has_minutes and after.has_minutes:
            if not self._is_until(position + 1):
                self._position += 1
                return self._span(first, after)
        elif isinstance(after, Punctuation) and after.text == "/" and self._is_spaced_pairs:
            last = self._tokens[position + 1] if position + 1 < len(self._tokens) else None
            if isinstance(last, Clock):
                self._position += 2
                return self._span(first, last)
        elif isinstance(after, Punctuation) and after.text == "+":
            following = self._tokens[position + 1] if position + 1 < len(self._tokens) else None
            if not isinstance(following, Clock):
                self._position += 1
                return self._open_ended(first)
        elif (
            isinstance(before, Word)
            and "from" in before.meanings
            and not before.days
            and (first.has_minutes or first.half or first.is_marked)
        ):
            return self._open_ended(first)
        self._not_understood.append(first.text)
        return []

    def _is_filler_at(self, position: int) -> bool:
        return position < len(self._tokens) and _is_filler(self._tokens[position])

    def _open_ended(self, first: Clock) -> list[Span]:
        start = _with_half(first) if first.half else first.minutes
        return [Span(start, DAY_MINUTES, closes=False)] if start < DAY_MINUTES else []

    def _span(self, first: Clock, last: Clock) -> list[Span]:
        text = f"{first.text}-{last.text}"
        readings = _readings(first, last, is_24_hours=self._is_24_hours)
        if not readings:
            self._not_understood.append(text)
            return []
        taken = min(self._forced.get(text, 0), len(readings) - 1)
        if len(readings) > 1:
            self._choose(text, tuple(map(str, readings)), taken)
        return [readings[taken]]

    # From atoms to rules

    def _entries(self, part: list[_Atom]) -> list[_Entry]:
        """What one part says: values with their days; no days means every day."""
        months = ",".join(atom.text for atom in part if isinstance(atom, _Months))
        dropped = next((i for i, atom in enumerate(part) if isinstance(atom, _Drop)), None)
        if dropped is not None:
            # What a season or "every second" belongs to cannot be told from here on.
            self._not_understood += [atom.text for atom in part if isinstance(atom, _Drop)]
            part = part[:dropped]
            if not any(isinstance(atom, _Days) for atom in part):
                return []
        items: list[_Days | _Value] = [atom for atom in part if isinstance(atom, _Days | _Value)]
        return [(days, value, months) for days, value in _pair(items)]

    def _compose(self, entries: list[_Entry]) -> tuple[str, Kind]:
        weeks: dict[str, dict[int, list[Span]]] = {}
        defaults: dict[str, set[int]] = {}
        closed: set[int] = set()
        holidays: list[Span] | None = None
        last_days: dict[str, frozenset[int]] = {}
        for days, value, months in entries:
            if value.kind == "appointment":
                continue
            week = weeks.setdefault(months, {})
            assumed = defaults.setdefault(months, set())
            if days is None:
                affected = last_days.get(months) or frozenset(range(7))
                if value.kind == "off":
                    continue
                if months not in last_days:
                    assumed |= affected - week.keys()
            else:
                affected = days.days
                if days.holidays:
                    holidays = [*(holidays or ()), *value.spans]
                if affected:
                    last_days[months] = affected
            for day in affected:
                if value.kind == "off":
                    week[day] = []
                    if not months:
                        closed.add(day)
                elif days is not None and day in assumed:
                    assumed.discard(day)
                    week[day] = list(value.spans)
                elif all(span not in week.get(day, ()) for span in value.spans):
                    week[day] = _clean([*week.get(day, ()), *value.spans])
        has_hours = any(spans for week in weeks.values() for spans in week.values())
        if not has_hours and not holidays:
            if self._appointment:
                return "", "by_appointment"
            return _closed_days(closed), "unknown"
        return _compose_rules(weeks, closed, holidays)


def _compose_rules(
    weeks: Mapping[str, dict[int, list[Span]]], closed: set[int], holidays: list[Span] | None
) -> tuple[str, Kind]:
    plain = weeks.get("", {})
    lines = []
    if any(plain.values()):
        lines.append(format_week(plain))
    for months, week in weeks.items():
        if not months or not any(week.values()):
            continue
        week = {day: [] if day in closed else spans for day, spans in week.items()}
        text = format_week(week)
        divider = (
            ", " if any(s.end > DAY_MINUTES for spans in week.values() for s in spans) else "; "
        )
        lines.append(divider.join(f"{months} {line}" for line in text.split(divider)))
    if holidays is not None:
        lines.append(format_week({}, _clean(holidays)))
    rules = "; ".join(
        line.replace("24/7", "00:00-24:00") if len(lines) > 1 else line for line in lines
    )
    if accepts(rules) is None:
        return "", "unknown"
    return rules, "always" if rules == "24/7" else "hours"


def _parts(atoms: list[_Atom]) -> list[list[_Atom]]:
    """Cut at semicolons and lines. Parts about a season go, if others are left."""
    parts: list[list[_Atom]] = [[]]
    for atom in atoms:
        if isinstance(atom, _Break):
            parts.append([])
        else:
            parts[-1].append(atom)
    return parts


def _pair(items: list[_Days | _Value]) -> list[tuple[_Days | None, _Value]]:
    """Which days belong to which hours.

    Usually days come first ("Mon-Fri 9-5, Sat 9-1"); when the part begins with hours and ends with
    days, hours come first ("9-5 Mon-Fri, 9-1 Sat"). Hours before the first days are for every day
    that is not named, and "closed" takes the days that have no hours yet.
    """
    pairs: list[tuple[_Days | None, _Value]] = []
    has_hours_first = (
        len(items) > 1
        and isinstance(items[0], _Value)
        and isinstance(items[-1], _Days)
        and all(isinstance(item, _Value) != isinstance(after, _Value)
                for item, after in pairwise(items))
    )  # fmt: skip
    if has_hours_first:
        values = [item for item in items if isinstance(item, _Value)]
        days_of = [item for item in items if isinstance(item, _Days)]
        return list(zip(days_of, values, strict=True))
    days: _Days | None = None
    is_served = False
    position = 0
    while position < len(items):
        item = items[position]
        following = items[position + 1] if position + 1 < len(items) else None
        if isinstance(item, _Days):
            days, is_served = item, False
        elif isinstance(following, _Days) and (
            following.bound
            or (
                item.kind == "off"
                and (days is None or is_served)
                and (position + 2 >= len(items) or isinstance(items[position + 2], _Days))
            )
        ):
            pairs.append((following, item))
            position += 1
        elif item.kind == "off" and is_served:
            pass
        else:
            pairs.append((days, item))
            is_served = True
        position += 1
    return pairs


def _readings(first: Clock, last: Clock, *, is_24_hours: bool) -> list[Span]:
    """The spans that two clocks may mean, the most likely first."""
    if first.minutes >= DAY_MINUTES and first.minutes != DAY_MINUTES:
        return []
    if first.half and last.half:
        return _spans_of([(_with_half(first), _with_half(last))])
    if first.half or last.half:
        return _half_said_once(first, last)
    start, end = first.minutes % DAY_MINUTES, last.minutes
    literal = (start, end)
    if first.is_exact and last.is_exact and first.minutes >= 12 * 60:
        return _spans_of([literal])
    if is_24_hours or end > 13 * 60 or start >= 13 * 60:
        readings = [literal]
        length = (end - start) % DAY_MINUTES or DAY_MINUTES
        if length > 16 * 60 and end < 12 * 60 and end + 12 * 60 > start and start:
            readings.append((start, end + 12 * 60))
        return _spans_of(readings)
    if start == 0 and end in (11 * 60 + 59, 12 * 60):
        return _spans_of([(0, end + 12 * 60), literal])
    later = [literal] if end > start else []
    later += [(start, end + 12 * 60)] if end <= 12 * 60 else []
    later += [(start + 12 * 60, end + 12 * 60)] if end <= 12 * 60 < DAY_MINUTES else []
    noon = [(s, e) for s, e in later if s < DAY_MINUTES]
    good = [(s, e) for s, e in noon if s >= 6 * 60 and 2 * 60 <= e - s <= 16 * 60]
    rest = [pair for pair in noon if pair not in good]
    rest = [(s, e) for s, e in rest if 0 < e - s <= 16 * 60]
    return _spans_of([*good, *sorted(rest, reverse=True)])


def _half_said_once(first: Clock, last: Clock) -> list[Span]:
    """`2-11pm`, `9am-5`, `9-5pm`, `9:00-17:00 pm`, `10am-22`."""
    if last.half:
        end = _with_half(last)
        if first.minutes >= 13 * 60 or first.is_exact:
            return _spans_of([(first.minutes % DAY_MINUTES, end)])
        morning, evening = first.minutes % (12 * 60), first.minutes % (12 * 60) + 12 * 60
        same = evening if last.half == "pm" else morning
        other = morning if last.half == "pm" else evening
        if same < (end or DAY_MINUTES):
            is_short = (end or DAY_MINUTES) - same < 2 * 60
            order = [(same, end), (other, end)]
            return _spans_of(order[::-1] if is_short and other >= 6 * 60 else order)
        return _spans_of([(other, end)])
    start = _with_half(first)
    if last.minutes >= 13 * 60 or last.is_exact:
        return _spans_of([(start, last.minutes)])
    candidates = [last.minutes % (12 * 60), last.minutes % (12 * 60) + 12 * 60]
    good = [end for end in candidates if 2 * 60 <= (end - start) % DAY_MINUTES <= 16 * 60]
    good.sort(key=lambda end: (end - start) % DAY_MINUTES)
    rest = [end for end in candidates if end not in good]
    return _spans_of([(start, end) for end in good + rest])


def _spans_of(pairs: Iterable[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    for start, end in pairs:
        start %= DAY_MINUTES
        if end > 30 * 60:
            continue
        while end <= start:
            end += DAY_MINUTES
        if end - start <= DAY_MINUTES and Span(start, end) not in spans:
            spans.append(Span(start, end))
    return spans


def _with_half(token: Clock) -> int:
    minutes = token.minutes % (12 * 60)
    return minutes + 12 * 60 if token.half == "pm" else minutes


def _subtract(atoms: list[_Atom], pauses: list[Span]) -> None:
    """Take a break out of the hours that were said before it."""
    for atom in atoms:
        if not isinstance(atom, _Value):
            continue
        for pause in pauses:
            spans: list[Span] = []
            for span in atom.spans:
                if span.start < pause.start and pause.end < span.end:
                    spans += [
                        Span(span.start, pause.start), Span(pause.end, span.end, span.closes)
                    ]  # fmt: skip
                else:
                    spans.append(span)
            atom.spans = spans


def _clean(spans: Iterable[Span]) -> list[Span]:
    """In order and without doubles; overlapping ones stay as typed only if they differ."""
    return sorted(set(spans))


def _closed_days(days: set[int]) -> str:
    return "; ".join(f"{DAYS[day]} off" for day in sorted(days))


def _month_day(word: Word) -> str:
    name = MONTHS[word.month - 1]
    return f"{name} {word.day_of_month}" if word.day_of_month else name


def _is_noise(token: Token) -> bool:
    if isinstance(token, Word):
        return token.meanings == {"noise"} and not token.days
    return isinstance(token, Punctuation) and token.text == ":"


def _is_filler(token: Token) -> bool:
    return isinstance(token, Word) and not token.days and bool(token.meanings & {"from", "noise"})


def _ends_span(tokens: Sequence[Token], position: int) -> bool:
    """The clock before this place closes a span: 9-17 | do | 10-18."""
    earlier = [token for token in tokens[:position] if not _is_noise(token)][-2:-1]
    return bool(earlier) and (
        (isinstance(earlier[0], Punctuation) and earlier[0].text == "-")
        or (isinstance(earlier[0], Word) and "until" in earlier[0].meanings)
    )


def _is_beside_dash(tokens: Sequence[Token], position: int) -> bool:
    around = (*tokens[max(0, position - 1) : position], *tokens[position + 1 : position + 2])
    return any(isinstance(token, Punctuation) and token.text == "-" for token in around)


def _is_beside_month(tokens: Sequence[Token], position: int) -> bool:
    around = (*tokens[max(0, position - 2) : position], *tokens[position + 1 : position + 3])
    return any(isinstance(t, Word) and t.month > 0 and not t.days for t in around)


def _may_be_day(token: Token | None) -> bool:
    return isinstance(token, Word) and bool(token.days or token.meanings & GROUPS.keys())


def _starts(token: Token | None) -> bool:
    return token is None or isinstance(token, Punctuation)


def _is_listed(tokens: Sequence[Token], position: int) -> bool:
    """Among commas: "Mo, Di, Do" is a list of days, not a range."""
    around = tokens[max(0, position - 1) : position + 2]
    return any(isinstance(token, Punctuation) for token in around)


def _is_dash_after_clock(kept: Sequence[Token]) -> bool:
    return (
        len(kept) > 1
        and isinstance(kept[-1], Punctuation)
        and kept[-1].text == "-"
        and isinstance(kept[-2], Clock)
    )
