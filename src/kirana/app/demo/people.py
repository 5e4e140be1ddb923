"""Who lives in the demo town."""

from dataclasses import dataclass
from uuid import UUID

from kirana import identity
from kirana.platform.db import Tx
from kirana.values import Actor, UserId, derived_id

_TOWN = UUID("01939c60-0000-7000-8000-6b6972616e61")
"""The ids of the town's people and things follow from this one, so the town can be found again."""

PIN = "2719"
"""Everybody's PIN in the demo town."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is made up. `face` is an emoji."""

    key: str
    name: str
    face: str
    language: str
    zone: str
    phone: str
    line: str
    """What they are there for: shown where one may enter as them."""

    @property
    def id(self) -> UserId:
        return UserId(town_id("person", self.key))

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.id)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody one may enter as."""

    id: UserId
    name: str
    line: str
    photo_id: str | None
    pin: str


def town_id(kind: str, key: str) -> UUID:
    return derived_id(_TOWN, f"{kind}:{key}")


PEOPLE = (
    Person(
        "asha",
        "Asha Kulkarni",
        "👩🏾",
        "en",
        "Asia/Kolkata",
        "+919820000001",
        "Runs Asha's Kirana, a grocer in Pune",
    ),
    Person(
        "ravi",
        "Ravi Menon",
        "👨🏾",
        "en",
        "Asia/Kolkata",
        "+919820000002",
        "Buys groceries, sends money to friends",
    ),
    Person(
        "meera",
        "Meera Joshi",
        "👩🏾‍🦱",
        "en",
        "Asia/Kolkata",
        "+919820000003",
        "Ravi's friend; makes the paneer",
    ),
    Person(
        "julia",
        "Júlia Andrade",
        "👩🏼‍🦱",
        "pt",
        "America/Sao_Paulo",
        "+5511900000004",
        "Bakes at Padaria Estrela in São Paulo",
    ),
    Person(
        "yusuf",
        "Yusuf Rahman",
        "🧔🏾‍♂️",
        "ar",
        "Asia/Dubai",
        "+971500000005",
        "Sews at Noor Tailors in Dubai",
    ),
    Person(
        "wanjiru",
        "Wanjiru Kamau",
        "👩🏿‍🦱",
        "en",
        "Africa/Nairobi",
        "+254700000006",
        "Repairs phones at Fundi in Nairobi",
    ),
    Person(
        "greta",
        "Greta Lindner",
        "👩🏻‍🦳",
        "de",
        "Europe/Berlin",
        "+4915100000007",
        "Sells books at Lindenblatt in Berlin",
    ),
    Person(
        "haruto",
        "Haruto Mori",
        "👨🏻",
        "ja",
        "Asia/Tokyo",
        "+819000000008",
        "Pours tea at Midori in Kyoto",
    ),
    Person(
        "lucia",
        "Lucía Ortega",
        "👩🏼‍🦱",
        "es",
        "America/Mexico_City",
        "+525500000009",
        "Ties bouquets at Flores Lucía in Mexico City",
    ),
    Person(
        "pedro",
        "Pedro Santos",
        "👨🏿‍🦱",
        "pt",
        "America/Sao_Paulo",
        "+5511900000010",
        "Has breakfast at the bakery",
    ),
    Person(
        "omar",
        "Omar Haddad",
        "🧔🏼‍♂️",
        "en",
        "Asia/Dubai",
        "+971500000011",
        "Runs this server; may put money in and pay it out",
    ),
    Person(
        "nadia",
        "Nadia Sheikh",
        "🧕🏾",
        "en",
        "Asia/Kolkata",
        "+919820000012",
        "Cash agent: takes cash in and pays cash out",
    ),
)
BY_KEY = {person.key: person for person in PEOPLE}


def list_people(tx: Tx) -> list[DemoPerson]:
    """Those of the town's people who are there."""
    cards = identity.get_cards(tx, [person.id for person in PEOPLE])
    return [
        DemoPerson(p.id, cards[p.id].name, p.line, cards[p.id].photo_id, PIN)
        for p in PEOPLE
        if p.id in cards
    ]


def is_filled(tx: Tx) -> bool:
    return bool(list_people(tx))
