"""`kirana demo`: fills the town if there is none, and says who is in it."""

import sys
from dataclasses import dataclass
from uuid import UUID

import msgspec

from kirana import business, identity
from kirana.app.maintenance import opened, say
from kirana.platform.db import Tx
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, DeviceId, uuid7

from .people import PEOPLE, PIN, is_filled
from .shops import read_shops
from .town import fill_if_empty


@dataclass(frozen=True, slots=True)
class PersonEntry:
    id: UUID
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class ShopEntry:
    id: UUID
    handle: str
    page_url: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a script needs to drive the server."""

    base_url: str
    people: list[PersonEntry]
    shops: list[ShopEntry]


def run(settings: Settings, *, as_json: bool, only_fill: bool = False) -> int:
    """Fill and print; refuses on a server that has people of its own."""
    if not settings.demo and not _may_fill(settings):
        sys.stderr.write(
            "This server has people of its own. Set KIRANA_DEMO=1 if you mean it: "
            "then anybody may sign in as anybody.\n"
        )
        return 1
    fill_if_empty(settings)
    if only_fill:
        return 0
    with opened(settings) as database:
        manifest = database.write(_manifest, settings.public_url)
    if as_json:
        say(msgspec.json.encode(manifest).decode())
        return 0
    say(f"{manifest.base_url}\n\nPeople (PIN {PIN}):")
    for person, entry in zip(PEOPLE, manifest.people, strict=True):
        say(f"  {person.name:<18} {person.line}\n  {'':<18} token {entry.token}")
    say("\nShops:")
    for shop in manifest.shops:
        say(f"  {shop.page_url}")
    return 0


def _may_fill(settings: Settings) -> bool:
    """On a fresh or a demo database there is nobody to let strangers in as."""
    from kirana.platform import migrate

    with opened(settings) as database:
        if migrate.current_revision(database) is None:
            return True
        return database.read(is_filled) or database.read(identity.count_people) == 0


def _manifest(tx: Tx, base_url: str) -> Manifest:
    people = []
    for person in PEOPLE:
        token = identity.new_token()
        device = identity.SignIn(
            DeviceId(uuid7()), identity.hash_token(token), "kirana demo", "program"
        )
        identity.open_session(tx, device, person.id, by=SYSTEM)
        people.append(PersonEntry(person.id, person.name, token))
    shops = []
    for shop in read_shops():
        found = business.get_business(tx, shop.id)
        shops.append(ShopEntry(shop.id, found.handle, f"{base_url}/{found.handle}"))
    return Manifest(base_url, people, shops)
