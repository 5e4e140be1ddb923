"""The chat with a shop as a page: what was said, and a form to say more.

The same page serves as the panel that the script opens beside the shelves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kirana import catalog, chat, orders
from kirana.platform.db import Db, Tx
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import InvalidInput, NotFound
from kirana.platform.settings import Settings
from kirana.values import Actor, ConversationId, MessageId, Money, OrderId, ProductId, uuid7

from . import formats
from .desk import Desk, read_bar, sit_down
from .rendering import answer
from .visitors import Door
from .words import Words

PAGE = 40
MESSAGES_PER_DEVICE = Rate(40, 0.1)


@dataclass(slots=True)
class Said:
    """One entry of the conversation, ready to be shown."""

    id: Any
    seq: int
    at: int
    is_mine: bool
    kind: str
    """text, image, video, voice, document, location, contact, product, order, money or gone."""
    text: str = ""
    quote: str = ""
    is_edited: bool = False
    is_auto: bool = False
    reactions: list[str] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    product: catalog.ProductCard | None = None
    title: str = ""
    state: str = ""
    link: str = ""
    amount: Money | None = None
    receipt: str = ""
    """Of the last thing that one said: `delivered` or `read`, once the shop has."""


@get("/{handle:str}/chat", include_in_schema=False)
async def show_chat(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """What was said, and a form to say more."""
    before = request.query_params.get("before", "")
    about = request.query_params.get("about", "")[:100]

    def read(tx: Tx) -> bytes:
        desk = sit_down(tx, handle, words, settings)
        said, has_before = _said(desk, viewer, int(before) if _is_number(before) else None)
        return desk.draw(
            "chat.html",
            bar=read_bar(tx, desk.shop, viewer),
            said=said,
            has_before=has_before,
            is_latest=not _is_number(before),
            message_id=uuid7(),
            about=_product(desk, about),
            today=formats.local(tx.now, desk.shop.zone).date(),
        )

    return answer(request, settings, await db.read(read))


@post("/{handle:str}/chat", include_in_schema=False)
async def say(request: Request[Any, Any, Any], handle: str, limits: Limits, door: Door) -> Redirect:
    """Say something to the shop. Safe to repeat: the message's id is in the form."""
    if door.viewer is not None:
        key = door.viewer.device_id or door.viewer.person_id
        limits.take("send", key, MESSAGES_PER_DEVICE)
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n").strip()[:10_000]
    about = str(form.get("about", ""))[:100]
    message_id = _id(form.get("id"))
    if text or about:
        await door.write(_say, handle, message_id, text, about, door.settings, door.words)
    return Redirect(f"/{handle}/chat#last", status_code=303, cookies=door.cookies)


def _say(
    tx: Tx,
    handle: str,
    message_id: MessageId,
    text: str,
    about: str,
    settings: Settings,
    words: Words,
    *,
    by: Actor,
) -> None:
    desk = sit_down(tx, handle, words, settings)
    conversation_id = chat.direct_conversation(tx, by.user_id, desk.shop.id, chat.Kind.BUSINESS)
    said = chat.find_said(tx, message_id, by=by)
    body: dict[str, Any] = {"type": "text", "text": text}
    if isinstance(said, chat.Product) and (said.text or "") == text:
        # Asked again, since the answer got lost: the product may cost something else by now.
        chat.send_message(tx, message_id, conversation_id, said, by=by)
        return
    if product := _product(desk, about):
        snapshot: dict[str, Any] = {"title": product.name}
        if product.price_from:
            price = product.price_from
            snapshot["price"] = {"amount_minor": price.amount_minor, "currency": price.currency}
        if product.picture:
            snapshot["image"] = product.picture.id
        body = {"type": "product", "product_id": str(product.id), "snapshot": snapshot}
        if text:
            body["text"] = text
    elif not text:
        return
    content = chat.take_content(body)
    sent = chat.send_message(tx, message_id, conversation_id, content, by=by)
    chat.mark_read(tx, conversation_id, sent.seq, by=by)


def _said(desk: Desk, viewer: Actor | None, before: int | None) -> tuple[list[Said], bool]:
    """The latest part of the conversation, folded, and whether there is an earlier one."""
    if viewer is None:
        return [], False
    tx, shop_id = desk.tx, desk.shop.id
    conversation_id = chat.find_direct(tx, viewer.user_id, shop_id, chat.Kind.BUSINESS)
    if conversation_id is None:
        return [], False
    history = chat.list_messages(tx, conversation_id, before=before, limit=PAGE, by=viewer)
    found: dict[UUID, Said] = {}
    for entry in (*history.items, *history.about):
        _fold(found, entry, viewer, is_shown=entry in history.items)
    said = _one_card_per_order(list(found.values()))
    if before is None:
        _find_receipt(tx, said, conversation_id, viewer)
    _find_products(tx, said)
    _find_orders(tx, said, viewer)
    return said, history.has_before


