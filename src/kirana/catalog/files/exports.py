"""The catalog of a shop as a file."""

from typing import Literal
from zoneinfo import ZoneInfo

from kirana import business
from kirana.platform.db import Tx
from kirana.values import Actor, BusinessId

from .formats import kirana, shopify, woocommerce
from .snapshots import load_collections, load_products, paths_of
from .writing import Shelf, write_csv

FormatName = Literal["kirana", "woocommerce", "shopify"]


def export_catalog(
    tx: Tx, business_id: BusinessId, format_: FormatName, public_url: str, *, by: Actor
) -> str:
    """The text of a CSV file with every product. Raises: NotFound, NotAllowed."""
    shelf = shelf_of(tx, business_id, public_url, by=by)
    match format_:
        case "kirana":
            return write_csv(kirana.write(shelf))
        case "woocommerce":
            return write_csv(woocommerce.write(shelf))
        case "shopify":
            return write_csv(shopify.write(shelf, tx.now), mark=False)


def shelf_of(tx: Tx, business_id: BusinessId, public_url: str, *, by: Actor) -> Shelf:
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    shop = business.get_business(tx, business_id)
    return Shelf(
        currency=shop.currency,
        zone=ZoneInfo(shop.zone),
        products=tuple(load_products(tx, business_id)),
        paths=paths_of(load_collections(tx, business_id)),
        public_url=public_url,
    )


def template_file(currency: str) -> str:
    """Kirana's own template with two products as an example."""
    return write_csv(kirana.template(currency))
