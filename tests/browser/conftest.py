"""Real browsers against a real server: the journeys as people walk them."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.servers import Server

from .programs import Program, Starter

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
OUTPUT = Path(__file__).parents[1] / "output"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # A later list of features replaces Playwright's own. The popups are pages of the address bar,
    # which each new page would start a process for, though nobody sees it.
    "--disable-features=WebRtcHideLocalIpsWithMdns,OptimizationHints,MediaRouter,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
]
PHONE: ViewportSize = {"width": 360, "height": 740}
TABLET: ViewportSize = {"width": 768, "height": 1024}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
REFUSALS = (401, 403, 409, 412, 422)
PATIENCE_MS = 20_000
MAY_BE_GONE = re.compile(r"/v1/(secrets/notebook|conversations/[0-9a-f-]{36})$")
"""Nobody has written in it yet; one has left it while it was asked for."""
WITHOUT_NETWORK = "net::ERR_INTERNET_DISCONNECTED"
"""What a browser writes when a test takes its network away."""


expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            group = "village" if "village" in getattr(item, "fixturenames", ()) else "town"
            item.add_marker(pytest.mark.xdist_group(group))
            item.add_marker(pytest.mark.flaky(retries=1))  # docs/decisions/0011


# Playwright keeps an event loop running in this thread, which no asynchronous test could share: so
# the browser lives no longer than the tests of this folder.
@pytest.fixture(scope="package")
def chromium() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    running = launch(chromium)
    yield running
    running.close()


@pytest.fixture(scope="package")
def whole_browser(chromium: BrowserType) -> Iterator[Browser]:
    """One that shows notices: they are outside of its pages."""
    running = launch(chromium, is_whole=True)
    yield running
    running.close()


def launch(chromium: BrowserType, *flags: str, is_whole: bool = False) -> Browser:
    """The distribution's Chromium, without what surrounds its pages if it comes in parts."""
    names = ["chromium", "chromium-browser"]
    if not is_whole:
        names.insert(0, "chromium-headless-shell")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    return chromium.launch(executable_path=found, args=[*FLAGS, *flags])


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo town."""
    yield from running(Server(tmp_path_factory.mktemp("town"), demo=True))


@pytest.fixture(scope="package")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where nobody lives yet."""
    yield from running(Server(tmp_path_factory.mktemp("village")))


def running(server: Server) -> Iterator[Server]:
    try:
        server.start(wait_s=300)
        yield server
    finally:
        server.stop()


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder. pytest's own cannot be put away after a second try."""
    return tmp_path_factory.mktemp("journey")


@pytest.fixture
def program(village: Server, tmp_path: Path) -> Iterator[Starter]:
    """`program()`: a further device for the Python client."""
    started: list[Program] = []

    def start() -> Program:
        started.append(Program(village, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.close()


Opener = Callable[..., Page]


@pytest.fixture
def visit(request: pytest.FixtureRequest) -> Iterator[Opener]:
    """`visit(url, size=PHONE)`: a new person with a device of their own. Where a test is marked for
    it, the app installs its service worker there.

    What a page throws or complains about in the console fails the test, but for refusals of the
    API: a browser writes them down before the page can say them in its own words.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    is_installed = request.node.get_closest_marker("service_worker") is not None
    browser = request.getfixturevalue("whole_browser" if is_installed else "browser")

    def hear(message: ConsoleMessage) -> None:
        where, text = str(message.location.get("url", "")), message.text
        is_refusal = "/v1/" in where and any(f"status of {code}" in text for code in REFUSALS)
        is_refusal |= bool(MAY_BE_GONE.search(where)) and "status of 404" in text
        is_refusal |= "/v1/socket'" in text and "response code: 403" in text
        if message.type == "error" and not is_refusal and WITHOUT_NETWORK not in text:
            errors.append(f"{where}: {text}")

    def open_page(url: str, *, size: ViewportSize = PHONE, **options: Any) -> Page:
        context = browser.new_context(
            viewport=size,
            has_touch=size is PHONE,
            is_mobile=size is PHONE,
            reduced_motion="reduce",
            service_workers="allow" if is_installed else "block",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on("console", hear)
        page.goto(url)
        return page

    yield open_page
    for number, context in enumerate(contexts):
        for page in context.pages:
            keep(page, f"{request.node.name}-{number}-end")
        context.close()
    assert not errors, errors


def keep(page: Page, name: str) -> None:
    """Keep a screenshot in the output of CI."""
    OUTPUT.mkdir(exist_ok=True)
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    page.screenshot(path=OUTPUT / f"{safe}.png")


def assert_accessible(page: Page, *rules: str) -> None:
    """No serious finding by axe on what is shown now; by these rules only, if some are given."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text() + "; undefined")
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    found = page.evaluate("(options) => axe.run(document, options)", options)
    serious = [
        f"{v['id']}: {v['help']}: {[n['target'] for n in v['nodes']][:3]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert not serious, f"{page.url}: {serious}"


def assert_fits(page: Page) -> None:
    """Nothing sticks out to the side; on a phone not even of what scrolls within the page."""
    too_wide = page.evaluate(
        """() => {
            const scrolls = (it) => {
                const style = getComputedStyle(it);
                return /auto|scroll/.test(style.overflowX) && /auto|scroll/.test(style.overflowY)
                    && style.scrollSnapType === 'none' && it.clientHeight > 160
                    && innerWidth < 600;
            };
            const found = [];
            for (const box of [document.scrollingElement, ...document.querySelectorAll('body *')]) {
                if (box.scrollWidth <= box.clientWidth + 1) continue;
                if (box !== document.scrollingElement && !scrolls(box)) continue;
                const edge = box.getBoundingClientRect();
                const isOut = (it) => {
                    const at = it.getBoundingClientRect();
                    return at.width > 0 && (at.right > edge.right + 1 || at.left < edge.left - 1);
                };
                const out = [...box.querySelectorAll('*')].filter(isOut);
                found.push(...[box, ...out].slice(0, 4).map((it) => it.outerHTML.slice(0, 120)));
            }
            return found;
        }"""
    )
    assert not too_wide, f"{page.url}: {too_wide}"


def looked_at(page: Page, name: str) -> None:
    """Keep a picture; nothing is too wide, nothing makes a screen reader stumble."""
    expect(page).to_have_title(re.compile("."))
    expect(page.get_by_role("heading").first).to_be_visible()
    keep(page, name)
    assert_fits(page)
    assert_accessible(page)