def _fold(found: dict[UUID, Said], entry: chat.Entry, viewer: Actor, *, is_shown: bool) -> None:
    """Take one entry in: a new line, or a change of one that is there."""
    target = found.get(entry.target) if entry.target else None
    body: Any = msgspec.json.decode(msgspec.json.encode(entry.body)) if entry.body else None
    kind = body.get("type", "") if isinstance(body, dict) else ""
    if entry.k == "deletion":
        if target:
            target.kind, target.text, target.facts = "gone", "", {}
        return
    if entry.k == "change" or (entry.k == "message" and entry.target and body is None):
        return
    if kind == "reaction":
        if target and body["emoji"]:
            target.reactions.append(body["emoji"])
        return
    if kind == "edit":
        if target and target.kind != "gone":
            changed = body["content"]
            target.text = changed.get("text") or changed.get("caption") or ""
            target.is_edited = True
        return
    if not is_shown:
        return
    line = Said(
        id=entry.id,
        seq=entry.seq,
        at=entry.ts,
        is_mine=entry.sender == viewer.user_id,
        kind=kind or "gone",
        is_auto=entry.auto,
    )
    if isinstance(body, dict):
        line.text = body.get("text") or body.get("caption") or ""
        line.quote = (body.get("reply_to") or {}).get("quote", "")
        line.facts = body
        if kind == "fact":
            _read_fact(line, body)
    found[entry.id] = line


def _read_fact(line: Said, body: Mapping[str, Any]) -> None:
    subject, card = body["subject"], body["card"]
    line.kind = "order" if subject["kind"] == "order" else "money"
    line.title = card.get("title") or ""
    line.state = card["state"]
    if amount := card.get("amount"):
        line.amount = Money(amount["amount_minor"], amount["currency"])


def _one_card_per_order(said: Sequence[Said]) -> list[Said]:
    """Of the cards about one order the last one: an order is one card that changes."""
    last = {line.facts["subject"]["id"]: line.id for line in said if line.kind == "order"}
    return [
        line
        for line in said
        if line.kind != "order" or last[line.facts["subject"]["id"]] == line.id
    ]


def _find_receipt(
    tx: Tx, said: Sequence[Said], conversation_id: ConversationId, viewer: Actor
) -> None:
    mine = [line for line in said if line.is_mine]
    if not mine:
        return
    marks = chat.get_conversation(tx, conversation_id, by=viewer).marks
    theirs = [mark for mark in marks if mark.user_id != viewer.user_id]
    if any(mark.read_seq >= mine[-1].seq for mark in theirs):
        mine[-1].receipt = "read"
    elif any(mark.delivered_seq >= mine[-1].seq for mark in theirs):
        mine[-1].receipt = "delivered"


def _find_products(tx: Tx, said: Sequence[Said]) -> None:
    lines = [line for line in said if line.kind == "product"]
    ids = [ProductId(UUID(line.facts["product_id"])) for line in lines]
    cards = {card.id: card for card in catalog.cards_of(tx, ids)} if ids else {}
    for line, id_ in zip(lines, ids, strict=True):
        line.product = cards.get(id_)
        line.title = line.facts["snapshot"]["title"]


def _find_orders(tx: Tx, said: Sequence[Said], viewer: Actor) -> None:
    for line in said:
        if line.kind == "order":
            try:
                id_ = OrderId(UUID(line.facts["subject"]["id"]))
                order = orders.get_order(tx, id_, by=viewer)
            except NotFound:
                continue
            line.link, line.state = f"/o/{order.token}", order.state


def _product(desk: Desk, slug: str) -> catalog.ProductCard | None:
    """The product that the conversation is about to be about."""
    if not slug:
        return None
    try:
        product = catalog.get_product_by_slug(desk.tx, desk.shop.id, slug)
    except (NotFound, catalog.ProductGone):
        return None
    cards = catalog.cards_of(desk.tx, [product.id])
    return cards[0] if cards else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 16


def _id(text: object) -> MessageId:
    try:
        return MessageId(UUID(str(text)))
    except ValueError:
        raise InvalidInput(errors=[{"field": "id", "message": "This is no id."}]) from None


routes = [show_chat, say]
