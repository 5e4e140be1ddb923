"""What people do again and again: come in, open a chat, type a PIN."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

PIN = "2719"
"""Everybody's PIN in the demo town."""


def sign_up(page: Page, server: Server, address: str, name: str) -> None:
    """A new account, by the code that was sent."""
    page.goto(f"{server.url}/app/sign-in")
    page.get_by_label("Phone or e-mail").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    code.fill(server.code_for(address))
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Start").click()
    expect(main_navigation(page)).to_be_visible()


def sign_in(page: Page, server: Server, address: str) -> None:
    """Somebody who has an account, by the next code that is sent."""
    page.goto(f"{server.url}/app/sign-in")
    page.get_by_label("Phone or e-mail").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    code.fill(server.code_for(address))
    expect(main_navigation(page)).to_be_visible()


def enter_as(page: Page, server: Server, name: str, path: str = "/app/chats") -> None:
    """One tap in the demo town, and one is somebody."""
    page.goto(f"{server.url}/app/sign-in?next={path}")
    page.get_by_role("button", name=name).click()
    expect(page).to_have_url(re.compile("^" + re.escape(server.url + path)))


def main_navigation(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Main").filter(visible=True)


def type_digits(page: Page, digits: str) -> None:
    """On the keypad that is on the screen."""
    for digit in digits:
        page.get_by_role("button", name=digit, exact=True).filter(visible=True).click()


def give_pin(page: Page, pin: str = PIN) -> None:
    """Confirm, where the sheet asks for it."""
    sheet = page.get_by_role("dialog", name="Confirm")
    expect(sheet).to_be_visible()
    for digit in pin:
        sheet.get_by_role("button", name=digit, exact=True).click()
    sheet.get_by_role("button", name="Confirm").click()
    expect(sheet).to_be_hidden()
