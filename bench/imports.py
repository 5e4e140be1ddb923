"""Importing 5,000 rows: reading, planning and applying, then the same file again.

SQLite on this disk; the jobs that the products bring about are not counted.
"""

import asyncio
import csv
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kirana import business, identity
from kirana.app import wiring
from kirana.catalog import files
from kirana.platform.database import open_database
from kirana.platform.db import Database, metadata
from kirana.platform.events import Bus
from kirana.values import SYSTEM, Actor, BusinessId, ImportId, UserId, uuid7

from .measure import Figure, report

PRODUCTS = 2_500
ROWS = 5_000
BARS = {"plan + apply of all rows, per row": "10 s for 5,000 rows, 2 ms each"}
T = TypeVar("T")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        asyncio.run(_main(Path(folder)))


async def _main(folder: Path) -> None:
    bus = Bus()
    wiring.wire(bus)
    database = open_database(f"sqlite:///{folder / 'kirana.db'}", bus)
    wiring.close_commits(database)
    engine = database.engine.sqlalchemy_engine()
    metadata.create_all(engine)
    engine.dispose()
    shop_id, owner = _open_shop(database)
    content = _content()
    first = _import(database, shop_id, owner, content)
    again = _import(database, shop_id, owner, content)
    database.close()
    report(
        "Imports (5,000 rows of 2,500 products)",
        [
            Figure("reading the file, per row", *first["read"]),
            Figure("planning, per row", *first["plan"]),
            Figure("applying, per row", *first["apply"]),
            Figure("plan + apply of all rows, per row", *first["all"]),
            Figure("the same file again, per row", *again["all"]),
        ],
        BARS,
    )


def _open_shop(database: Database) -> tuple[BusinessId, Actor]:
    person = UserId(uuid7())
    database.write(identity.create_person, person, "Asha", by=SYSTEM)
    owner = Actor(person, person)
    shop_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(
        name="Bench", category="grocery", country="IN", currency="INR", zone="Asia/Kolkata"
    )
    database.write(business.open_business, shop_id, draft, by=owner)
    return shop_id, owner


def _content() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    header = ["handle", "name", "description", "collections", "tags", "sku", "price", "stock"]
    writer.writerow([*header, "option 1", "value 1"])
    for n in range(PRODUCTS):
        place = f"Food > Shelf {n % 20}"
        for size, price in (("Small", "12.50"), ("Large", "20.00")):
            writer.writerow(
                [f"p-{n}", f"Product {n}", "Good, and fresh every day.", place, "fresh, local",
                 f"SKU-{n}-{size}", price, "7", "Size", size]
            )  # fmt: skip
    return text.getvalue().encode()


def _import(
    database: Database, shop_id: BusinessId, owner: Actor, content: bytes
) -> dict[str, tuple[float, float]]:
    taken: dict[str, tuple[float, float]] = {}

    def timed(name: str, run: Callable[[], T]) -> T:
        cpu, wall = time.process_time(), time.perf_counter()
        result = run()
        taken[name] = (
            (time.process_time() - cpu) * 1000 / ROWS,
            (time.perf_counter() - wall) * 1000 / ROWS,
        )
        return result

    import_id = ImportId(uuid7())

    def apply() -> None:
        database.write(files.save_import, import_id, shop_id, "bench.csv", file, plan, by=owner)
        database.write(files.begin_import, import_id, by=owner)
        while database.read(files.get_import, import_id, by=owner, limit=1).state == "applying":
            database.write(files.apply_rows, import_id)

    file = timed("read", lambda: files.read_upload(content, "INR", "Asia/Kolkata", 0))
    plan = timed(
        "plan",
        lambda: database.read(
            files.plan_file, import_id, shop_id, file, "https://bench.test", by=owner
        ),
    )
    timed("apply", apply)
    parts = [taken[name] for name in ("read", "plan", "apply")]
    taken["all"] = (sum(cpu for cpu, _ in parts), sum(wall for _, wall in parts))
    return taken
