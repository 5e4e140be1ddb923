"""Codes: a person shows theirs, somebody else scans it, and what is foreign is not followed."""

import re
from io import BytesIO
from pathlib import Path

import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.servers import Server

from .conftest import PHONE, Opener, launch, looked_at
from .steps import enter_as


def test_a_photo_of_a_person_s_code_opens_the_chat_with_them(town: Server, visit: Opener) -> None:
    meera = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(meera, town, "Meera", "/app/you")
    meera.get_by_role("link", name=re.compile("^My code")).click()
    code = meera.get_by_role("img", name=re.compile("The code of Meera"))
    expect(code).to_be_visible()
    expect(meera.get_by_text(f"{town.url}/app/u/")).to_be_visible()
    expect(meera.get_by_role("button", name="Copy link")).to_be_visible()
    looked_at(meera, "my-code")
    photo = code.screenshot()

    greta = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(greta, town, "Greta Lindner")
    greta.get_by_role("button", name="New chat").click()
    greta.get_by_role("link", name="Scan a code").click()
    expect(greta.get_by_role("heading", name="Scan a code")).to_be_visible()
    expect(greta.get_by_text("into the frame")).to_be_visible()
    looked_at(greta, "scanner")
    give_photo(greta, photo)
    expect(greta).to_have_url(re.compile("/app/chats/[0-9a-f-]{36}"))
    expect(greta.get_by_role("heading", name=re.compile("Meera"))).to_be_visible()
    saved = greta.request.get(f"{town.url}/v1/contacts").json()["items"]
    assert any(it["user"]["name"].startswith("Meera") for it in saved)


def test_the_codes_of_shops_and_payments_lead_where_they_say(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(page, town, "Ravi Menon", "/app/scan")
    give_photo(page, page.request.get(f"{town.url}/ashas-kirana/qr.png").body())
    expect(page).to_have_url(f"{town.url}/app/shops/ashas-kirana")

    page.goto(f"{town.url}/app/pay")
    page.get_by_role("link", name="Scan a code").click()
    give_photo(page, drawn(f"{town.url}/app/pay/to/meera"))
    expect(page).to_have_url(re.compile("/app/pay/do/send/[0-9a-f-]{36}"))
    expect(page.get_by_text("Meera").first).to_be_visible()


def test_a_foreign_code_is_explained_and_not_followed(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in", size=PHONE)
    # The camera's page loads the reader at once.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    enter_as(page, town, "Ravi Menon", "/app/scan")

    give_photo(page, drawn("https://evil.example/app/u/meera"))
    expect(page.get_by_role("heading", name="This code is from somewhere else")).to_be_visible()
    expect(page.get_by_text("https://evil.example/app/u/meera")).to_be_visible()
    expect(page).to_have_url(f"{town.url}/app/scan")
    looked_at(page, "foreign-code")

    # The reader came from this server: nothing else was asked.
    assert any(url.endswith(".wasm") for url in asked)
    assert [url for url in asked if not url.startswith((town.url, "data:", "blob:"))] == []

    give_photo(page, picture(Image.new("RGB", (400, 400), "white")))
    expect(page.get_by_text("There is no code in this photo.")).to_be_visible()


def test_the_camera_reads_a_code(town: Server, browser: Browser, tmp_path: Path) -> None:
    film = tmp_path / "code.mjpeg"
    with Image.open(BytesIO(drawn(f"{town.url}/ashas-kirana"))) as code:
        seen = Image.new("RGB", (640, 480), "#776655")
        seen.paste(code.convert("RGB").resize((300, 300)).rotate(8, fillcolor="#ffffff"), (170, 90))
        film.write_bytes(picture(seen, "JPEG") * 10)
    with launch(browser.browser_type, f"--use-file-for-fake-video-capture={film}") as chromium:
        page = chromium.new_page(viewport=PHONE)
        enter_as(page, town, "Ravi Menon")
        page.goto(f"{town.url}/app/scan")
        expect(page).to_have_url(f"{town.url}/app/shops/ashas-kirana")


def test_without_a_camera_the_scanner_says_why_and_offers_a_photo(
    town: Server, visit: Opener
) -> None:
    page = visit(f"{town.url}/app/sign-in", size=PHONE)
    enter_as(page, town, "Ravi Menon")
    for error, words in {
        "NotAllowedError": "This page may not use the camera.",
        "NotFoundError": "This device has no camera.",
        "NotReadableError": "Something else is using the camera.",
    }.items():
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = "
            f"() => Promise.reject(new DOMException('', '{error}'))"
        )
        page.goto(f"{town.url}/app/scan")
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_role("button", name="Choose a photo")).to_be_visible()
    looked_at(page, "no-camera")


def give_photo(page: Page, photo: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photo").click()
    chooser.value.set_files({"name": "code.png", "mimeType": "image/png", "buffer": photo})


def drawn(text: str) -> bytes:
    out = BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=8, border=4)
    return out.getvalue()


def picture(image: Image.Image, kind: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, kind, quality=90)
    return out.getvalue()
