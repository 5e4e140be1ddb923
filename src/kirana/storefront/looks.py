"""What stands for a shop or a product that has no photo: a tint that is always its own. Pure."""

import unicodedata
from dataclasses import dataclass
from typing import Any

STEPS = 24
"""Tints are classes, `h0` to `h23`: a strict policy forbids styles inside of a page."""


@dataclass(frozen=True, slots=True)
class Face:
    """A shop as every page of it shows it."""

    id: Any
    handle: str
    name: str
    about: str
    logo_id: str | None
    cover_id: str | None
    zone: str
    country: str
    currency: str
    is_verified: bool
    state: str
    """open, closed or unknown."""
    state_text: str


def hue_class(id_: object) -> str:
    """The class of a tint, the same here as in the app."""
    return f"tinted h{hue_of(str(id_)) * STEPS // 360}"


def hue_of(text: str) -> int:
    """A number of 0 to 359. The same arithmetic as the app's, so the tints agree."""
    hash_ = 2166136261
    for unit in memoryview(text.encode("utf-16-le")).cast("H"):
        hash_ = (hash_ ^ unit) * 16777619 & _MASK
    hash_ = (hash_ ^ hash_ >> 16) * 0x85EBCA6B & _MASK
    hash_ = (hash_ ^ hash_ >> 13) * 0xC2B2AE35 & _MASK
    return (hash_ ^ hash_ >> 16) % 360


_MASK = 0xFFFFFFFF


def initial_of(name: str) -> str:
    """The first letter or digit, with its marks."""
    for place, letter in enumerate(name):
        if unicodedata.category(letter)[0] in "LN":
            end = place + 1
            while end < len(name) and unicodedata.category(name[end])[0] == "M":
                end += 1
            return name[place:end].upper()
    return "·"
