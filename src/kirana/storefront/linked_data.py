"""What a page says to programs: schema.org in JSON-LD, in step with what it says to people.

Source: schema.org LocalBusiness, OpeningHoursSpecification, Product, ProductGroup, Offer,
BreadcrumbList.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from kirana import business, catalog
from kirana.platform.pictures import Picture
from kirana.values import Money

from . import formats

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("mo", "tu", "we", "th", "fr", "sa", "su")
_AHEAD = timedelta(90)

Facts = dict[str, Any]


def shop_facts(
    shop: business.Business,
    url: str,
    site: str,
    picture: Picture | None,
    closures: Sequence[business.ShopClosure],
    today: date,
) -> Facts:
    """The shop, with its week and the days on which it differs."""
    category = business.CATEGORIES.get(shop.category)
    facts: Facts = {
        "@context": "https://schema.org",
        "@type": category.schema if category else "LocalBusiness",
        "@id": f"{url}#shop",
        "name": shop.name,
        "url": url,
        "currenciesAccepted": shop.currency,
    }
    if shop.description or shop.about:
        facts["description"] = shop.description or shop.about
    if picture:
        facts["image"] = image_url(site, picture)
    if shop.phone:
        facts["telephone"] = shop.phone
    if shop.email:
        facts["email"] = shop.email
    if shop.websites:
        facts["sameAs"] = shop.websites
    if shop.address:
        facts["address"] = {
            "@type": "PostalAddress",
            "streetAddress": shop.address,
            "addressCountry": shop.country,
        }
    if shop.location:
        facts["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": shop.location.lat,
            "longitude": shop.location.lon,
        }
    if hours := _week(shop) + _closures(closures, today):
        facts["openingHoursSpecification"] = hours
    return facts


def product_facts(
    product: catalog.ProductView, shop: business.Business, url: str, shop_url: str, site: str
) -> Facts:
    """A product and what it costs now; with choices, a group of them."""
    offered = [it for it in product.variants if it.price_now is not None]
    shared: Facts = {
        "name": product.name,
        "url": url,
        "description": Markup(product.description).striptags()[:5000],  # noqa: S704 (cleaned)
        "image": [image_url(site, it) for it in product.pictures],
    }
    shared = {key: value for key, value in shared.items() if value}
    if len(offered) <= 1:
        facts = {"@context": "https://schema.org", "@type": "Product", **shared}
        for variant in offered:
            facts |= _codes(variant) | {"offers": _offer(variant, shop, url, shop_url)}
        return facts
    names = [option.name for option in product.options]
    return {
        "@context": "https://schema.org",
        "@type": "ProductGroup",
        **shared,
        "productGroupID": str(product.id),
        "variesBy": names,
        "hasVariant": [
            {
                "@type": "Product",
                "name": f"{product.name} ({', '.join(variant.option_values)})",
                "additionalProperty": [
                    {"@type": "PropertyValue", "name": name, "value": value}
                    for name, value in zip(names, variant.option_values, strict=False)
                ],
                **_codes(variant),
                "offers": _offer(variant, shop, f"{url}?v={variant.id}", shop_url),
            }
            for variant in offered
        ],
    }


def trail_facts(steps: Sequence[tuple[str, str]]) -> Facts:
    """The way from the town to this page: names and addresses."""
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(steps, 1)
        ],
    }


def image_url(site: str, picture: Picture, width: int = 1280) -> str:
    return f"{site}/media/{quote(picture.id)}/{width}.webp"


def _offer(variant: catalog.VariantView, shop: business.Business, url: str, shop_url: str) -> Facts:
    assert variant.price_now is not None
    price: Money = variant.price_now
    stock = "InStock" if variant.is_available else "OutOfStock"
    if variant.backorder_text:
        stock = "BackOrder"
    offer: Facts = {
        "@type": "Offer",
        "price": price.decimal,
        "priceCurrency": price.currency,
        "availability": f"https://schema.org/{stock}",
        "url": url,
        "seller": {"@id": f"{shop_url}#shop"},
    }
    if variant.is_reduced and variant.price and variant.price.sale_ends_at:
        ends = formats.local(variant.price.sale_ends_at, shop.zone)
        offer["priceValidUntil"] = ends.isoformat(timespec="minutes")
    return offer


def _codes(variant: catalog.VariantView) -> Facts:
    codes = {"sku": variant.sku, "gtin": variant.barcode}
    return {name: code for name, code in codes.items() if code}


def _week(shop: business.Business) -> list[Facts]:
    """The usual week; the same hours on several days are one line."""
    if shop.hours.kind == "always":
        return [_hours(_DAYS, "00:00", "23:59")]
    if shop.hours.kind != "hours":
        return []
    days: dict[tuple[str, str], list[str]] = {}
    for day in business.propose(shop.hours.rules, shop.country, "").week:
        for opening in day.openings:
            if opening.closes is not None:
                name = _DAYS[_SHORT.index(day.day[:2].lower())]
                days.setdefault((opening.opens, _closing(opening.closes)), []).append(name)
    return [_hours(names, opens, closes) for (opens, closes), names in days.items()]


def _closures(closures: Sequence[business.ShopClosure], today: date) -> list[Facts]:
    """Closed days open and close at the same time: so schema.org says it."""
    lines = []
    for closure in closures:
        if closure.last_on < today or closure.first_on > today + _AHEAD:
            continue
        openings = closure.openings or (business.Opening("00:00", "00:00"),)
        for opening in openings:
            lines.append(
                {
                    "@type": "OpeningHoursSpecification",
                    "opens": opening.opens,
                    "closes": opening.closes and _closing(opening.closes),
                    "validFrom": closure.first_on.isoformat(),
                    "validThrough": closure.last_on.isoformat(),
                }
            )
    return lines


def _hours(days: Sequence[str], opens: str, closes: str) -> Facts:
    return {
        "@type": "OpeningHoursSpecification",
        "dayOfWeek": [f"https://schema.org/{day}" for day in days],
        "opens": opens,
        "closes": closes,
    }


def _closing(clock: str) -> str:
    return "23:59" if clock == "24:00" else clock
