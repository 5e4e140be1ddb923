"""The catalog: a list of 24, a product page, searches over 5,000 products, and saving a product.

Beside each route the floor: the same request answered with nothing. Beside the searches and the
saving what the database alone costs: one row read by its key, a commit with nothing in it.
"""

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path

from sqlalchemy import bindparam, select
from tests.apps import RunningApp, actor, open_app

from bench.checkout import Caller
from bench.measure import report, rounds
from kirana import business, catalog
from kirana.catalog import Option, Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.catalog.search import PRODUCTS
from kirana.catalog.tables import products
from kirana.platform.db import Q, Tx
from kirana.platform.search import Field, Index
from kirana.values import BusinessId, Money, ProductId, UserId, VariantId, uuid7

SMALL, VARIANTS, LARGE, TOGETHER = 500, 820, 5_000, 250
CALLS, SEARCHES, SAVES = 100, 40, 50
ONE_ROW = Q(select(products.c.name).where(products.c.id == bindparam("id")))
NOTES = Index("bench_notes", {"text": Field(1)})


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_app(Path(folder)) as app:
            bench = Bench(app)
            await bench.build()
            await bench.saves()
            await bench.routes()
            await bench.searches()
            await bench.messages()


class Bench:
    def __init__(self, app: RunningApp) -> None:
        self.app, self.dice = app, random.Random(7)
        syllables = ["ba", "chai", "dal", "ge", "ji", "ko", "lu", "mir", "nor", "tul", "sha", "we"]
        words = {
            "".join(self.dice.choices(syllables, k=self.dice.randint(1, 4))) for _ in range(6000)
        }
        self.words = sorted(words)
        self.dice.shuffle(self.words)
        self.often = [1 / (rank + 1) ** 0.9 for rank in range(len(self.words))]

    async def build(self) -> None:
        """Fill both shops, many products to a commit, as an import does."""
        self.owner = actor(await self.app.person("Asha"))
        self.small, self.large = [await self._shop(name) for name in ("Small", "Large")]
        self.products = await self._fill(self.small, SMALL, VARIANTS - SMALL)
        await self._fill(self.large, LARGE, 0)

    async def saves(self) -> None:
        shop = await self._shop("Third")
        numbers = iter(range(10**6))

        async def nothing() -> None:
            for _ in range(SAVES):
                await self.app.db.write(lambda tx: tx.now)

        async def one_by_one() -> None:
            for _ in range(SAVES):
                await self.app.db.write(self._save, shop, next(numbers), 1)

        async def together() -> None:
            await self._fill(shop, SAVES, 0, numbers)

        figures = await rounds(
            {
                "floor: a command that does nothing": (nothing, SAVES),
                "save_product, each with its own commit": (one_by_one, SAVES),
                f"save_product, {SAVES} to a commit": (together, SAVES),
            }
        )
        report("Saving products (SQLite)", figures)

    async def routes(self) -> None:
        nobody = Caller(self.app, await self.app.token(await self.app.person()), [])
        products = f"/v1/businesses/{self.small}/products"

        async def call(*paths: str) -> None:
            for number in range(CALLS):
                await nobody("GET", paths[number % len(paths)])

        pages = [f"/v1/products/{id_}" for id_ in self.products[:CALLS]]
        figures = await rounds(
            {
                "floor: a route that answers nothing": (lambda: call("/v1/server"), CALLS),
                "list of 24": (lambda: call(products), CALLS),
                "list of 24, what is left only": (lambda: call(f"{products}?in_stock=true"), CALLS),
                "product page": (lambda: call(*pages), CALLS),
            },
            times=5,
        )
        bars = dict.fromkeys((figure.name for figure in figures[1:]), "<= 2 ms CPU")
        report(f"Catalog over HTTP ({SMALL} products, {VARIANTS} variants)", figures, bars)

    async def searches(self) -> None:
        common = self.words[:40]
        typos = [f"{it[:2]}x{it[3:]}" for it in self.words[40:200] if len(it) > 4][:SEARCHES]
        queries = {
            "one word": [self.words[i] for i in range(50, 50 + SEARCHES)],
            "one of the commonest words": common,
            "two words": [f"{self.words[i]} {self.words[i + 7]}" for i in range(SEARCHES)],
            "two letters, as one types": [it[:2] for it in common],
            "a word with a typo": typos,
            "two words with typos": [
                f"{a} {b}" for a, b in zip(typos, reversed(typos), strict=True)
            ],
            "a SKU": [f"SKU-{i:05}" for i in range(0, LARGE, LARGE // SEARCHES)],
            "the beginning of every SKU": ["SKU"],
        }

        read = self.app.kirana.litestar.state.db.database.read
        some = self.products[0]

        async def run(look: Callable[[Tx, str], object], texts: list[str]) -> None:
            for number in range(SEARCHES):
                read(look, texts[number % len(texts)])

        def floor(tx: Tx, _: str) -> object:
            return tx.one(ONE_ROW, id=some)

        def find(tx: Tx, text: str) -> object:
            return PRODUCTS.find(tx, self.large, text, 1000)

        def page(tx: Tx, text: str) -> object:
            return catalog.search_products(tx, self.large, text, limit=24)

        figures = await rounds(
            {"floor: one row by its key": (partial(run, floor, [""]), SEARCHES)}
            | {name: (partial(run, find, texts), SEARCHES) for name, texts in queries.items()}
            | {
                f"{name}, and a page of 24": (partial(run, page, queries[name]), SEARCHES)
                for name in ("one word", "two words with typos")
            }
        )
        bars = dict.fromkeys((figure.name for figure in figures[1:]), "<= 20 ms CPU")
        report(f"Search over {LARGE} products (SQLite)", figures, bars)

    async def messages(self) -> None:
        scope = uuid7()
        texts = [" ".join(self.dice.choices(self.words, self.often, k=17)) for _ in range(500)]

        def put(tx: Tx) -> None:
            for text in texts:
                NOTES.put(tx, scope, uuid7(), {"text": text}, is_new=True)

        async def run() -> None:
            await self.app.db.write(put)

        figures = await rounds({"put a message of 17 words": (run, len(texts))}, times=5)
        report("Index of messages (SQLite)", figures, {figures[0].name: "<= 0.1 ms CPU"})

    async def _shop(self, name: str) -> BusinessId:
        id_ = BusinessId(UserId(uuid7()))
        draft = business.NewBusiness(name, "grocery", "IN", "INR", "Asia/Kolkata")
        await self.app.db.write(business.open_business, id_, draft, by=self.owner)
        return id_

    async def _fill(
        self, shop: BusinessId, products: int, with_two: int, numbers: Iterable[int] | None = None
    ) -> list[ProductId]:
        """The first `with_two` have two variants."""

        def save(tx: Tx, some: Sequence[int]) -> list[ProductId]:
            return [self._save(tx, shop, it, 2 if it < with_two else 1) for it in some]

        left, ids = (
            list(islice(count() if numbers is None else numbers, products)),
            list[ProductId](),
        )
        while left:
            ids += await self.app.db.write(save, left[:TOGETHER])
            left = left[TOGETHER:]
        return ids

    def _save(self, tx: Tx, shop: BusinessId, number: int, variants: int) -> ProductId:
        sizes = ("250 g", "500 g")[:variants]
        id_ = ProductId(uuid7())
        draft = ProductDraft(
            " ".join(self.dice.choices(self.words, self.often, k=4)),
            tuple(
                VariantDraft(
                    VariantId(uuid7()),
                    option_values=(size,) if variants > 1 else (),
                    sku=f"SKU-{number:05}-{size}" if variants > 1 else f"SKU-{number:05}",
                    price=Price(Money(100 + number, "INR")),
                    stock=StockDraft(tracked=True, on_hand=5),
                )
                for size in sizes
            ),
            description=" ".join(self.dice.choices(self.words, self.often, k=50)),
            status=ProductStatus.PUBLISHED,
            options=(Option("Weight", sizes),) if variants > 1 else (),
            tags=tuple(self.dice.choices(self.words, self.often, k=2)),
        )
        catalog.save_product(tx, id_, shop, draft, by=self.owner)
        return id_
