"""What is in the accounts of the server, and which payments it is made up of."""

import re

from playwright.sync_api import expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_an_operator_sees_what_each_account_is_made_up_of(village: Server, visit: Opener) -> None:
    oskar = Somebody(village, visit(village.url, size=DESKTOP), "Oskarclear")
    page = oskar.page
    assert village.run("appoint", "operator", "oskarclear@example.org").returncode == 0
    for minor, source in ((1_000_00, "bank"), (250_50, "bank"), (80_00, "cash")):
        body = {
            "id": str(uuid7()),
            "owner_id": oskar.id,
            "amount": {"amount_minor": minor, "currency": "SEK"},
            "source": source,
        }
        answer = page.request.post(f"{village.url}/v1/top-ups", data=body)
        assert answer.ok, answer.text()

    page.goto(f"{village.url}/app/you")
    page.get_by_role("link", name="What is still open").click()
    bank = page.locator("section").filter(has_text="At the bank · SEK")
    expect(bank).to_contain_text(re.compile(r"You have kr\s?1,250\.50"))
    expect(bank).to_contain_text("2 payments")
    bank.get_by_text("Top-up").first.click()
    expect(bank.get_by_text(re.compile(r"^kr\s?250\.50$")).first).to_be_visible()
    cash = page.locator("section").filter(has_text="In the cash box · SEK")
    expect(cash).to_contain_text(re.compile(r"You have kr\s?80"))
    looked_at(page, "clearing-wide")
