"""What one has in hand of one's money: statements as files, and receipts that anybody can check."""

import json
import re
from pathlib import Path

import pypdfium2
from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .steps import type_digits
from .test_private import Somebody


def saved(page: Page, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    return Path(download.value.path())


def test_a_receipt_is_kept_and_checked_by_a_stranger_and_a_month_is_saved(
    village: Server, visit: Opener, tmp_path: Path
) -> None:
    olga = Somebody(village, visit(village.url), "Olga")
    asha = Somebody(village, visit(village.url), "Asha")
    ravi = Somebody(village, visit(village.url), "Ravi")
    assert village.run("appoint", "operator", "olga@example.org").returncode == 0
    asha_id, ravi_id = (
        it.page.request.get(f"{village.url}/v1/me").json()["id"] for it in (asha, ravi)
    )
    amount = {"amount_minor": 50_000, "currency": "INR"}
    paid_in = olga.page.request.post(
        f"{village.url}/v1/top-ups",
        data={"id": str(uuid7()), "owner_id": asha_id, "amount": amount, "source": "credit"},
    )
    assert paid_in.ok, paid_in.text()
    id = str(uuid7())
    amount = {"amount_minor": 12_345, "currency": "INR"}
    paid = asha.page.request.post(
        f"{village.url}/v1/transfers", data={"id": id, "payee_id": ravi_id, "amount": amount}
    )
    assert paid.ok, paid.text()

    # Asha keeps a receipt.
    page = asha.page
    page.goto(f"{village.url}/app/pay/transfers/{id}")
    page.get_by_role("link", name="Receipt to keep or share").click()
    paper = page.get_by_role("article")
    expect(paper.get_by_text("Ravi")).to_be_visible()
    expect(paper.get_by_text("Sealed in block")).to_be_visible()
    looked_at(page, "receipt-phone")
    receipt = saved(page, "Download receipt")
    told = json.loads(receipt.read_text())
    assert (told["payee"], told["amount"]["amount_minor"]) == ("Ravi", 12_345)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Download receipt")).to_be_hidden()
    looked_at(page, "receipt-print")
    page.emulate_media(media="screen")

    # Somebody without an account checks it, and one in which the amount was changed.
    stranger = visit(village.url, size=DESKTOP)
    stranger.goto(f"{village.url}/app/verify")
    stranger.locator("input[type=file]").set_input_files(receipt)
    expect(stranger.get_by_role("heading", name="This receipt is real")).to_be_visible()
    expect(stranger.get_by_role("article").get_by_text("Ravi")).to_be_visible()
    looked_at(stranger, "receipt-real-wide")
    told["amount"]["amount_minor"] = 99_999
    forged = tmp_path / "receipt.json"
    forged.write_text(json.dumps(told))
    stranger.locator("input[type=file]").set_input_files(forged)
    expect(stranger.get_by_role("heading", name="This receipt was changed")).to_be_visible()
    expect(stranger.get_by_role("article")).to_have_count(0)
    looked_at(stranger, "receipt-changed-wide")
    forged.write_text("no receipt at all")
    stranger.locator("input[type=file]").set_input_files(forged)
    expect(stranger.get_by_role("heading", name="This is no receipt")).to_be_visible()

    # The month as pages, whose foot leads to where its block is looked up.
    page.goto(f"{village.url}/app/pay/months?currency=INR")
    looked_at(page, "months-phone")
    document = pypdfium2.PdfDocument(saved(page, "Save").read_bytes())
    text = document[0].get_textpage().get_text_bounded()
    assert "Asha" in text
    assert "123.45" in text
    number, _, digest = text.partition("at block ")[2].partition(": ")
    link = f"{village.url}/app/verify#block={number}&hash={digest.split()[0]}"
    other = visit(village.url)
    other.goto(link)
    expect(other.get_by_role("heading", name="The books still say so")).to_be_visible()
    looked_at(other, "statement-stands-phone")
    page.get_by_text("Beancount", exact=True).click()
    assert " balance Liabilities:Wallets:U" in saved(page, "Save").read_text()


def test_a_forgotten_pin_is_set_anew_and_large_payments_wait(
    village: Server, visit: Opener
) -> None:
    olga = Somebody(village, visit(village.url), "Ottilie")
    nora = Somebody(village, visit(village.url), "Nora")
    piet = Somebody(village, visit(village.url), "Piet")
    assert village.run("appoint", "operator", "ottilie@example.org").returncode == 0
    amount = {"amount_minor": 5_000_000, "currency": "INR"}
    paid_in = olga.page.request.post(
        f"{village.url}/v1/top-ups",
        data={"id": str(uuid7()), "owner_id": nora.id, "amount": amount, "source": "credit"},
    )
    assert paid_in.ok, paid_in.text()
    page = nora.page
    assert page.request.put(f"{village.url}/v1/me/pin", data={"pin": "2580"}).ok
    piet.page.request.patch(f"{village.url}/v1/me", data={"handle": "piet-p"})

    page.goto(f"{village.url}/app/you/pin")
    page.get_by_role("button", name="I have forgotten my PIN").click()
    expect(page.get_by_text("For 24 hours it confirms no large payment")).to_be_visible()
    looked_at(page, "pin-forgotten-phone")
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(village.code_for("nora@example.org"))
    page.get_by_role("button", name="Next").click()
    for _ in range(2):
        type_digits(page, "7412")
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Your PIN is set.")).to_be_visible()

    # A small payment goes at once; a large one says how long it waits.
    send(page, village, "10")
    expect(page.get_by_role("heading", name="Sent to Piet")).to_be_visible()
    send(page, village, "20000")
    sheet = page.get_by_role("dialog", name="Confirm")
    for digit in "7412":
        sheet.get_by_role("button", name=digit, exact=True).click()
    sheet.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("larger payments wait until")).to_be_visible()
    looked_at(page, "pin-rests-phone")


def send(page: Page, village: Server, sum: str) -> None:
    page.goto(f"{village.url}/app/pay/do/send")
    page.get_by_label("Phone number or handle").fill("@piet-p")
    page.get_by_role("button", name="Find").click()
    type_digits(page, sum)
    page.get_by_role("button", name=re.compile("^Send ₹")).click()
