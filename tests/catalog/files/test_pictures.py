import asyncio
import io

from PIL import Image

from kirana import business
from kirana.catalog import files
from kirana.catalog.files.fetching import FetchFailed
from kirana.catalog.files.pictures import fetch_with
from kirana.catalog.files.snapshots import load_products
from kirana.platform.blobs import Blobs
from kirana.platform.db import Tx
from kirana.platform.jobs import Outside
from kirana.values import ImportId, uuid7
from tests.apps import RunningApp, actor
from tests.business import make as shops

from .make import URL, content


class Site:
    """A fetcher that knows three pictures and what is none."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        name = url.rpartition("/")[2]
        if name == "gone.png":
            raise FetchFailed("The server answered 404.")
        if name == "broken.png":
            return b"\x89PNG\r\n\x1a\nnot really"
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), {"a.png": "red", "b.png": "green"}.get(name, "blue")).save(
            picture, "PNG"
        )
        return picture.getvalue()


def outside_of(app: RunningApp) -> Outside:
    blobs: Blobs = app.kirana.litestar.state.blobs
    return Outside(app.db, app.kirana.settings, blobs)


def save(tx: Tx, import_id: ImportId, file: bytes, shop: business.Business) -> None:
    """Plan and apply in one go; the job that fetches is left out, the test does it."""
    from kirana.values import SYSTEM

    read = files.read_upload(file, shop.currency, shop.zone, tx.now)
    plan = files.plan_file(tx, import_id, shop.id, read, URL, by=SYSTEM)
    files.save_import(tx, import_id, shop.id, "a.csv", read, plan, by=SYSTEM)
    files.begin_import(tx, import_id, by=SYSTEM)
    files.apply_rows(tx, import_id)
    tx.told.clear()


async def test_pictures_come_in_the_order_of_the_file_and_failures_are_notes(
    app: RunningApp,
) -> None:
    owner = actor(await app.person("Asha"))
    shop = await app.db.write(
        business.open_business, shops.business_id(), shops.draft(currency="USD"), by=owner
    )
    names = ("b.png", "gone.png", "a.png", "broken.png")
    cell = ", ".join(f"https://pictures.test/{name}" for name in names)
    file = content(["handle", "name", "price", "pictures"], ["tea", "Tea", "3", cell])
    import_id, site = ImportId(uuid7()), Site()
    await app.db.write(save, import_id, file, shop)

    await fetch_with(site, outside_of(app), import_id)
    await fetch_with(site, outside_of(app), import_id)

    (tea,) = await app.db.read(load_products, shop.id)
    done = await app.db.read(files.get_import, import_id, by=owner)
    client = await app.client()
    colors = []
    for picture_id in tea.picture_ids:
        answer = await client.get(f"/media/{picture_id}/320.webp")
        image = await asyncio.to_thread(Image.open, io.BytesIO(answer.content))
        red, green, _ = image.convert("RGB").getpixel((4, 4))  # type: ignore[misc]
        colors.append("red" if red > green else "green")
    assert colors == ["green", "red"]
    assert [it.quote.rpartition("/")[2] for it in done.rows[0].notes] == ["gone.png", "broken.png"]
    assert len(site.asked) == len(names)
