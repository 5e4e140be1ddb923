"""Filling the demo town."""

import fcntl
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing import get_context

from kirana import identity, money
from kirana.app import wiring
from kirana.platform import jobs, migrate, pictures
from kirana.platform.blobs import LocalBlobs
from kirana.platform.clock import wall_clock
from kirana.platform.database import open_database
from kirana.platform.db import Database, Tx
from kirana.platform.events import Bus
from kirana.platform.images import Rendered, render
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Money, RateId, uuid7

from . import drawing
from .people import BY_KEY, PEOPLE, PIN, is_filled
from .shops import Shop, open_shop, read_shops, shelve, sort_shelves
from .stories import HOUR_MS, StoryClock, Teller, tell

STORY_MS = 70 * HOUR_MS + 10 * 60_000
"""A little longer than all that the story waits: it ends some minutes ago."""


def fill_if_empty(settings: Settings) -> bool:
    """Fill the town, unless somebody lives there already; whether it was filled."""
    with alone(settings):
        return _fill_if_empty(settings)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One builder at a time: whoever comes second waits, and finds the town there."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill_if_empty(settings: Settings) -> bool:
    bus = Bus()
    wiring.wire(bus)
    clock = StoryClock(wall_clock() - STORY_MS)
    database = open_database(settings.database_url, bus, clock)
    wiring.close_commits(database)
    try:
        migrate.upgrade(database)
        if database.read(is_filled):
            return False
        started = time.monotonic()
        sys.stderr.write("Building the demo town, once: shops, people, pictures …\n")
        _fill(database, bus, clock, settings)
        sys.stderr.write(f"The town stands after {time.monotonic() - started:.0f} s.\n")
        return True
    finally:
        database.close()


def _fill(database: Database, bus: Bus, clock: StoryClock, settings: Settings) -> None:
    shops = read_shops()
    drawn = _draw(database, LocalBlobs(settings.data_dir / "files"), shops)
    pin_hash = identity.hash_pin(PIN)
    database.write(_settle_people, drawn, pin_hash)
    jobs.deliver_all(database, bus)
    database.write(money.appoint_operator, BY_KEY["omar"].id, by=SYSTEM)
    database.write(money.appoint_agent, BY_KEY["nadia"].id, by=SYSTEM)
    database.write(_set_rates)
    for shop in shops:
        faces = {
            part: drawn[key] for part in ("logo", "cover") if (key := f"{part}/{shop.key}") in drawn
        }
        database.write(open_shop, shop, faces)
        # Shops show what is newest first: so the first of the file comes last.
        for product in reversed(shop.products):
            clock.now += 60_000
            picture = drawn.get(f"product/{shop.key}/{product['name']}")
            database.write(shelve, shop, product, picture)
        database.write(sort_shelves, shop)
    jobs.deliver_all(database, bus)

    def deliver() -> None:
        jobs.deliver_all(database, bus)

    tell(Teller(database, clock, deliver), {shop.key: shop for shop in shops})
    clock.now = max(clock.now, wall_clock() - 5 * 60_000)
    jobs.deliver_all(database, bus)


def _set_rates(tx: Tx) -> None:
    """What comes home with the cousins abroad is exchanged here."""
    for pay, get, rate in (("INR", "EUR", "0.0098"), ("EUR", "INR", "99.5")):
        money.set_rate(tx, RateId(uuid7()), pay, get, Decimal(rate), by=SYSTEM)
    for most in (Money(500_00, "EUR"), Money(50_000_00, "INR")):
        money.set_most_short(tx, most, by=SYSTEM)


def _settle_people(tx: Tx, drawn: dict[str, str], pin_hash: str) -> None:
    for person in PEOPLE:
        identity.create_person(
            tx,
            person.id,
            person.name,
            address=identity.parse_address(person.phone),
            handle=person.key,
            language=person.language,
            zone=person.zone,
            by=SYSTEM,
        )
        identity.set_pin(tx, pin_hash, by=person.actor)
        if face := drawn.get(f"face/{person.key}"):
            identity.edit_profile(tx, photo_id=face, by=person.actor)
    for one, other in (
        ("ravi", "meera"),
        ("ravi", "asha"),
        ("ravi", "nadia"),
        ("greta", "haruto"),
        ("asha", "meera"),
        ("pedro", "julia"),
        ("wanjiru", "lucia"),
    ):
        for a, b in ((one, other), (other, one)):
            identity.save_contact(tx, BY_KEY[b].id, by=BY_KEY[a].actor)


def _draw(database: Database, blobs: LocalBlobs, shops: list[Shop]) -> dict[str, str]:
    """Draw and keep everything; picture ids by what they show."""
    wishes: dict[str, tuple[str, list[str], int, str]] = {}
    for person in PEOPLE:
        wishes[f"face/{person.key}"] = ("face", [person.face], 0, person.name)
    for shop in shops:
        tint = shop.facts["tint"]
        wishes[f"logo/{shop.key}"] = ("logo", [shop.facts["logo"]], tint, shop.key)
        row = [p["emoji"] for p in shop.products[::4]]
        wishes[f"cover/{shop.key}"] = ("cover", row, tint, shop.key)
        for product in shop.products:
            wishes[f"product/{shop.key}/{product['name']}"] = (
                "product",
                [product["emoji"]],
                tint,
                product["name"],
            )
    drawn: dict[str, str] = {}
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        for key, made in zip(wishes, pool.map(_make, wishes.values(), chunksize=8), strict=True):
            if made is not None:
                picture_id, rendered = made
                files = {width: blobs.put_now(file) for width, file in rendered.files.items()}
                database.write(pictures.save, picture_id, rendered, files)
                drawn[key] = picture_id
    return drawn


def _make(wish: tuple[str, list[str], int, str]) -> tuple[str, Rendered] | None:
    kind, emojis, tint, name = wish
    content = {
        "face": lambda: drawing.draw_face(emojis[0], name),
        "logo": lambda: drawing.draw_logo(emojis[0], tint),
        "cover": lambda: drawing.draw_cover(emojis, tint),
        "product": lambda: drawing.draw_product(emojis[0], tint, name),
    }[kind]()
    return (pictures.picture_id(content), render(content)) if content else None
