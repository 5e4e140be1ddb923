"""Every screen: in light and dark, on a phone and at a desk, from left to right and from right to
left. It opens without a complaint, fits, and axe finds nothing serious."""

import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, assert_accessible, assert_fits, keep
from .screens import of_buyer, of_operator, of_public, of_seller
from .steps import enter_as


def test_every_public_page_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(town.url)
    look_at(page, town, "public", of_public(page, town))


def test_every_screen_of_a_buyer_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    look_at(page, town, "app", ["/app/sign-in"])
    enter_as(page, town, "Ravi Menon")
    look_at(page, town, "buyer", of_buyer(page, town))


def test_every_screen_of_a_seller_is_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Asha Kulkarni", "/app/my-shop")
    look_at(page, town, "seller", of_seller(page, town))


def test_the_operator_s_and_the_agent_s_screens_are_well_made(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Omar Haddad", "/app/pay")
    look_at(page, town, "operator", of_operator())
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Nadia", "/app/pay")
    look_at(page, town, "agent", ["/app/pay", "/app/pay/do/cash-in"])


def test_back_leads_to_where_one_was(town: Server, visit: Opener) -> None:
    page = visit(f"{town.url}/app/sign-in")
    enter_as(page, town, "Ravi Menon", "/app/shops")
    scroller = page.locator("[data-scroll=page]")
    shop = page.get_by_role("main").get_by_role("link", name=re.compile("Asha's Kirana")).last
    shop.scroll_into_view_if_needed()
    where = scroller.evaluate("it => it.scrollTop")
    assert where > 0
    shop.click()
    expect(page.get_by_role("heading", level=1, name="Asha's Kirana")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Shops")).to_be_visible()
    page.wait_for_function(
        "top => document.querySelector('[data-scroll=page]').scrollTop === top", arg=where
    )


@pytest.mark.parametrize("language", ["ar", "hi", "de"])
def test_the_public_s_pages_speak_the_reader_s_language(
    town: Server, visit: Opener, language: str
) -> None:
    page = visit(f"{town.url}/noor-tailors", locale=language)
    root = page.locator("html")
    expect(root).to_have_attribute("lang", language)
    expect(root).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    first = page.locator("[id^=product-] a").first.get_attribute("href")
    for number, path in enumerate(["/", "/noor-tailors", first, "/noor-tailors/chat"]):
        page.goto(f"{town.url}{path}")
        keep(page, f"{language}-{number}")
        assert_fits(page)
        assert_accessible(page)


def look_at(page: Page, town: Server, group: str, paths: Iterable[str]) -> None:
    """Each screen in all its looks; everything that is wrong is told at once."""
    wrong: list[str] = []
    for number, path in enumerate(paths):
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(PHONE)
        page.goto(f"{town.url}{path}")
        expect(page).to_have_title(re.compile("."))
        expect(page.get_by_role("heading").filter(visible=True).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        words = re.sub("[0-9a-f-]{30,}|app/", "", str(path)).strip("/")
        name = f"screen-{group}-{number:02}-{words}"
        for size, scheme in (
            (PHONE, "light"),
            (PHONE, "dark"),
            (DESKTOP, "dark"),
            (DESKTOP, "light"),
        ):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            look = f"{name}-{'phone' if size is PHONE else 'desk'}-{scheme}"
            keep(page, look)
            try:
                # In the dark only the colors are others.
                assert_accessible(page, *(["color-contrast"] if scheme == "dark" else []))
                assert_fits(page)
            except AssertionError as error:
                wrong.append(f"{look}: {error}")
        page.set_viewport_size(PHONE)
        page.evaluate("document.documentElement.dir = 'rtl'")
        try:
            assert_fits(page)
        except AssertionError as error:
            wrong.append(f"{name}, right to left: {error}")
    assert not wrong, "\n".join(wrong)
