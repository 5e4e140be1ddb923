"""Products come from a file and go into one: what would happen is said before it happens."""

import csv
import io
import re
from pathlib import Path

import httpx
from playwright.sync_api import FilePayload, Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .steps import sign_up

SHOPIFY = [
    ["Handle", "Title", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price",
     "Variant Compare At Price", "Variant Inventory Tracker", "Variant Inventory Qty", "Published"],
    ["chair", "Oak chair", "Title", "Default Title", "CH-1", "49.00", "59.00", "shopify", "4",
     "TRUE"],
    ["stool", "Stool", "Title", "Default Title", "ST-1", "cheap", "", "", "", "TRUE"],
    ["table", "Table", "Title", "Default Title", "TA-1", "120.00", "", "", "", "TRUE"],
]  # fmt: skip


def test_a_file_says_what_it_would_do_and_what_goes_out_comes_back_unchanged(
    village: Server, visit: Opener, tmp_path: Path
) -> None:
    page = visit(f"{village.url}/app/", size=PHONE)
    sign_up(page, village, "+919820111042", "Farida")
    shop_id = open_shop(page)
    page.goto(f"{village.url}/app/my-shop/{shop_id}/files")

    # What is no catalog is refused whole, with what it seems to be.
    choose(
        page, "export.xml", b'<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/">'
    )
    expect(page.get_by_text("This seems to be")).to_be_visible()
    looked_at(page, "import-refused-whole")

    # The plan: each row with its reason, and nothing is on the shelf yet.
    choose(page, "shopify.csv", written(SHOPIFY))
    expect(page.get_by_role("button", name="2 new")).to_be_visible()
    page.get_by_role("button", name="1 refused").click()
    [row] = page.get_by_role("main").get_by_role("listitem").filter(has_text="Row").all()
    expect(row).to_contain_text("Row 3")
    expect(row).to_contain_text("This is not a price.")
    expect(row).to_contain_text("Variant Price: “cheap”")
    looked_at(page, "import-row-refused")
    assert "Nothing on the shelf yet" in httpx.get(f"{village.url}/faridas").text
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("status").filter(has_text="Imported")).to_be_visible()
    shelf = httpx.get(f"{village.url}/faridas").text
    assert all(name in shelf for name in ("Oak chair", "Table", "4 left"))
    assert "Stool" not in shelf

    # Out as each kind of file, and in again: nothing to do.
    page.goto(f"{village.url}/app/my-shop/{shop_id}/files")
    for name in ("Kirana", "WooCommerce", "Shopify"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        file = tmp_path / f"{name}.csv"
        download.value.save_as(file)
        choose(page, file.name, file.read_bytes())
        expect(page.get_by_text("This file changes nothing")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("as it is$"))).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("new$|changed$"))).to_have_count(0)
        page.goto(f"{village.url}/app/my-shop/{shop_id}/files")

    # A number that can be read in two ways is asked about, not guessed.
    choose(
        page,
        "prices.csv",
        written([["handle", "name", "price"], ["wardrobe", "Wardrobe", "1,234"]]),
    )
    expect(page.get_by_text("Which sign comes before the decimals")).to_be_visible()
    looked_at(page, "import-which-decimal")
    page.get_by_role("button", name="Point: 12.50").click()
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    page.get_by_text("1 field").click()
    expect(page.get_by_role("cell", name="1234.00 USD")).to_be_visible()


def open_shop(page: Page) -> str:
    """A shop that sells in US dollars."""
    shop = {"id": str(uuid7()), "name": "Farida's", "category": "home", "country": "US",
            "currency": "USD", "zone": "America/New_York", "handle": "faridas"}  # fmt: skip
    status = page.evaluate(
        """async (shop) => {
            const headers = { 'Content-Type': 'application/json' };
            const body = JSON.stringify(shop);
            return (await fetch('/v1/businesses', { method: 'POST', headers, body })).status;
        }""",
        shop,
    )
    assert status == 201
    return shop["id"]


def choose(page: Page, name: str, content: bytes) -> None:
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content}
    button = page.get_by_role("button", name=re.compile("^(Choose a file|Another file)"))
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(file)


def written(rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
