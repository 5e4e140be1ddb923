"""Opening the town's shops: each is a file in `shops/`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kirana import business, catalog, crm, orders
from kirana.platform.db import Tx
from kirana.values import (
    Actor,
    BusinessId,
    CollectionId,
    Mandate,
    Money,
    ProductId,
    UserId,
    VariantId,
)

from .people import BY_KEY, Person, town_id

FOLDER = Path(__file__).parent / "shops"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as its file describes it."""

    facts: dict[str, Any]

    @property
    def key(self) -> str:
        handle: str = self.facts["handle"]
        return handle

    @property
    def id(self) -> BusinessId:
        return BusinessId(UserId(town_id("shop", self.key)))

    @property
    def owner(self) -> Person:
        return BY_KEY[self.facts["owner"]]

    @property
    def by(self) -> Actor:
        """The owner, acting for the shop."""
        return Actor(self.id, self.owner.id, shop_mandate=Mandate.SPEND)

    @property
    def products(self) -> list[dict[str, Any]]:
        products: list[dict[str, Any]] = self.facts["products"]
        return products

    def money(self, amount_minor: int) -> Money:
        return Money(amount_minor, self.facts["currency"])

    def product_id(self, name: str) -> ProductId:
        return ProductId(town_id("product", f"{self.key}/{name}"))

    def variant_id(self, name: str, value: str = "") -> VariantId:
        return VariantId(town_id("variant", f"{self.key}/{name}/{value}"))


def read_shops() -> list[Shop]:
    """The shops of the town, in the order of their owners' names."""
    return [Shop(tomllib.loads(file.read_text())) for file in sorted(FOLDER.glob("*.toml"))]


def open_shop(tx: Tx, shop: Shop, pictures: dict[str, str]) -> None:
    """Profile, place, hours, delivery and greeting. `pictures` are ids by what they show."""
    facts, by = shop.facts, shop.owner.actor
    business.open_business(
        tx,
        shop.id,
        business.NewBusiness(
            name=facts["name"],
            category=facts["category"],
            country=facts["country"],
            currency=facts["currency"],
            zone=facts["zone"],
            handle=facts["handle"],
            about=facts["about"],
            description=facts["description"],
            phone=shop.owner.phone,
            address=facts["address"],
            languages=(facts["language"],),
            logo_id=pictures.get("logo"),
        ),
        by=by,
    )
    if "cover" in pictures:
        edit = business.BusinessEdit(cover_id=pictures["cover"])
        business.edit_business(tx, shop.id, edit, by=by)
    place = business.Location(facts["lat"], facts["lon"], 10, facts["note"])
    business.set_location(tx, shop.id, place, by=by)
    read = business.propose_hours(
        tx, facts["hours"], facts["country"], facts["language"], facts["zone"]
    )
    business.set_hours(tx, shop.id, read.kind, read.rules, facts["hours"], by=by)
    delivery = facts["delivery"]
    orders.set_delivery(
        tx,
        shop.id,
        orders.DeliverySettings(
            has_pickup=True,
            has_delivery=True,
            fee=shop.money(delivery["fee"]),
            free_from=shop.money(delivery["free_from"]),
            minimum=shop.money(delivery["minimum"]),
            pickup_note=facts["pickup"],
            delivery_note=delivery["area"],
        ),
        by=by,
    )
    crm.save_greeting(tx, shop.id, is_on=True, text=facts["greeting"], by=by)


def shelve(tx: Tx, shop: Shop, product: dict[str, Any], picture: str | None) -> None:
    """Put one product on sale."""
    catalog.save_product(
        tx,
        shop.product_id(product["name"]),
        shop.id,
        catalog.ProductDraft(
            name=product["name"],
            variants=tuple(_variants(shop, product)),
            description=f"<p>{product['text']}</p>",
            status=catalog.ProductStatus.PUBLISHED,
            options=tuple(
                catalog.Option(option, tuple(v["name"] for v in values))
                for option, values in product.get("options", {}).items()
            ),
            picture_ids=(picture,) if picture else (),
            tags=tuple(product.get("tags", ())),
        ),
        by=shop.by,
    )


def sort_shelves(tx: Tx, shop: Shop) -> None:
    """The shop's collections, in the order of its file."""
    shelves: dict[str, list[ProductId]] = {}
    for product in shop.products:
        shelves.setdefault(product["in"], []).append(shop.product_id(product["name"]))
    for position, (name, product_ids) in enumerate(shelves.items()):
        catalog.save_collection(
            tx,
            CollectionId(town_id("collection", f"{shop.key}/{name}")),
            shop.id,
            catalog.CollectionDraft(name, product_ids=tuple(product_ids), position=position),
            by=shop.by,
        )


def _variants(shop: Shop, product: dict[str, Any]) -> Iterator[catalog.VariantDraft]:
    options: dict[str, list[dict[str, Any]]] = product.get("options", {})
    for values in options.values():
        for value in values:
            yield _variant(shop, product["name"], value["name"], value)
    if not options:
        yield _variant(shop, product["name"], "", product)


def _variant(shop: Shop, name: str, value: str, facts: dict[str, Any]) -> catalog.VariantDraft:
    sale = facts.get("sale")
    return catalog.VariantDraft(
        id=shop.variant_id(name, value),
        option_values=(value,) if value else (),
        price=catalog.Price(
            shop.money(facts["price"]), sale=shop.money(sale) if sale is not None else None
        ),
        stock=catalog.StockDraft(tracked=True, on_hand=facts["stock"], low_at=3)
        if "stock" in facts
        else None,
    )
