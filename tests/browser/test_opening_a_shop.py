"""J1: from nothing to a shop with a hundred products, a link and a QR code."""

import csv
import io
import re
import time

import httpx
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .steps import sign_up

HOURS = "Mon to Sat 9-1 and 4-9, Sunday closed"


def test_a_seller_opens_a_shop_with_place_hours_products_and_a_file(
    village: Server, visit: Opener
) -> None:
    started = time.monotonic()
    page = visit(
        f"{village.url}/app/",
        size=PHONE,
        timezone_id="Asia/Kolkata",
        geolocation={"latitude": 18.5089, "longitude": 73.8489, "accuracy": 12},
        permissions=["geolocation"],
    )

    # She signs up by phone.
    sign_up(page, village, "+919820111001", "Asha")
    looked_at(page, "village-chats")

    # A name, a category, a place.
    page.goto(f"{village.url}/app/my-shop")
    looked_at(page, "village-no-shop")
    page.get_by_role("link", name="Open a shop").click()
    page.get_by_label("Name of the shop").fill("Asha's Corner")
    expect(page.get_by_text("India · INR · Kolkata")).to_be_visible()
    looked_at(page, "opening-1-name")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Groceries").click()
    looked_at(page, "opening-2-category")
    page.get_by_role("button", name="Open my shop").click()
    expect(page.get_by_role("heading", name="Where is it?")).to_be_visible()
    page.get_by_role("button", name="I am at the shop now").click()
    expect(page.get_by_text("18.50890, 73.84890")).to_be_visible()
    page.get_by_label("Address").fill("14 Tilak Road, Pune")
    looked_at(page, "opening-3-place")
    page.get_by_role("button", name="Next").click()

    # Hours as one would say them; they are read at once.
    page.get_by_label("Type your hours").fill(HOURS)
    week = page.get_by_role("region", name="Your week")
    expect(week.get_by_label("Monday, opens").first).to_have_value("09:00")
    expect(week.get_by_label("Saturday, closes").last).to_have_value("21:00")
    expect(week.get_by_label("Sunday, opens")).to_have_count(0)
    looked_at(page, "opening-4-hours")
    page.get_by_role("button", name="Next").click()

    # The first product, with a photo.
    page.get_by_label("Name of the product").fill("Masala tea, 250 g")
    page.get_by_label("Price").fill("185")
    choose_file(page, page.get_by_role("button", name="Add photos"), photo())
    expect(page.get_by_role("img", name="Photo 1")).to_be_visible()
    looked_at(page, "opening-5-product")
    page.get_by_role("button", name="Put it on sale").click()

    # Her link and her code.
    expect(page.get_by_role("heading", name="Your shop is open")).to_be_visible()
    expect(page.get_by_role("img", name="QR code that leads to Asha's Corner")).to_be_visible()
    link = page.get_by_role("link", name=re.compile("asha")).get_attribute("href")
    assert link
    looked_at(page, "opening-6-link")

    # A hundred more from a file; she sees what it would do, and does it.
    page.get_by_role("link", name="Bring products from a file").click()
    looked_at(page, "import-1-start")
    choose_file(page, page.get_by_role("button", name="Choose a file"), table(village, 100))
    expect(page.get_by_role("button", name="100 new")).to_be_visible()
    looked_at(page, "import-2-plan")
    page.get_by_role("button", name="Import 100 rows").click()
    expect(page.get_by_role("status").filter(has_text="Imported")).to_be_visible()
    looked_at(page, "import-3-done")
    assert time.monotonic() - started < 180

    # Everybody finds all of it.
    public = visit(link, size=PHONE)
    products = public.get_by_role("list").filter(has=public.locator("[id^=product-]"))
    expect(products).to_be_visible()
    while public.get_by_role("link", name="Show more").is_visible():
        shown = products.get_by_role("listitem").count()
        public.get_by_role("link", name="Show more").click()
        expect(products.get_by_role("listitem").nth(shown)).to_be_visible()
    expect(products.get_by_role("listitem")).to_have_count(101)
    tea = products.get_by_role("listitem").filter(has_text="Masala tea, 250 g")
    expect(tea.locator("img")).to_have_count(1)
    expect(public.get_by_text("14 Tilak Road, Pune").first).to_be_visible()


def choose_file(page: Page, button: Locator, file: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(file)


def photo() -> FilePayload:
    image = Image.new("RGB", (800, 800), "#f4e3c1")
    ImageDraw.Draw(image).ellipse((200, 220, 600, 620), fill="#7a3b12")
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"name": "tea.png", "mimeType": "image/png", "buffer": file.getvalue()}


def table(server: Server, rows: int) -> FilePayload:
    """The template as one fills it in: its columns, and our own rows."""
    template = httpx.get(f"{server.url}/v1/import-template.csv?currency=INR").content
    columns, *_ = csv.reader(io.StringIO(template.decode("utf-8-sig")))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    for n in range(1, rows + 1):
        writer.writerow({"name": f"Thing number {n}", "price": f"{n}.50", "stock": n % 9 + 1})
    return {"name": "things.csv", "mimeType": "text/csv", "buffer": file.getvalue().encode()}
