"""A conversation with a shop: photos, products, replies, typing and ticks, live on both sides."""

import io
import re

from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at
from .steps import enter_as


def test_a_shop_answers_with_a_photo_and_a_product(town: Server, visit: Opener) -> None:
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)
    asha.get_by_role("link", name=re.compile("Ravi Menon")).first.click()
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(ravi, town, "Ravi Menon")
    ravi.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    his, hers = ravi.get_by_role("log"), asha.get_by_role("log")

    # She sees him type; what he wrote is read.
    field = ravi.get_by_role("textbox", name="Message Asha's Kirana")
    field.press_sequentially("Which honey is that?")
    expect(asha.get_by_text("typing…").first).to_be_visible()
    ravi.get_by_role("button", name="Send", exact=True).click()
    expect(hers.get_by_text("Which honey is that?")).to_be_visible()
    expect(his.get_by_text("Read", exact=True).last).to_be_attached()

    # A photo with words, and the product itself.
    asha.get_by_test_id("photos").set_input_files(photo())
    asha.get_by_role("textbox", name="Message Ravi Menon").fill("This one")
    asha.get_by_role("button", name="Send photo").click()
    expect(his.get_by_text("This one")).to_be_visible()
    expect(his.get_by_role("button", name="Open photo").last).to_be_visible()
    asha.get_by_role("button", name="Attach").click()
    asha.get_by_role("menuitem", name="Product").click()
    picker = asha.get_by_role("dialog", name="Choose a product")
    picker.get_by_role("searchbox", name="Search your products").fill("honey")
    looked_at(asha, "product-picker")
    picker.get_by_role("button", name=re.compile("Wild honey")).click()
    card = his.get_by_role("link", name=re.compile("Wild honey, 350 g")).last
    expect(card).to_be_visible()
    looked_at(ravi, "chat-photo-and-product")
    looked_at(asha, "chat-photo-and-product-seller")

    # A tap shows it in the shop.
    card.click()
    expect(ravi.get_by_role("dialog", name="Wild honey, 350 g")).to_be_visible()


def test_a_voice_note_is_heard_on_the_other_side(town: Server, visit: Opener) -> None:
    asha = visit(f"{town.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, town, "Asha Kulkarni")
    asha.get_by_role("radio", name="Asha's Kirana").check(force=True)
    asha.get_by_role("link", name=re.compile("Ravi Menon")).first.click()
    ravi = visit(f"{town.url}/app/sign-in", size=PHONE, permissions=["microphone"])
    enter_as(ravi, town, "Ravi Menon")
    ravi.get_by_role("link", name=re.compile("Asha's Kirana")).first.click()
    notes = asha.get_by_role("log").get_by_role("button", name=re.compile("^Play voice note"))
    expect(asha.get_by_role("log")).to_be_visible()
    before = notes.count()

    # Thrown away, nothing is said.
    ravi.get_by_role("button", name="Record a voice note").click()
    ravi.get_by_role("button", name="Throw the recording away").click()
    expect(ravi.get_by_role("textbox", name="Message Asha's Kirana")).to_be_focused()

    # Sent, it is a sound of about that length for whoever has it.
    ravi.get_by_role("button", name="Record a voice note").click()
    expect(ravi.get_by_role("timer")).to_have_text("0:02")
    looked_at(ravi, "voice-recording")
    ravi.get_by_role("button", name="Send the voice note").click()
    expect(notes).to_have_count(before + 1)
    note = notes.last
    expect(note).to_have_accessible_name(re.compile(r"0:(0[2-9]|[1-5]\d)$"))
    looked_at(asha, "voice-note")
    note.click()
    expect(asha.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    moment = asha.get_by_role("slider", name="Moment of the voice note").last
    expect(moment).to_have_attribute("aria-valuetext", re.compile(r"0:(0[1-9]|[1-5]\d)"))
    expect(note).to_be_visible()


def photo() -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), "#d98c1f").save(file, "JPEG")
    return {"name": "honey.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
