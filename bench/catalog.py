"""The catalog: a list of 24, a product page, searches over 5,000 products, and an import's save.

Beside each route the floor: the same request answered with nothing.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path

from tests.apps import RunningApp, actor, open_app

from bench.checkout import Caller
from bench.measure import Figure, report, rounds
from kirana import business, catalog
from kirana.catalog import Option, Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.catalog.search import PRODUCTS
from kirana.platform.db import Tx
from kirana.platform.search import Field, Index
from kirana.values import BusinessId, Money, ProductId, UserId, VariantId, uuid7

SMALL, VARIANTS, LARGE, CALLS = 500, 820, 5_000, 100
NOTES = Index("bench_notes", {"text": Field(1)})


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_app(Path(folder)) as app:
            bench = Bench(app)
            await bench.build()
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
        owner = actor(await self.app.person("Asha"))
        self.owner = owner
        self.small, self.large = [await self._shop(name) for name in ("Small", "Large")]
        self.products: list[ProductId] = []
        for number in range(SMALL):
            two = number < VARIANTS - SMALL
            self.products.append(await self._save(self.small, number, 2 if two else 1))
        started, cpu = time.perf_counter(), time.process_time()
        for number in range(LARGE):
            await self._save(self.large, number, 1)
        figure = Figure(
            "save_product, one by one, each on the disk",
            (time.process_time() - cpu) * 1000 / LARGE,
            (time.perf_counter() - started) * 1000 / LARGE,
        )
        report(f"Filling a shop with {LARGE} products (SQLite)", [figure])

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
        typos = [f"{it[:2]}x{it[3:]}" for it in self.words[40:200] if len(it) > 4][:CALLS]
        queries = {
            "one word": [self.words[i] for i in range(50, 50 + CALLS)],
            "one of the commonest words": common,
            "two words": [f"{self.words[i]} {self.words[i + 7]}" for i in range(CALLS)],
            "two letters, as one types": [it[:2] for it in common],
            "a word with a typo": typos,
            "two words with typos": [
                f"{a} {b}" for a, b in zip(typos, reversed(typos), strict=True)
            ],
            "a SKU": [f"SKU-{i:05}" for i in range(0, LARGE, LARGE // CALLS)],
            "the beginning of every SKU": ["SKU"],
        }

        def find(texts: list[str]) -> None:
            for number in range(CALLS):
                self.app.kirana.litestar.state.db.database.read(
                    PRODUCTS.find, self.large, texts[number % len(texts)], 1000
                )

        async def run(texts: list[str]) -> None:
            find(texts)

        figures = await rounds(
            {name: ((lambda texts=texts: run(texts)), CALLS) for name, texts in queries.items()}
        )
        bars = dict.fromkeys(queries, "<= 20 ms CPU")
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

    async def _save(self, shop: BusinessId, number: int, variants: int) -> ProductId:
        sizes = ("250 g", "500 g")[:variants]
        id_ = ProductId(uuid7())
        await self.app.db.write(
            catalog.save_product,
            id_,
            shop,
            ProductDraft(
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
            ),
            by=self.owner,
        )
        return id_
