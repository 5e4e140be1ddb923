"""Photos, videos, voice and files in private conversations, as people send and look at them."""

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Request, Route, expect

from tests.clips import webm
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, keep, looked_at, running
from .test_private import Somebody

LOST = "internetdisconnected"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from running(Server(tmp_path_factory.mktemp("studio")))


def pair(server: Server, visit: Opener, one: str, two: str) -> tuple[Somebody, Somebody]:
    """Two people who look at their conversation."""
    first = Somebody(server, visit(server.url, size=DESKTOP), one)
    second = Somebody(server, visit(server.url, size=PHONE), two)
    first.knows(second)
    second.knows(first)
    first.opens(second)
    first.says("Hello")
    second.opens(first)
    second.reads("Hello")
    return first, second


def picture(colour: str = "#d98c1f") -> FilePayload:
    """As a camera makes it: with the place where it was taken, in both of the usual ways."""
    file = io.BytesIO()
    taken = Image.Exif()
    taken[0x010F] = "Fernweh Cameras"
    taken.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    Image.new("RGB", (2600, 1300), colour).save(file, "JPEG", exif=taken)
    return {"name": "DSC_0001.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def film(seconds: int = 3, *, size: tuple[int, int] = (320, 180), noise: int = 0) -> FilePayload:
    content = webm(seconds, size=size, noise=noise)
    return {"name": "film.webm", "mimeType": "video/webm", "buffer": content}


def choose(page: Page, *files: FilePayload) -> None:
    page.get_by_test_id("photos").set_input_files(files)


def send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send")).click()


def test_photos_and_a_video_are_one_message_and_play(studio: Server, visit: Opener) -> None:
    asha, ravi = pair(studio, visit, "Asha", "Ravi")
    choose(asha.page, picture(), film(), picture("#3d37a6"))
    expect(asha.page.get_by_role("button", name="Remove this")).to_have_count(3)
    asha.page.get_by_role("textbox", name="Message Ravi").fill("From the market")
    send(asha.page)

    ravi.reads("From the market")
    tiles = ravi.log.get_by_role("button", name=re.compile("^(Open photo|Play video)"))
    expect(tiles).to_have_count(3)
    looked_at(ravi.page, "media-album")

    # It plays in the viewer, from any moment.
    ravi.log.get_by_role("button", name="Play video, 0:03").click()
    viewer = ravi.page.get_by_role("dialog", name="3 photos and videos")
    player = viewer.locator("video")
    expect(player).to_have_js_property("duration", 3)
    expect(viewer.get_by_text("2 of 3")).to_be_visible()
    player.evaluate("(it) => { it.pause(); it.currentTime = 2; }")
    expect(player).to_have_js_property("currentTime", 2)
    expect(player).to_have_js_property("seeking", False)
    looked_at(ravi.page, "media-viewer-video")

    # Arrow keys go on; a photo is made larger, and saved without the place where it was taken.
    ravi.page.get_by_role("button", name="Close").focus()
    ravi.page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("3 of 3")).to_be_visible()
    viewer.get_by_role("button", name="Larger or smaller").click()
    photo = viewer.locator("figure").nth(2).locator("img")
    expect(photo).to_have_js_property("naturalWidth", 2048)
    assert (photo.bounding_box() or {"width": 0})["width"] > PHONE["width"] * 2
    keep(ravi.page, "media-viewer-zoom")
    with ravi.page.expect_download() as saved:
        viewer.get_by_role("button", name="Save").click()
    with Image.open(saved.value.path()) as kept:
        assert kept.size == (2048, 1024)
        assert not kept.getexif()
        assert not kept.info.get("exif")
    ravi.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


def parts(page: Page) -> list[int]:
    """The numbers of the parts that this page sends from now on."""
    sent: list[int] = []

    def hear(request: Request) -> None:
        if "/parts/" in request.url:
            sent.append(int(request.url.rsplit("/", 1)[-1]))

    page.on("request", hear)
    return sent


def ring(somebody: Somebody, label: str) -> Locator:
    return somebody.log.get_by_role("button", name=re.compile(label))


def test_a_long_upload_is_stopped_goes_on_and_survives_a_reload(
    studio: Server, visit: Opener
) -> None:
    asha, ravi = pair(studio, visit, "Aino", "Rune")
    large = film(4, size=(640, 480), noise=60)
    count = -(-len(large["buffer"]) // (1024 * 1024))
    assert count > 3, "It goes in several parts."
    context = asha.page.context

    # The network is lost after two parts.
    def fail(route: Route) -> None:
        number = int(route.request.url.rsplit("/", 1)[-1])
        route.abort(LOST) if number >= 2 else route.continue_()

    context.route("**/v1/media-uploads/*/parts/*", fail)
    choose(asha.page, large)
    send(asha.page)
    expect(ring(asha, "^Stop for now, [1-9]")).to_be_visible()
    looked_at(asha.page, "media-upload")

    # What is stopped stays so, also after a reload; what is said meanwhile is not held up by it.
    ring(asha, "^Stop for now").click()
    expect(ring(asha, "^Go on")).to_be_visible()
    asha.page.reload()
    expect(ring(asha, "^Go on")).to_be_visible()
    looked_at(asha.page, "media-upload-stopped")
    asha.says("A film is coming")
    ravi.reads("A film is coming")

    # It goes on with the first part that is missing.
    context.unroute("**/v1/media-uploads/*/parts/*", fail)
    sent = parts(asha.page)
    ring(asha, "^Go on").click()
    expect(ravi.log.get_by_role("button", name="Play video, 0:04")).to_be_visible()
    assert sent == list(range(2, count))
    ravi.log.get_by_role("button", name="Play video, 0:04").click()
    expect(ravi.page.locator("dialog video")).to_have_js_property("duration", 4)
    ravi.page.get_by_role("button", name="Close").click()

    # And what nobody wants to send any more is not sent.
    context.route("**/v1/media-uploads/*/parts/*", lambda route: route.abort(LOST))
    choose(asha.page, picture())
    send(asha.page)
    asha.log.get_by_role("button", name="Do not send").click()
    expect(asha.log.get_by_role("button", name="Do not send")).to_have_count(0)
    context.unroute_all()
    asha.says("That was all")
    ravi.reads("That was all")
    expect(ravi.log.get_by_role("button", name="Open photo")).to_have_count(0)
