"""Taking everything along, and leaving for good."""

import io
import re
import zipfile

from playwright.sync_api import APIRequestContext, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .steps import give_pin, sign_up, type_digits


def test_somebody_takes_everything_along_and_deletes_their_account(
    village: Server, visit: Opener
) -> None:
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    sign_up(page, village, "+919812300077", "Leela Rao")
    shop = open_shop(page.request, village)
    page.goto(f"{village.url}/app/you/pin")
    for _ in range(2):
        type_digits(page, "2719")
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Your PIN is set.")).to_be_visible()

    # Everything, as one file.
    page.get_by_role("link", name=re.compile("^Your data")).click()
    looked_at(page, "your-data")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    content = download.value.path().read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"Leela Rao" in archive.read("kirana.json")
        assert "shops/leelas-tea/products.csv" in archive.namelist()

    # Not while there is a shop that nobody else owns.
    page.get_by_role("link", name=re.compile("^Delete the account")).click()
    delete = page.get_by_role("button", name="Delete my account")
    expect(delete).to_be_disabled()
    looked_at(page, "deletion-not-settled")
    page.get_by_role("switch", name="Close Leela's Tea for good").check()
    expect(delete).to_be_enabled()
    looked_at(page, "deletion")

    delete.click()
    page.get_by_role("button", name="Delete for good").click()
    give_pin(page)
    expect(page).to_have_url(re.compile("/app/sign-in"))
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()
    assert page.request.get(f"{village.url}/v1/me").status == 401
    assert page.request.get(f"{village.url}/v1/businesses/{shop}").json()["closed_at"]
    kept = [it["name"] for it in page.evaluate("indexedDB.databases()")]
    assert kept in ([], ["kirana-answers"])


def test_without_a_pin_a_code_is_the_proof(village: Server, visit: Opener) -> None:
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    sign_up(page, village, "noor@example.org", "Noor")

    page.goto(f"{village.url}/app/you/deletion")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Code")).to_be_visible()
    right = village.code_for("noor@example.org")
    page.get_by_label("Code").fill(f"{(int(right) + 1) % 1_000_000:06}")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("This code is wrong or too old.")).to_be_visible()
    looked_at(page, "deletion-code")
    page.get_by_label("Code").fill(right)
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile("/app/sign-in"))


def open_shop(request: APIRequestContext, village: Server) -> str:
    shop = {
        "id": str(uuid7()),
        "name": "Leela's Tea",
        "category": "grocery",
        "country": "IN",
        "currency": "INR",
        "zone": "Asia/Kolkata",
    }
    opened = request.post(f"{village.url}/v1/businesses", data=shop)
    assert opened.ok, opened.text()
    return shop["id"]
