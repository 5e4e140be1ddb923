"""A whole checkout: cart, address and method, a look at the price, place and pay from the wallet.

Beside it the floor: as many requests that do nothing, and the placing command by itself.
"""

import asyncio
import itertools
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from tests.apps import RunningApp, actor, open_app

from bench.measure import report, rounds
from kirana import business, catalog, money, orders
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.values import (
    SYSTEM,
    Actor,
    BusinessId,
    Money,
    OrderId,
    ProductId,
    TransferId,
    UserId,
    VariantId,
    uuid7,
)

ORDERS, SHOPPERS, PEOPLE, PRODUCTS = 60, 4, 40, 500
REQUESTS = 4
ADDRESS = {"street": "12 Hill Road", "city": "Bandra", "postcode": "400050"}
CONTACT = {"name": "Ravi", "phone": "+919876543210"}


def main() -> None:
    asyncio.run(_measure())


async def _measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_app(Path(folder)) as app:
            town = Town(app)
            await town.build()
            await town.shop_for(8, shoppers=SHOPPERS)  # warm
            town.waits.clear()
            figures = await rounds(
                {
                    f"{REQUESTS} requests that do nothing": (
                        lambda: town.do_nothing(ORDERS),
                        ORDERS,
                    ),
                    "placing alone, without HTTP": (lambda: town.place_only(ORDERS), ORDERS),
                    "whole checkout, 1 shopper": (
                        lambda: town.shop_for(ORDERS, shoppers=1),
                        ORDERS,
                    ),
                    f"whole checkout, {SHOPPERS} shoppers": (
                        lambda: town.shop_for(ORDERS, shoppers=SHOPPERS),
                        ORDERS,
                    ),
                }
            )
            bar = "<= 25 ms CPU, >= 50 per second"
            report(
                f"Checkout ({PRODUCTS} products, SQLite)",
                figures,
                {f"whole checkout, {SHOPPERS} shoppers": bar},
            )
            p99 = statistics.quantiles(town.waits, n=100)[98]
            print(f"  {'slowest request of a hundred':<58} {p99:9.1f} ms       bar: < 250 ms")


class Town:
    """One shop with its products, and shoppers with full purses."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.waits: list[float] = []
        self._turn = itertools.count()

    async def build(self) -> None:
        app, owner = self.app, await self.app.person("Asha")
        self.shop_id = BusinessId(UserId(uuid7()))
        draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
        await app.db.write(business.open_business, self.shop_id, draft, by=actor(owner))
        settings = await app.db.read(orders.get_delivery, self.shop_id)
        settings = replace(settings, has_delivery=True, fee=Money(30, "INR"))
        await app.db.write(orders.set_delivery, self.shop_id, settings, by=actor(owner))
        self.variants = [VariantId(uuid7()) for _ in range(PRODUCTS)]
        for number, variant_id in enumerate(self.variants):
            stock = StockDraft(tracked=True, on_hand=1_000_000)
            price = Price(Money(100 + number, "INR"))
            await app.db.write(
                catalog.save_product,
                ProductId(uuid7()),
                self.shop_id,
                ProductDraft(
                    f"Product {number}",
                    (VariantDraft(variant_id, price=price, stock=stock),),
                    status=ProductStatus.PUBLISHED,
                ),
                by=actor(owner),
            )
        self.people: list[tuple[Actor, Caller]] = []
        for _ in range(PEOPLE):
            user_id = await app.person("Ravi")
            await app.db.write(
                money.top_up, TransferId(uuid7()), user_id, Money(10**9, "INR"),
                source=money.Source.CREDIT, by=SYSTEM,
            )  # fmt: skip
            token = await app.token(user_id)
            self.people.append((actor(user_id), Caller(app, token, self.waits)))

    async def shop_for(self, count: int, *, shoppers: int) -> None:
        """`shoppers` at a time; each order is somebody else's, so nobody orders too often."""

        async def go() -> None:
            for _ in range(count // shoppers):
                await self._buy(self.people[next(self._turn) % PEOPLE][1])

        await asyncio.gather(*(go() for _ in range(shoppers)))

    async def _buy(self, call: "Caller") -> None:
        variant_id = self.variants[next(self._turn) % PRODUCTS]
        cart = f"/v1/carts/{self.shop_id}"
        await call("PUT", f"{cart}/lines/{variant_id}", {"quantity": 2})
        await call("PUT", f"{cart}/method", {"method": "delivery", "address": ADDRESS})
        seen = await call("GET", cart)
        placed = await call(
            "POST",
            "/v1/orders",
            {
                "id": str(uuid7()),
                "business_id": str(self.shop_id),
                "quantities": {str(variant_id): 2},
                "method": "delivery",
                "payment": "wallet",
                "address": seen["address"],
                "contact": CONTACT,
                "shown_total": seen["quote"]["total"],
            },
        )
        assert placed["payment_state"] == "held"

    async def place_only(self, count: int) -> None:
        by = self.people[0][0]
        for _ in range(count):
            number = next(self._turn) % PRODUCTS
            await self.app.db.write(
                orders.place_order,
                OrderId(uuid7()),
                self.shop_id,
                {self.variants[number]: 2},
                method=orders.Method.PICKUP,
                payment=orders.Payment.WALLET,
                contact=orders.Contact("Ravi"),
                shown_total=Money(2 * (100 + number), "INR"),
                by=by,
            )

    async def do_nothing(self, count: int) -> None:
        call = self.people[0][1]
        for _ in range(count * REQUESTS):
            await call("GET", "/v1/server")


class Caller:
    """Somebody who calls the application in process: no socket, and a client that costs little."""

    def __init__(
        self, app: RunningApp, token: str, waits: list[float], accepts: bytes = b""
    ) -> None:
        self._app, self._waits = app.kirana, waits
        self._headers = [
            (b"host", b"kirana.test"),
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
            (b"accept-encoding", accepts),
        ]

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return msgspec.json.decode(await self.fetch(method, path, body))

    async def fetch(self, method: str, path: str, body: Any = None) -> bytes:
        content = b"" if body is None else msgspec.json.encode(body)
        answer = bytearray()
        status = 0

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                answer.extend(message.get("body", b""))

        started = time.perf_counter()
        scope: Any = _scope(method, path, self._headers, len(content))
        await self._app(scope, receive, send)
        self._waits.append((time.perf_counter() - started) * 1000)
        assert status < 300, (status, bytes(answer))
        return bytes(answer)


def _scope(
    method: str, path: str, headers: list[tuple[bytes, bytes]], length: int
) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "root_path": "",
        "headers": [*headers, (b"content-length", str(length).encode())],
        "client": ("127.0.0.1", 50_000),
        "server": ("kirana.test", 80),
        "state": {},
    }
