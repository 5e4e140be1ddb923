"""Nothing that was written is lost or said twice, whatever the network does."""

import re

from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, keep, looked_at
from .steps import enter_as

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


def test_a_stranger_writes_on_while_the_network_is_away(town: Server, visit: Opener) -> None:
    stranger = visit(f"{town.url}/ashas-kirana", size=PHONE)
    stranger.get_by_role("link", name="Chat", exact=True).click()
    panel = stranger.get_by_role("dialog", name="Chat with Asha's Kirana")
    panel.get_by_label("Message").fill("Are you open?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("Namaste, this is Asha.")).to_be_visible()

    stranger.context.set_offline(True)
    for words in ("I will come by bicycle.", "At six."):
        panel.get_by_label("Message").fill(words)
        panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("No connection.")).to_be_visible()
    stranger.context.set_offline(False)
    expect(panel.get_by_text("Sending…")).to_have_count(0)
    stranger.goto(f"{town.url}/ashas-kirana/chat")
    log = stranger.get_by_role("log")
    expect(log.get_by_text("I will come by bicycle.")).to_have_count(1)
    expect(log.get_by_text("At six.")).to_have_count(1)


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
