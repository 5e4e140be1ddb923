"""Real browsers against a real server: the journeys as people walk them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers import Server

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
    "--disable-features=WebRtcHideLocalIpsWithMdns,OptimizationHints,MediaRouter",
]
PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
DESKTOP = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo town."""
    server = Server(tmp_path_factory.mktemp("town"), demo=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where nobody lives yet."""
    server = Server(tmp_path_factory.mktemp("village"))
    server.start()
    yield server
    server.stop()


Opener = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """`visit(url, size=PHONE)`: a new person with a device of their own. A page error fails."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(url: str, *, size: dict[str, int] = PHONE, **options: Any) -> Page:
        context = browser.new_context(
            viewport=size,
            has_touch=size is PHONE,
            is_mobile=size is PHONE,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
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


def assert_accessible(page: Page) -> None:
    """No serious finding by axe on what is shown now."""
    page.evaluate(AXE.read_text() + "; undefined")
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    serious = [
        f"{v['id']}: {v['help']}: {[n['target'] for n in v['nodes']][:3]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert not serious, f"{page.url}: {serious}"
