"""Nothing that was written is lost or said twice, whatever the network does."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, keep, looked_at
from .steps import enter_as

pytestmark = pytest.mark.service_worker

WORDS = "Please keep one bunch of coriander for me."


def test_a_message_written_without_network_survives_a_reload_and_is_sent_once(
    town: Server, visit: Opener
) -> None:
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(ravi, town, "Ravi Menon")
    lives_here(ravi)
    ravi.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    field = ravi.get_by_role("textbox", name="Message Asha's Kirana")
    expect(field).to_be_visible()

    # The network goes; he writes, and it is kept.
    ravi.context.set_offline(True)
    expect(ravi.get_by_text("No connection.")).to_be_visible()
    field.fill(WORDS)
    ravi.get_by_role("button", name="Send", exact=True).click()
    said = ravi.get_by_role("log").get_by_text(WORDS)
    waiting = ravi.get_by_role("log").get_by_text("Waiting to be sent")
    expect(said).to_have_count(1)
    expect(waiting).to_have_count(1)
    looked_at(ravi, "chat-offline")

    # The app still opens, and the message still waits.
    ravi.reload()
    expect(said).to_have_count(1)
    expect(waiting).to_have_count(1)
    keep(ravi, "chat-offline-reloaded")

    # The network is back: it goes out by itself, once.
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)
    asha.get_by_role("link", name=re.compile("Ravi Menon")).first.click()
    expect(asha.get_by_role("log")).to_be_visible()
    ravi.context.set_offline(False)
    expect(asha.get_by_role("log").get_by_text(WORDS)).to_be_visible()
    expect(waiting).to_have_count(0)
    ravi.reload()
    expect(said).to_have_count(1)
    asha.reload()
    expect(asha.get_by_role("log").get_by_text(WORDS)).to_have_count(1)


def test_what_a_stranger_wrote_without_network_outlives_a_reload_and_is_sent_once(
    town: Server, visit: Opener
) -> None:
    stranger = visit(f"{town.url}/ashas-kirana", size=PHONE)
    panel = chat_of(stranger)
    panel.get_by_label("Message").fill("Are you open?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("Namaste, this is Asha.")).to_be_visible()

    # The network goes; he writes on, and what he wrote is kept.
    stranger.context.route("**/ashas-kirana/chat", only_looking)
    stranger.context.set_offline(True)
    for words in ("I will come by bicycle.", "At six sharp."):
        panel.get_by_label("Message").fill(words)
        panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("No connection.")).to_be_visible()
    expect(panel.get_by_text("Waiting to be sent")).to_have_count(2)
    panel.get_by_label("Message").fill("And please keep")
    looked_at(stranger, "stranger-chat-offline")
    between_tries(stranger)

    # He tries to load the page again. Then pages come, but nothing goes out yet: the words are
    # still there, and so is the draft.
    with suppress(Error):
        stranger.reload()
    stranger.context.set_offline(False)
    stranger.goto(f"{town.url}/ashas-kirana/about")
    link = stranger.get_by_role("link", name=re.compile("^Chat .*Waiting to be sent"))
    expect(link).to_be_visible()
    looked_at(stranger, "stranger-waiting")
    between_tries(stranger)
    link.click()
    waiting = panel.get_by_text("Waiting to be sent")
    expect(waiting).to_have_count(2)
    expect(panel.get_by_label("Message")).to_have_value("And please keep")
    looked_at(stranger, "stranger-chat-waiting")

    # Then it goes out by itself, in order and once.
    stranger.context.unroute("**/ashas-kirana/chat")
    expect(waiting).to_have_count(0)
    assert kept(stranger) == ["draft"]
    stranger.goto(f"{town.url}/ashas-kirana/chat")
    mine = stranger.get_by_role("log").locator(".mine .words")
    expect(mine).to_have_text(["Are you open?", "I will come by bicycle.", "At six sharp."])
    expect(stranger.get_by_label("Message")).to_have_value("And please keep")
    stranger.get_by_role("button", name="Send").click()
    expect(mine).to_have_count(4)
    expect(stranger.get_by_text("Sending…")).to_have_count(0)
    assert kept(stranger) == []

    # The shop heard each word once.
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)
    asha.get_by_role("link", name=re.compile("And please keep")).click()
    log = asha.get_by_role("log")
    for words in ("I will come by bicycle.", "At six sharp.", "And please keep"):
        expect(log.get_by_text(words)).to_have_count(1)


def test_the_first_word_of_a_stranger_is_said_once_though_its_answer_is_lost(
    town: Server, visit: Opener
) -> None:
    stranger = visit(f"{town.url}/ashas-kirana/p/poha-500-g", size=PHONE)
    stranger.get_by_role("link", name="Ask about this").click()
    panel = stranger.get_by_role("dialog", name="Chat with Asha's Kirana")
    stranger.route("**/ashas-kirana/chat", without_answer)
    panel.get_by_label("Message").fill("Thick or thin?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("Waiting to be sent")).to_have_count(1)
    expect(panel.get_by_text("About Poha")).to_be_visible()

    # Two tabs are open when the network is back: one of them sends it, both show it.
    other = stranger.context.new_page()
    other.goto(f"{town.url}/ashas-kirana/chat")
    for page in (stranger, other):
        log = page.get_by_role("log")
        expect(log.get_by_text("Thick or thin?")).to_have_count(1)
        expect(log.get_by_text("Waiting to be sent")).to_have_count(0)
        expect(log.get_by_text("Namaste, this is Asha.")).to_have_count(1)
        stranger.unroute("**/ashas-kirana/chat")
    assert kept(other) == []
    other.reload()
    expect(other.get_by_role("log").locator(".mine")).to_have_count(1)


def test_old_words_are_not_sent_unasked_and_those_of_others_not_shown(
    town: Server, visit: Opener
) -> None:
    stranger = visit(f"{town.url}/ashas-kirana", size=PHONE)
    stranger.evaluate(
        """() => {
            const day = 24 * 3600 * 1000;
            const entries = [
                ['01999999-0000-7000-8000-000000000001', 'Is there bread today?', 2, ''],
                ['01999999-0000-7000-8000-000000000002', 'Long ago', 8, ''],
                ['01999999-0000-7000-8000-000000000003', 'Of somebody else', 0, 'someone'],
            ];
            for (const [id, text, days, by] of entries) {
                const message = { id, text, by, about: '', title: '', handle: 'ashas-kirana',
                    at: Date.now() - days * day, isRefused: false };
                localStorage.setItem(`kirana.storefront.unsent.${id}`, JSON.stringify(message));
            }
            localStorage.setItem('kirana.storefront.unsent.x', 'no message');
        }"""
    )
    stranger.reload()
    panel = chat_of(stranger)
    again = panel.get_by_role("button", name="Not sent. Try again")
    expect(again).to_have_count(1)
    expect(panel.locator(".mine")).to_have_count(1)
    expect(panel.get_by_text("Is there bread today?")).to_be_visible()
    looked_at(stranger, "stranger-chat-not-sent")
    again.click()
    expect(panel.get_by_text("Namaste, this is Asha.")).to_be_visible()
    expect(again).to_have_count(0)
    expect(panel.locator(".mine")).to_have_count(1)
    assert kept(stranger) == ["unsent"]  # somebody else's, for when they are back


def test_a_stranger_whose_storage_is_full_is_heard_all_the_same(
    town: Server, visit: Opener
) -> None:
    stranger = visit(f"{town.url}/ashas-kirana", size=PHONE)
    stranger.evaluate(
        """() => { Storage.prototype.setItem = () => {
            throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    panel = chat_of(stranger)
    panel.get_by_label("Message").fill("Do you have jaggery?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("Namaste, this is Asha.")).to_be_visible()
    expect(panel.get_by_text("Do you have jaggery?")).to_have_count(1)
    expect(panel.get_by_text("Sending…")).to_have_count(0)


def test_the_app_opens_without_network(town: Server, visit: Opener) -> None:
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(ravi, town, "Ravi Menon")
    lives_here(ravi)
    row = ravi.get_by_role("link", name=re.compile("Asha's Kirana")).first
    expect(row).to_be_visible()
    ravi.context.set_offline(True)
    ravi.goto(f"{town.url}/app/chats")
    expect(row).to_be_visible()
    ravi.get_by_role("link", name="Pay").filter(visible=True).click()
    expect(ravi.get_by_role("heading").first).to_be_visible()
    looked_at(ravi, "pay-opened-offline")


def chat_of(page: Page) -> Locator:
    """The chat of Asha's shop, opened beside the shelves."""
    page.get_by_role("link", name="Chat", exact=False).filter(has_text="Chat").last.click()
    return page.get_by_role("dialog", name="Chat with Asha's Kirana")


def between_tries(page: Page) -> None:
    """Nothing is on its way for a moment. What a page has under way when it is left is let through
    by the browser, route or no route."""
    with page.expect_event("requestfailed", lambda it: it.method == "POST"):
        pass


def only_looking(route: Route) -> None:
    """Pages are shown, and nothing that is sent gets through."""
    if route.request.method == "POST":
        route.abort("internetdisconnected")
    else:
        route.fallback()


def without_answer(route: Route) -> None:
    """What is sent arrives, and nobody hears of it; pages are shown."""
    if route.request.method == "POST":
        route.fetch(max_redirects=0)
        route.abort("internetdisconnected")
    else:
        route.fallback()


def kept(page: Page) -> list[str]:
    """What the storefront keeps on this device."""
    keys: list[str] = page.evaluate("Object.keys(localStorage)")
    return sorted(key.split(".")[2] for key in keys if key.startswith("kirana.storefront."))


def lives_here(page: Page) -> None:
    """The app has taken its place on the device."""
    page.evaluate(
        """async () => {
            const worker = navigator.serviceWorker;
            const claimed = new Promise((done) => {
                worker.addEventListener("controllerchange", done);
            });
            await worker.ready;
            if (!worker.controller) await claimed;
        }"""
    )
