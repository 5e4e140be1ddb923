"""How it feels: 10,000 conversations and 100,000 messages in the distribution's Chromium.

The list and a conversation of 20,000 messages are scrolled by the wheel at a steady rate, and
conversations are opened from what the device keeps; as the machine is, and with its processor
slowed down four times.
"""

import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, Playwright, sync_playwright
from tests.browser.conftest import DESKTOP, launch
from tests.servers import Server
from tests.years import Years, spend_years

from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.settings import Settings

CONVERSATIONS, MESSAGES, LONGEST = 10_000, 100_000, 20_000
OPENED = 20
SAID = 60
"""As many as fill a screen where conversations are opened."""
SLOWDOWNS = (1, 4)
SCROLLED_MS = 8_000
STEP_PX, STEP_MS = 40, 16
"""2,500 pixels a second: about as fast as one can still follow."""
LIST, LOG = "[data-scroll=list]", "[role=log]"
FRAMES = "disabled-by-default-devtools.timeline.frame"

WATCH = """
(() => {
    const isWatched = 'tasks' in window;
    window.intervals = [];
    window.tasks = [];
    if (isWatched) return;
    window.scrolled = (selector) => document.querySelector(selector).scrollTop;
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
    let last = 0;
    const next = (now) => {
        if (last) window.intervals.push(now - last);
        last = now;
        requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
})()
"""
PRESS = """
([href, lastText]) => new Promise((done) => {
    const link = document.querySelector(`a[href*="${href}"]`);
    const from = performance.now();
    link.click();
    const look = () => {
        const shown = [...document.querySelectorAll('[role=log] [data-seq]')].at(-1);
        const isThere = location.pathname.includes(href) && shown?.textContent.includes(lastText);
        // This frame draws it; what is waited for comes after.
        if (isThere) setTimeout(() => done(performance.now() - from));
        else requestAnimationFrame(look);
    };
    look();
})
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        server = Server(Path(folder))
        years = _talk_for_years(server)
        server.start()
        try:
            with sync_playwright() as playwright:
                for slowdown in SLOWDOWNS:
                    _measure(playwright, server, years, slowdown)
        finally:
            server.stop()


def _talk_for_years(server: Server) -> Years:
    each, more = divmod(MESSAGES - LONGEST, CONVERSATIONS - 1)
    sizes = [each + (n < more) for n in range(CONVERSATIONS - 1)]
    sizes[1 : OPENED + 1] = [SAID] * OPENED
    with maintenance.opened(Settings.read(server.environment)) as database:
        migrate.upgrade(database)
        return spend_years(database, [LONGEST, *sizes])


def _measure(playwright: Playwright, server: Server, years: Years, slowdown: int) -> None:
    print(
        f"\nFeel: {CONVERSATIONS} conversations, {MESSAGES} messages, CPU slowed {slowdown} times"
    )
    with _browser(playwright) as (page, devtools):
        page.context.add_cookies(
            [{"name": "kirana_session", "value": years.token, "url": server.url}]
        )
        list_url = f"{server.url}/app/chats?as={years.shop_id}"
        page.goto(list_url)
        rows = page.get_by_role("list", name="Chats").get_by_role("listitem")
        rows.first.wait_for()
        _load_all(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        _scroll(page, devtools, "list, all of it loaded", LIST, STEP_PX)
        page.evaluate(f"document.querySelector('{LIST}').scrollTop = 0")
        page.wait_for_timeout(1000)
        _open(page, [str(place) for place in years.conversations[2 : OPENED + 2]])
        page.goto(f"{server.url}/app/chats/{years.conversations[0]}?as={years.shop_id}")
        page.locator(f"{LOG} [data-seq]").first.wait_for()
        page.wait_for_timeout(3000)
        _scroll(page, devtools, f"conversation of {LONGEST}, upwards", LOG, -STEP_PX)
        _scroll(page, devtools, "and down again", LOG, STEP_PX)


@contextmanager
def _browser(playwright: Playwright) -> Iterator[tuple[Page, CDPSession]]:
    browser = launch(playwright.chromium)
    try:
        context = browser.new_context(viewport=DESKTOP)
        context.set_default_timeout(120_000)
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        # Processor time of the page's thread, whatever else runs on the machine.
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield page, devtools
    finally:
        browser.close()


def _load_all(page: Page) -> None:
    """Until all conversations are in memory."""
    page.evaluate(
        """async (count) => {
            const pane = document.querySelector('[data-scroll=list]');
            const isThere = () =>
                document.querySelector(`[aria-setsize="${count}"]`) !== null;
            while (!isThere()) {
                pane.scrollTop = pane.scrollHeight;
                await new Promise((done) => setTimeout(done, 50));
            }
            pane.scrollTop = 0;
        }""",
        CONVERSATIONS,
    )
    page.wait_for_timeout(2000)


def _scroll(page: Page, devtools: CDPSession, name: str, selector: str, step: int) -> None:
    over = page.locator(selector).first
    box = over.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(box["height"] / 2, 300)}
    page.evaluate(WATCH)
    from_px = page.evaluate("scrolled", selector)
    before = _figures(devtools)
    with _traced(page) as events:
        devtools.send(
            "Input.synthesizeScrollGesture",
            {
                **at,
                "yDistance": -step * (SCROLLED_MS // STEP_MS),
                "speed": abs(step) * 1000 // STEP_MS,
                "gestureSourceType": "mouse",
                "preventFling": True,
            },
        )
    intervals, tasks = page.evaluate("[window.intervals, window.tasks]")
    figures = _figures(devtools)
    gone_px = abs(page.evaluate("scrolled", selector) - from_px)
    _tell(name, events, intervals, tasks)
    print(f"    {gone_px:.0f} of {abs(step) * (SCROLLED_MS // STEP_MS)} pixels were gone")
    _tell_cost(before, figures)
    drawn = page.evaluate("document.querySelectorAll('*').length")
    print(f"    {drawn} elements, JS heap {figures['JSHeapUsedSize'] / 1e6:.0f} MB")


@contextmanager
def _traced(page: Page) -> Iterator[list[dict[str, Any]]]:
    """What the browser tells of its frames."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    ended: list[bool] = []
    session.on("Tracing.tracingComplete", lambda _told: ended.append(True))
    categories = {"includedCategories": [FRAMES]}
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": categories})
    yield events
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    session.detach()


