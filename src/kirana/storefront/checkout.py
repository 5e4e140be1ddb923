"""The checkout: one page, one form. The order's id is in the form, so sending it twice is harmless.

A form that cannot be accepted comes back with everything that was typed, and says where it fails.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from kirana import business, catalog, identity, money, orders
from kirana.platform.db import Db, Tx
from kirana.platform.http import is_same_site
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.settings import Settings
from kirana.values import Actor, Money, OrderId, Problem, VariantId, uuid7

from .desk import Desk, read_bar, sit_down
from .rendering import answer
from .words import Words

PINS_PER_PERSON = Rate(10, 5)
_FIELDS = ("name", "phone", "email", "street", "city", "postcode", "address_note", "note")
_LENGTHS = {"note": 500}


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in; nothing of it is believed."""

    order_id: OrderId
    quantities: Mapping[VariantId, int]
    method: orders.Method
    payment: orders.Payment
    shown: Money
    texts: Mapping[str, str]
    pin: str

    @property
    def address(self) -> orders.Address | None:
        if self.method is not orders.Method.DELIVERY:
            return None
        texts = self.texts
        return orders.Address(
            texts["street"], texts["city"], texts["postcode"], texts["address_note"]
        )

    @property
    def contact(self) -> orders.Contact:
        texts = self.texts
        return orders.Contact(texts["name"], texts["phone"] or None, texts["email"] or None)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form came back: at which field, and in which words."""

    field: str
    text: str


@get("/{handle:str}/checkout", include_in_schema=False)
async def show_checkout(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes] | Redirect:
    """The form, filled in with what is known."""
    if viewer is None:
        return Redirect(f"/{handle}/cart", status_code=303)

    def read(tx: Tx) -> bytes | None:
        desk = sit_down(tx, handle, words, settings)
        cart = orders.get_cart(tx, desk.shop.id, by=viewer)
        if not cart.lines or any(line.trouble for line in cart.lines):
            return None
        return _draw(desk, cart, viewer, _first_texts(tx, cart, viewer), None)

    body = await db.read(read)
    if body is None:
        return Redirect(f"/{handle}/cart", status_code=303)
    return answer(request, settings, body, headers={"Cache-Control": "no-store"})


@post("/{handle:str}/checkout", include_in_schema=False)
async def place_order(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    words: Words,
    limits: Limits,
    viewer: Actor | None,
) -> Response[bytes] | Redirect:
    """Place the order, and lead to its page; or say in place what is missing."""
    if not is_same_site(request.headers):
        raise NotAllowed()
    if viewer is None:
        return Redirect(f"/{handle}/cart", status_code=303)
    fields = await request.form()
    currency = await db.read(lambda tx: business.get_by_handle(tx, handle).currency)
    form = _read_form(fields, currency)
    try:
        order = await _place(db, limits, handle, form, viewer)
    except Problem as problem:
        if isinstance(problem, NotFound | InvalidInput | NotAllowed):
            raise
        return await _come_back(request, db, settings, words, handle, form, problem, viewer)
    return Redirect(_next_page(order), status_code=303)


def _next_page(order: orders.Order) -> str:
    """Where the buyer goes on: to pay by card, or to look at the order."""
    return f"/o/{order.token}/pay" if orders.waits_for_card(order) else f"/o/{order.token}"


async def _place(db: Db, limits: Limits, handle: str, form: Form, by: Actor) -> orders.Order:
    """Raises: what `orders.place_order` refuses, and what a wrong PIN does."""
    try:
        return await db.write(_place_order, handle, form, by=by)
    except money.ConfirmationRequired as question:
        if not form.pin:
            raise
        limits.take("pins", by.person_id, PINS_PER_PERSON)
        challenge = bytes.fromhex(question.facts["challenge"])
        pin_hash = await db.read(identity.get_pin_hash, by=by)
        tried = await asyncio.to_thread(identity.try_pin, pin_hash, form.pin)
        id_ = uuid7()
        await db.write(identity.confirm_by_pin, id_, challenge, tried, by=by)
        proof = await db.read(identity.find_confirmation, id_, of=by.person_id)
        return await db.write(_place_order, handle, form, by=replace(by, confirmation=proof))


def _place_order(tx: Tx, handle: str, form: Form, *, by: Actor) -> orders.Order:
    """Place it, unless it was placed already: whoever sends twice wants to see one order."""
    try:
        known = orders.get_order(tx, form.order_id, by=by)
    except NotFound:
        known = None
    if known is not None and known.buyer_id == by.user_id:
        return known
    shop = business.get_by_handle(tx, handle)
    return orders.place_order(
        tx,
        form.order_id,
        shop.id,
        form.quantities,
        method=form.method,
        payment=form.payment,
        contact=form.contact,
        address=form.address,
        note=form.texts["note"],
        shown_total=form.shown,
        by=by,
    )


async def _come_back(
    request: Request[Any, Any, Any],
    db: Db,
    settings: Settings,
    words: Words,
    handle: str,
    form: Form,
    problem: Problem,
    viewer: Actor,
) -> Response[bytes] | Redirect:
    """The form again, as it was filled in, with what is wrong beside it."""
    # A refusal of money is remembered under the order's id, so the next try is another order.
    is_fresh = isinstance(
        problem,
        money.InsufficientFunds
        | money.LimitExceeded
        | money.PayeeCannotReceive
        | money.WayOff
        | IdReused,
    )

    def read(tx: Tx) -> bytes | None:
        desk = sit_down(tx, handle, words, settings)
        cart = orders.get_cart(tx, desk.shop.id, by=viewer)
        if not cart.lines or any(line.trouble for line in cart.lines):
            return None
        trouble = _trouble(problem, desk)
        shown = replace(form, order_id=OrderId(uuid7())) if is_fresh else form
        return _draw(desk, cart, viewer, shown.texts, shown, trouble=trouble, problem=problem)

    body = await db.read(read)
    if body is None:
        return Redirect(f"/{handle}/cart?notice=few", status_code=303)
    return answer(
        request, settings, body, status=problem.status, headers={"Cache-Control": "no-store"}
    )


def _draw(
    desk: Desk,
    cart: orders.Cart,
    viewer: Actor,
    texts: Mapping[str, str],
    form: Form | None,
    *,
    trouble: Trouble | None = None,
    problem: Problem | None = None,
) -> bytes:
    quantities = {line.variant_id: line.quantity for line in cart.lines}
    quotes = {
        method.value: orders.quote_cart(desk.tx, desk.shop.id, quantities, method=method)
        for method in cart.delivery.methods
    }
    off = {(code, way, rail) for code, way, rail in money.ways_off(desk.tx)}
    currency = desk.shop.currency
    wallet = None
    if viewer.kind == "person" and (currency, "wallet", "kirana") not in off:
        wallet = money.get_wallet(desk.tx, viewer.user_id, currency)
    method = form.method if form and form.method in cart.delivery.methods else cart.method
    has_cash = (currency, "direct", "cash") not in off
    has_card = money.takes_cards(desk.tx, currency, desk.shop.id)
    offered = {
        orders.Payment.WALLET: wallet is not None,
        orders.Payment.CASH: has_cash,
        orders.Payment.CARD: has_card,
    }
    payment = form.payment if form else None
    if payment is None or not offered[payment]:
        enough = wallet is not None and wallet.available >= quotes[method.value].quote.total
        payment = _likeliest(enough=enough, has_cash=has_cash, has_card=has_card)
    return desk.draw(
        "checkout.html",
        bar=read_bar(desk.tx, desk.shop, viewer),
        cart=cart,
        quotes=quotes,
        order_id=form.order_id if form else uuid7(),
        method=method.value,
        payment=payment.value,
        wallet=wallet,
        has_cash=has_cash,
        has_card=has_card,
        is_guest=viewer.kind == "guest",
        texts=texts,
        trouble=trouble,
        asks_pin=isinstance(problem, money.ConfirmationRequired | identity.WrongPin),
    )


def _likeliest(*, enough: bool, has_cash: bool, has_card: bool) -> orders.Payment:
    if enough:
        return orders.Payment.WALLET
    if has_cash:
        return orders.Payment.CASH
    return orders.Payment.CARD if has_card else orders.Payment.WALLET


def _first_texts(tx: Tx, cart: orders.Cart, viewer: Actor) -> dict[str, str]:
    """What the last order or the account knows already."""
    texts = dict.fromkeys(_FIELDS, "")
    me = identity.get_me(tx, by=viewer)
    texts["name"] = me.name
    for address in me.addresses:
        if address.kind in ("phone", "email") and not texts[address.kind]:
            texts[address.kind] = address.address
    last = orders.list_orders(tx, limit=1, by=viewer).items
    if last:
        order = orders.get_order(tx, last[0].id, by=viewer)
        contact = order.contact
        texts["name"] = texts["name"] or contact.name
        texts["phone"] = texts["phone"] or contact.phone or ""
        texts["email"] = texts["email"] or contact.email or ""
        _put_address(texts, order.address)
    _put_address(texts, cart.address)
    return texts


def _put_address(texts: dict[str, str], address: orders.Address | None) -> None:
    if address is not None:
        texts["street"], texts["city"] = address.street, address.city
        texts["postcode"], texts["address_note"] = address.postcode, address.note


def _read_form(fields: Mapping[str, Any], currency: str) -> Form:
    """Raises: InvalidInput for what no browser sends from our form."""
    try:
        lines = fields.getall("line") if hasattr(fields, "getall") else []
        quantities = {}
        for line in lines:
            id_, _, count = str(line).partition(":")
            quantities[VariantId(UUID(id_))] = int(count)
        method = orders.Method(str(fields.get("method", "")))
        return Form(
            order_id=OrderId(UUID(str(fields.get("order_id", "")))),
            quantities=quantities,
            method=method,
            payment=orders.Payment(str(fields.get("payment", ""))),
            shown=Money(int(str(fields.get(f"shown_{method}", ""))), currency),
            texts={
                name: " ".join(str(fields.get(name, "")).split())[: _LENGTHS.get(name, 200)]
                for name in _FIELDS
            },
            pin=str(fields.get("pin", ""))[:12],
        )
    except (ValueError, KeyError):
        message = "The form is not complete."
        raise InvalidInput(errors=[{"field": "", "message": message}]) from None


def _trouble(problem: Problem, desk: Desk) -> Trouble:
    words = desk.words
    match problem:
        case orders.ContactNeeded():
            field = str(problem.facts.get("field", "name"))
            return Trouble(field, words(f"trouble.{field}"))
        case orders.AddressNeeded():
            return Trouble("street", words("trouble.street"))
        case orders.PriceChanged():
            return Trouble("", words("trouble.price"))
        case orders.BelowMinimum():
            return Trouble("method", words("trouble.minimum"))
        case orders.MethodUnavailable():
            return Trouble("method", words("trouble.method"))
        case catalog.OutOfStock() | catalog.NotForSale():
            return Trouble("", words("trouble.stock"))
        case money.InsufficientFunds():
            return Trouble("payment", words("trouble.funds"))
        case (
            money.LimitExceeded()
            | money.PayeeCannotReceive()
            | money.ProofTooNew()
            | money.NeedsReview()
        ):
            return Trouble("payment", problem.title)
        case money.ConfirmationRequired():
            return Trouble("pin", words("trouble.pin_needed"))
        case identity.WrongPin():
            return Trouble("pin", words("trouble.pin_wrong"))
        case identity.PinNotSet() | identity.PinLocked():
            return Trouble("payment", words("trouble.pin_missing"))
    return Trouble("", problem.title)


routes = [show_checkout, place_order]
