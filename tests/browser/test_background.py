"""What waits is sent by the service worker when no page is left to do it."""

import pytest
from playwright.sync_api import expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener
from .test_kinds import was_sent
from .test_notices import Phone
from .test_private import Somebody

pytestmark = pytest.mark.service_worker


def test_what_was_written_without_a_line_goes_though_no_page_is_open(
    village: Server, visit: Opener
) -> None:
    nadia = Somebody(village, visit(village.url, size=PHONE), "Nadiaback")
    emil = Somebody(village, visit(village.url, size=DESKTOP), "Emilback")
    nadia.knows(emil)
    emil.knows(nadia)
    nadia.opens(emil)
    nadia.says("On my way")
    emil.opens(nadia)
    emil.reads("On my way")
    was_sent(nadia)
    phone = Phone(village, nadia.page)

    nadia.page.context.set_offline(True)
    nadia.says("In the tunnel")
    nadia.says("Still in it")
    last = nadia.log.locator("[data-id]").last
    expect(last.get_by_text("Waiting to be sent")).to_be_attached()
    nadia.page.goto("about:blank")
    nadia.page.context.set_offline(False)
    phone.close_app()
    phone.sync("outbox")

    emil.reads("Still in it")
    said = emil.log.locator(".words")
    expect(said.get_by_text("In the tunnel")).to_have_count(1)
    nadia.opens(emil)
    was_sent(nadia)
    for somebody in (nadia, emil):
        for words in ("In the tunnel", "Still in it"):
            expect(somebody.log.get_by_text(words, exact=True)).to_have_count(1)
