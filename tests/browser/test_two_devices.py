"""Two devices of one person say the same, and a device keeps what was begun on it."""

import re

import pytest
from playwright.sync_api import expect

from tests.servers import Server

from .conftest import PHONE, Opener
from .steps import sign_in
from .test_keys import READABLE, SLOW_MS, said
from .test_private import friends

pytestmark = pytest.mark.service_worker


def test_what_one_deletes_for_oneself_goes_from_all_of_ones_devices(
    village: Server, visit: Opener
) -> None:
    hana, iver = friends(village, visit, "Hana", "Iver")
    hana.opens(iver)
    hana.says("For both of us")
    hana.says("Not for me")
    iver.opens(hana)
    iver.reads("Not for me")
    chat = iver.page.url

    # A second device, confirmed by the recovery key; it reads what was said before.
    iver.page.goto(f"{village.url}/app/you/keys")
    key = iver.page.get_by_test_id("recovery-key").inner_text(timeout=SLOW_MS)
    iver.page.wait_for_function(
        "() => fetch('/v1/key-backups/latest').then((it) => it.json()).then((it) => it.count > 0)",
        timeout=SLOW_MS,
    )
    second = visit(f"{village.url}/app/sign-in", size=PHONE)
    sign_in(second, village, "iver@example.org")
    second.goto(f"{village.url}/app/you/keys")
    second.get_by_role("button", name=re.compile("^Type the recovery key")).click(timeout=SLOW_MS)
    second.get_by_role("textbox", name="Recovery key").fill(key)
    second.get_by_role("button", name="Confirm this device").click()
    expect(second.get_by_text(READABLE)).to_be_visible(timeout=SLOW_MS)
    second.goto(chat)
    for words in ("For both of us", "Not for me"):
        expect(said(second, words)).to_be_visible(timeout=SLOW_MS)

    # It goes from both while they look, and stays away.
    iver.page.goto(chat)
    iver.asks_what_to_do_with("Not for me")
    iver.page.get_by_role("menuitem", name="Delete for me").click()
    for page in (iver.page, second):
        expect(said(page, "Not for me")).to_have_count(0)
    for page in (iver.page, second):
        page.reload()
        expect(said(page, "For both of us")).to_be_visible()
        expect(said(page, "Not for me")).to_have_count(0)
    hana.reads("Not for me")


def test_what_was_begun_is_there_after_a_reload(village: Server, visit: Opener) -> None:
    ulla, ivo = friends(village, visit, "Ulla", "Ivo")
    ulla.opens(ivo)
    field = ulla.page.get_by_role("textbox", name="Message Ivo")
    field.fill("Half a thought")
    ulla.page.reload()
    expect(field).to_have_value("Half a thought")

    # What was sent is begun no more.
    ulla.page.get_by_role("button", name="Send", exact=True).click()
    ulla.reads("Half a thought")
    ulla.page.reload()
    expect(ulla.log.get_by_text("Half a thought")).to_have_count(1)
    expect(field).to_have_value("")
