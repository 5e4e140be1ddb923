"""The public's pages for a visitor with a cart and a chat, gzipped, and the town of 60 shops.

Beside them the floor: a route that answers nothing.
"""

import asyncio
import itertools
import tempfile
from pathlib import Path

from tests.apps import actor, open_app

from bench.checkout import Caller
from bench.measure import report, rounds
from kirana import business, catalog, chat, orders
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.chat.content import Text
from kirana.values import (
    BusinessId,
    ConversationId,
    MessageId,
    Money,
    ProductId,
    UserId,
    VariantId,
    uuid7,
)

SHOPS, PRODUCTS, CALLS = 60, 60, 100


def main() -> None:
    asyncio.run(_measure())


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        async with open_app(Path(folder)) as app:
            owner, visitor = actor(await app.person("Asha")), actor(await app.person("Ravi"))
            shops = [BusinessId(UserId(uuid7())) for _ in range(SHOPS)]
            for number, shop_id in enumerate(shops):
                draft = business.NewBusiness(
                    f"Shop {number}", "grocery", "IN", "INR", "Asia/Kolkata", f"shop-{number}"
                )
                await app.db.write(business.open_business, shop_id, draft, by=owner)
            products = []
            for number in range(PRODUCTS):
                id_, variant_id = ProductId(uuid7()), VariantId(uuid7())
                stock = StockDraft(tracked=True, on_hand=50)
                variant = VariantDraft(
                    variant_id, price=Price(Money(100 + number, "INR")), stock=stock
                )
                saved = await app.db.write(
                    catalog.save_product,
                    id_,
                    shops[0],
                    ProductDraft(f"Product {number}", (variant,), status=ProductStatus.PUBLISHED),
                    by=owner,
                )
                products.append((saved, variant_id))
            for _, variant_id in products[:3]:
                await app.db.write(orders.set_line, shops[0], variant_id, 2, by=visitor)
            place = ConversationId(uuid7())
            await app.db.write(
                chat.open_conversation, place, chat.Kind.BUSINESS, shops[0], by=visitor
            )
            as_shop = actor(shops[0])
            for _ in range(3):
                await app.db.write(
                    chat.send_message, MessageId(uuid7()), place, Text(text="Hello"), by=as_shop
                )
            browser = Caller(app, await app.token(visitor.user_id), [], b"gzip")
            page = await browser.fetch("GET", "/shop-0")
            assert len(page) > 1500
            turn = itertools.count()

            async def call(*paths: str) -> None:
                for _ in range(CALLS):
                    await browser.fetch("GET", paths[next(turn) % len(paths)])

            figures = await rounds(
                {
                    "floor: a route that answers nothing": (lambda: call("/v1/server"), CALLS),
                    f"shop page of {PRODUCTS}, with one's bar": (lambda: call("/shop-0"), CALLS),
                    "about the shop, with one's bar": (lambda: call("/shop-0/about"), CALLS),
                    f"the town of {SHOPS} shops": (lambda: call("/"), CALLS),
                },
                times=5,
            )
            bars = {figure.name: "<= 2 ms CPU" for figure in figures[1:]}
            report("Pages of the public (gzip, SQLite)", figures, bars)
