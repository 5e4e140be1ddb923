"""The cart: what a visitor has in hand in one shop. Forms change it, and lead back."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from kirana import catalog, orders
from kirana.platform.db import Db, Tx
from kirana.platform.problems import InvalidInput
from kirana.platform.settings import Settings
from kirana.values import Actor, VariantId

from .desk import read_bar, sit_down
from .rendering import answer
from .visitors import Door
from .words import Words

MOST = 9_999


@get("/{handle:str}/cart", include_in_schema=False)
async def show_cart(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """What one has in hand, at the prices of now."""
    notice = request.query_params.get("notice", "")

    def read(tx: Tx) -> bytes:
        desk = sit_down(tx, handle, words, settings)
        cart = orders.get_cart(tx, desk.shop.id, by=viewer) if viewer else None
        return desk.draw(
            "cart.html",
            bar=read_bar(tx, desk.shop, viewer, notice),
            cart=cart,
            slugs=slugs_of(tx, cart),
        )

    return answer(request, settings, await db.read(read))


@post("/{handle:str}/cart", include_in_schema=False)
async def change_cart(
    request: Request[Any, Any, Any], handle: str, settings: Settings, words: Words, door: Door
) -> Redirect:
    """Put something into the cart, or say how many of it there are to be."""
    form = await request.form()
    variant_id = _variant(form.get("variant"))
    is_total = "to" in form or form.get("mode") == "set"
    quantity = _number(form.get("to") or form.get("quantity"))

    def change(tx: Tx, *, by: Actor) -> str:
        desk = sit_down(tx, handle, words, settings)
        if is_total:
            return _set(tx, desk.shop.id, variant_id, quantity, by=by)
        return _add(tx, desk.shop.id, variant_id, quantity, by=by)

    notice = await door.write(change)
    back = _way_back(form.get("next"), handle)
    sign = "&" if "?" in back else "?"
    path = f"{back}{sign}notice={notice}" if notice else back
    return Redirect(path, status_code=303, cookies=door.cookies)


def slugs_of(tx: Tx, cart: orders.Cart | None) -> dict[Any, str]:
    """Where the page of each product in a cart is."""
    if cart is None:
        return {}
    cards = catalog.cards_of(tx, [it.product_id for it in cart.lines])
    return {card.id: card.slug for card in cards}


def _add(tx: Tx, shop_id: Any, variant_id: VariantId, more: int, *, by: Actor) -> str:
    """Put more of it into the cart, as far as there is some. Answers what to say."""
    cart = orders.get_cart(tx, shop_id, by=by)
    there = next((it.quantity for it in cart.lines if it.variant_id == variant_id), 0)
    try:
        orders.set_line(tx, shop_id, variant_id, min(there + max(more, 1), MOST), by=by)
    except catalog.OutOfStock as short:
        left = int(short.facts["available"])
        if left > there:
            orders.set_line(tx, shop_id, variant_id, left, by=by)
        return "few" if left else "gone"
    except catalog.NotForSale:
        return "off"
    except orders.CartFull:
        return "full"
    return "added"


def _set(tx: Tx, shop_id: Any, variant_id: VariantId, quantity: int, *, by: Actor) -> str:
    try:
        orders.set_line(tx, shop_id, variant_id, min(quantity, MOST), by=by)
    except catalog.OutOfStock as short:
        left = int(short.facts["available"])
        if left:
            orders.set_line(tx, shop_id, variant_id, left, by=by)
        return "few" if left else "gone"
    except catalog.NotForSale:
        return "off"
    return ""


def _variant(text: object) -> VariantId:
    try:
        return VariantId(UUID(str(text)))
    except ValueError:
        raise InvalidInput(errors=[{"field": "variant", "message": "This is no id."}]) from None


def _number(text: object) -> int:
    """A count as typed; nonsense is one."""
    digits = str(text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 6 else 1


def _way_back(path: object, handle: str) -> str:
    """Where the form came from, if that is a page of this shop; else the cart."""
    text = str(path or "")
    is_ours = text == f"/{handle}" or text.startswith((f"/{handle}/", f"/{handle}?"))
    is_plain = text.isprintable() and "\\" not in text and "#" not in text and len(text) < 500
    return text if is_ours and is_plain else f"/{handle}/cart"


routes = [show_cart, change_cart]
