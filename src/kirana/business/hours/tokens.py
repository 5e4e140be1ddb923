"""What people type, cut into clocks, days and other words that mean something.

Nothing is decided here: a word that may be several things ("do" is Thursday in German, Sunday in
Spanish and "until" in Polish) keeps all its meanings.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Literal

from . import words
from .words import fold

MAX_UNKNOWN_WORDS = 40
"""So many unknown words are looked at for typos; whoever types more is not writing hours."""

Meaning = Literal[
    "until", "from", "and", "except", "off", "always", "appointment", "break", "unrelated",
    "season", "late", "am", "pm", "noise", "every_day", "weekdays", "weekend", "holiday",
]  # fmt: skip
Mark = Literal["-", ",", ";", "/", "+", "(", ")", ":", "\n", "?"]

GROUPS: dict[Meaning, frozenset[int]] = {
    "every_day": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "weekend": frozenset((5, 6)),
    "holiday": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as typed; whether before or after noon may still be open."""

    text: str
    minutes: int
    half: Literal["am", "pm"] | None = None
    is_exact: bool = False
    """Noon, midnight, or a leading zero: nothing to guess."""
    has_minutes: bool = False
    is_marked: bool = False
    """Written with h, Uhr, o'clock and the like."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something else; empty in all fields when nobody knows it."""

    text: str
    days: tuple[tuple[str, int], ...] = ()
    """Language and weekday, one for each language that knows it as a day."""
    meanings: frozenset[Meaning] = frozenset()
    month: int = 0
    day_of_month: int = 0

    @property
    def is_known(self) -> bool:
        return bool(self.days or self.meanings or self.month)


@dataclass(frozen=True, slots=True)
class Punctuation:
    text: Mark


Token = Clock | Word | Punctuation


def tokenize(text: str) -> list[Token]:
    """All that stands in `text`, in order."""
    text = _prepare(text)
    tokens: list[Token] = []
    unknown = 0
    position = 0
    while position < len(text):
        if found := _phrase(text, position):
            word, position = found
            tokens.append(word)
        elif match := _ORDINAL.match(text, position):
            tokens.append(Word(match[0], meanings=frozenset(("season",))))
            position = match.end()
        elif match := _CLOCK.match(text, position):
            tokens.append(_clock(match))
            position = match.end()
        elif match := _WORD.match(text, position):
            unknown += 1
            tokens.append(_unknown(match[0], guess=unknown <= MAX_UNKNOWN_WORDS))
            position = match.end()
        else:
            if text[position] in _MARKS:
                tokens.append(Punctuation(_MARKS[text[position]]))
            elif text[position].isdigit():
                end = _DIGITS.match(text, position)
                tokens.append(Word(end[0] if end else text[position]))
                position = end.end() - 1 if end else position
            position += 1
    return _with_dates(tokens)


_MARKS: dict[str, Mark] = {
    "-": "-", ",": ",", "、": ",", "،": ",", "・": ",", ";": ";", "|": ";", "/": "/", "+": "+",
    "(": "(", ")": ")", "[": "(", "]": ")", ":": ":", "\n": "\n", "?": "?", "。": ";", "&": ",",
}  # fmt: skip
_NO_SPACES = "\u0e00-\u0e7f\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uac00-\ud7af"
_MARKED_LETTERS = "\u0590-\u05c7\u0610-\u065f\u0900-\u0dff\u0300-\u036f"
_WORD = re.compile(
    rf"[{_NO_SPACES}]+|(?:(?![{_NO_SPACES}])(?:[^\W\d_]|[{_MARKED_LETTERS}]))+(?:'[^\W\d_]+)*"
)
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)(?![^\W_])")
_DIGITS = re.compile(r"\d+")
_HALF = r"(?:\s*-?\s*(?P<half>[ap])(?:\s?\.\s?)?m(?![^\W\d_])\.?|(?P<letter>[ap])(?![^\W\d_]))?"
_UNIT = (
    r"(?P<unit>\s*:?(?:uhr|hours|hour|hrs|hsr|hs|heures|h|ur|година|годин|час\w?|時|时|点|點|시|น|बजे"
    r"|horas?|ore|godz)(?![^\W\d_])|(?<=\d)[時时点點시])?"
)
_CLOCK = re.compile(
    r"(?<!\d)(?:"
    r"(?P<h1>\d{1,2})(?:\s?[:.]\s?|[h;´'\x22]|\s?(?:時|时|点|點|시)\s?|\s?h\s|:\s?h?)"
    r"(?P<m1>[0-5]\d)(?!\d|:\d|h\d)(?::00(?!\d))?(?:\s?[分분])?"
    r"|(?P<h4>\d{1,2}),(?P<m4>[0-5]\d(?=\s?(?:h|hs|hrs|uhr|u)\b)|(?:00|30|45)(?![\d:.]))"
    r"|(?P<h3>\d{1,2})[時点點](?P<half_past>半)"
    r"|(?P<h2>[01]?\d|2[0-9])(?P<m2>[0-5]\d)(?!\d)"
    r"|(?P<h0>\d{1,2})(?!\d))"
    r"['°º]?" + _HALF + _UNIT
)