def _figures(devtools: CDPSession) -> dict[str, float]:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in metrics}


def _tell_cost(before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Of the page's own thread, for one step of the wheel. Slowed down it spends the rest waiting
    busily, so that only the first run tells something."""
    steps = SCROLLED_MS // STEP_MS
    names = ("Script", "RecalcStyle", "Layout", "Task")
    each = {
        name: (after[f"{name}Duration"] - before[f"{name}Duration"]) * 1000 / steps
        for name in names
    }
    rest = each["Task"] - each["Script"] - each["RecalcStyle"] - each["Layout"]
    print(
        f"    {each['Task']:.2f} ms CPU for {STEP_PX} pixels: script {each['Script']:.2f}, style"
        f" {each['RecalcStyle']:.2f}, layout {each['Layout']:.2f}, paint and the rest {rest:.2f}"
    )


def _tell(
    name: str, events: list[dict[str, Any]], intervals: list[float], tasks: list[float]
) -> None:
    """Frames that came onto the screen; the page's own thread may follow more slowly, as long as
    nothing is missing in them and one gets as far as one scrolls."""
    drawn = [event for event in events if event["name"] == "DrawFrame"]
    trees = Counter(event["args"]["layerTreeId"] for event in drawn)
    tree = trees.most_common(1)[0][0]
    moments = sorted(event["ts"] / 1000 for event in drawn if event["args"]["layerTreeId"] == tree)
    frames = [later - earlier for earlier, later in pairwise(moments)]
    rate, median = len(frames) / sum(frames) * 1000, statistics.median(frames)
    late, lost = (sum(frame > bar for frame in frames) / len(frames) for bar in (25, 42))
    print(f"  {name}: {rate:.1f} frames/s, median {median:.1f} ms   bar: 60 frames/s")
    print(f"    {late:.1%} of the frames came after 25 ms, {lost:.1%} after 42 ms")
    reports = [
        event["args"]["frame_reporter"]
        for event in events
        if event["name"] == "PipelineReporter" and "frame_reporter" in event.get("args", {})
    ]
    bare = sum(report["has_missing_content"] for report in reports)
    page_rate = len(intervals) / sum(intervals) * 1000
    print(f"    in {bare} of {len(reports)} something was missing")
    print(f"    the page's own thread follows {page_rate:.0f} times a second")
    print(f"    {len(tasks)} long tasks, the longest {max(tasks, default=0):.0f} ms")


def _open(page: Page, places: list[str]) -> None:
    """Each once to have it on the device, then again after a reload: from the device."""
    _press(page, places)
    page.wait_for_timeout(1000)
    page.reload()
    page.get_by_role("list", name="Chats").get_by_role("listitem").first.wait_for()
    page.wait_for_timeout(5000)
    for name in ("from the device's store", "that was open before"):
        taken = _press(page, places)
        print(
            f"  open a conversation {name}: p50 {statistics.median(taken):.0f} ms,"
            f" worst of {len(taken)} {max(taken):.0f} ms   bar: 100 ms"
        )


def _press(page: Page, places: list[str]) -> list[float]:
    """Milliseconds from each click to the frame after the last message was drawn."""
    taken = []
    for number, place in enumerate(places):
        top = max(0, number - 4) * 64
        page.evaluate(f"document.querySelector('[data-scroll=list]').scrollTop = {top}")
        page.locator(f'a[href*="{place}"]').wait_for()
        page.wait_for_timeout(300)
        taken.append(page.evaluate(PRESS, [place, f"Number {SAID}."]))
    return taken