def _prepare(text: str) -> str:
    text = text.replace("\\u0096", "-").replace("\\u0097", "-")
    text = re.sub(r"[\u0096\u0097\u2010-\u2015\u2212\u301c\u3030~～∼ー](?=.|$)", _dash, text)
    # Portuguese counts its weekdays: 2ª is Monday.
    if "feira" in text.casefold() or "ª" in text:
        text = re.sub(r"\b([2-6])\s?(?:ª|a\b|as\b|º)", lambda m: _PORTUGUESE[int(m[1]) - 2], text)
    text = "".join(
        str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text
    )
    text = fold(text).replace("~", "-").replace("〜", "-")
    text = re.sub(r"(?<!\d)(\d?\d:\d\d):(\d?\d:\d\d)(?![:\d])", r"\1-\2", text)
    text = re.sub(r"(?<![\d:-])(\d\d)-(00|30) (\d\d)-(00|30)(?![\d:-])", r"\1:\2-\3:\4", text)
    return re.sub(r"(?<=\d:\d\d-)(\d\d)-(\d\d)(?![\d:])", r"\1:\2", text)


_PORTUGUESE = ("segunda", "terça", "quarta", "quinta", "sexta")


def _dash(match: re.Match[str]) -> str:
    """ー also stretches vowels: it is a dash only beside a digit or a day."""
    if match[0] == "ー":
        before = match.string[match.start() - 1 : match.start()]
        return "-" if before.isdigit() or before in "月火水木金土日曜" else "ー"
    return "-"


def _clock(match: re.Match[str]) -> Token:
    groups = match.groupdict()
    hour_text = groups["h0"] or groups["h1"] or groups["h2"] or groups["h3"] or groups["h4"]
    hour = int(hour_text)
    minute = 30 if groups["half_past"] else int(groups["m1"] or groups["m2"] or groups["m4"] or 0)
    half = {"a": "am", "p": "pm"}.get(groups["half"] or groups["letter"] or "")
    text = match[0].strip()
    if hour > 30 or (half and hour > 23):
        return Word(text)
    if half and hour > 12:
        half = None
    return Clock(
        text,
        hour * 60 + minute,
        half="am" if half == "am" else "pm" if half == "pm" else None,
        is_exact=len(hour_text) == 2 and hour_text[0] == "0" and not half,
        has_minutes=bool(groups["m1"] or groups["m2"] or groups["m4"]),
        is_marked=bool(groups["unit"]),
    )


def _phrase(text: str, start: int) -> tuple[Token, int] | None:
    """The longest known phrase that begins here."""
    vocabulary = _vocabulary()
    first = _FIRST.match(text, start)
    if not first:
        return None
    best: tuple[Token, int] | None = None
    if re.match(rf"[{_NO_SPACES}]", first[0]):
        for size in range(min(8, len(first[0])), 0, -1):
            known = vocabulary.words.get(first[0][:size])
            is_day = isinstance(known, Word) and bool(known.days)
            if known and (size > 1 or not is_day or _stands_alone(text, start, vocabulary)):
                return known, start + size
        return None
    candidates = vocabulary.by_first.get(first[0])
    if not candidates:
        return None
    for phrase, pattern in candidates:
        if pattern is None:
            best = best or (vocabulary.words[phrase], first.end())
        elif match := pattern.match(text, start):
            return vocabulary.words[phrase], match.end()
    return best


_FIRST = re.compile(
    rf"[{_NO_SPACES}]{{1,8}}|\d+(?=[\s/hdj-])|"
    rf"(?:(?![{_NO_SPACES}])(?:[^\W\d_]|[{_MARKED_LETTERS}]))+(?:'[^\W\d_]+)*"
)


def _stands_alone(text: str, at: int, vocabulary: "_Vocabulary") -> bool:
    """A single sign is a word only among other known ones: 日 is Sunday, but not within 日帰り."""
    return all(
        not re.match(rf"[{_NO_SPACES}]", sign)
        or "\u3040" <= sign <= "\u309f"
        or sign in vocabulary.words
        for sign in (text[max(0, at - 1) : at], text[at + 1 : at + 2])
    )


def _unknown(text: str, *, guess: bool) -> Word:
    vocabulary = _vocabulary()
    if guess and len(text) >= 5:
        near = _neighbors(text) & vocabulary.deletions.keys()
        for candidate in sorted(near, key=lambda shared: (-len(shared), shared)):
            for known in vocabulary.deletions[candidate]:
                if _is_one_edit(text, known.text):
                    return replace(known, text=text)
    return Word(text)


def _with_dates(tokens: list[Token]) -> list[Token]:
    """`May 1` and `1 May`: the number is a day of the month, not a time."""
    result: list[Token] = []
    skip = False
    for position, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if isinstance(token, Word) and token.month:
            before = result[-1] if result else None
            after = tokens[position + 1] if position + 1 < len(tokens) else None
            if (number := _day_of_month(after)) and not _is_span(tokens, position + 1):
                token = Word(token.text, month=token.month, day_of_month=number)
                skip = True
            elif number := _day_of_month(before):
                result.pop()
                token = Word(token.text, month=token.month, day_of_month=number)
        result.append(token)
    return result


def _is_span(tokens: list[Token], position: int) -> bool:
    """`Sep 9-18`: two numbers with a dash are rather hours than dates."""
    dash, last = (*tokens[position + 1 : position + 3], None, None)[:2]
    is_dash = (isinstance(dash, Punctuation) and dash.text == "-") or (
        isinstance(dash, Word) and "until" in dash.meanings
    )
    return is_dash and isinstance(last, Clock)


def _day_of_month(token: Token | None) -> int:
    if not isinstance(token, Clock) or token.has_minutes or token.half or token.is_marked:
        return 0
    return token.minutes // 60 if 1 <= token.minutes // 60 <= 31 else 0


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    words: dict[str, Word | Clock]
    by_first: dict[str, list[tuple[str, re.Pattern[str] | None]]]
    deletions: dict[str, list[Word]]


@cache
def _vocabulary() -> _Vocabulary:
    days: dict[str, list[tuple[str, int]]] = {}
    for language, line in words.DAYS_BY_LANGUAGE.items():
        for day, spellings in enumerate(line.split("|")):
            for spelling in spellings.split():
                entry = (language, day)
                known = days.setdefault(fold(spelling).replace("-", " "), [])
                if entry not in known:
                    known.append(entry)
    meanings: dict[str, set[Meaning]] = {}
    for meaning, text in _LISTS.items():
        for phrase in text.split():
            meanings.setdefault(_spaced(phrase), set()).add(meaning)
    months = {
        fold(name): number
        for number, names in enumerate(words.MONTHS_BY_LANGUAGE, 1)
        for name in names.split()
    }
    known_words: dict[str, Word] = {
        text: Word(
            text,
            tuple(days.get(text, ())),
            frozenset(meanings.get(text, ())),
            months.get(text, 0),
        )
        for text in chain(days, meanings, months)
    }
    exact: dict[str, Word | Clock] = {}
    for phrase in words.NOON.split():
        exact[_spaced(phrase)] = Clock(_spaced(phrase), 12 * 60, is_exact=True)
    for phrase in words.MIDNIGHT.split():
        exact[_spaced(phrase)] = Clock(_spaced(phrase), 24 * 60, is_exact=True)
    everything: dict[str, Word | Clock] = {**known_words, **exact}
    by_first: dict[str, list[tuple[str, re.Pattern[str] | None]]] = {}
    for text in sorted(everything, key=len, reverse=True):
        first = _FIRST.match(text + " ")
        if not first:
            continue
        pattern = None
        if first[0] != text:
            body = re.escape(text).replace(r"\ ", r"[\s-]+").replace(r"\-", "[ -]?")
            pattern = re.compile(body + r"(?![^\W_])")
        by_first.setdefault(first[0], []).append((text, pattern))
    deletions: dict[str, list[Word]] = {}
    for text, word in known_words.items():
        if len(text) >= 5 and " " not in text and text.isalpha() and word.is_known:
            for neighbor in _neighbors(text):
                deletions.setdefault(neighbor, []).append(word)
    return _Vocabulary(everything, by_first, deletions)


_LISTS: dict[Meaning, str] = {
    "until": words.UNTIL,
    "from": words.FROM,
    "and": words.AND,
    "except": words.EXCEPT,
    "off": words.CLOSED,
    "always": words.ALWAYS,
    "appointment": words.BY_APPOINTMENT,
    "break": words.BREAK,
    "unrelated": words.UNRELATED,
    "season": words.SEASONS,
    "late": words.LATE,
    "am": words.AM,
    "pm": words.PM,
    "noise": words.NOISE,
    "every_day": words.EVERY_DAY,
    "weekdays": words.WEEKDAYS,
    "weekend": words.WEEKENDS,
    "holiday": words.HOLIDAYS,
}


def _spaced(phrase: str) -> str:
    return fold(phrase.replace("·", " ")).replace("-", " ")


def _neighbors(text: str) -> set[str]:
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


def _is_one_edit(typed: str, known: str) -> bool:
    """One letter wrong, missing, too many, or two neighbors swapped."""
    if abs(len(typed) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(known)) and typed[start] == known[start]:
        start += 1
    if len(typed) == len(known):
        return typed[start + 1 :] == known[start + 1 :] or (
            typed[start : start + 2] == known[start : start + 2][::-1]
            and typed[start + 2 :] == known[start + 2 :]
        )
    if len(typed) < len(known):
        return typed[start:] == known[start + 1 :]
    return typed[start + 1 :] == known[start:]
