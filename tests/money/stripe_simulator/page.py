"""The page where the payer types a card, and the one where the bank asks."""

from html import escape
from threading import RLock

from .state import Object, Stripe

Answer = tuple[int, bytes, dict[str, str]]


def show(stripe: Stripe, lock: RLock, path: str) -> Answer:
    with lock:
        session = stripe.sessions.get(path.split("/")[2])
        if session is None:
            return _html("<h1>There is no such page.</h1>", 404)
        if session["status"] != "open":
            return _html("<h1>This page is closed.</h1>")
        return _html(_form(session))


def pay(stripe: Stripe, lock: RLock, path: str, fields: dict[str, str]) -> Answer:
    with lock:
        session = stripe.sessions[path.split("/")[2]]
        if "challenge" in fields:
            is_passed = fields["challenge"] == "yes"
            trouble = stripe.answer_challenge(session["id"], passes=is_passed)
        else:
            trouble = stripe.pay(session["id"], fields.get("number", ""))
        if trouble == "challenge":
            return _html(_challenge(session))
        if trouble:
            return _html(_form(session, trouble))
        return 303, b"", {"Location": session["success_url"]}


def _form(session: Object, trouble: str = "") -> str:
    said = f'<p role="alert">{escape(trouble)}</p>' if trouble else ""
    return f"""
      <h1>Pay {_amount(session)}</h1>{said}
      <form method="post" action="/pay/{session["id"]}">
        <label>Card number <input name="number" inputmode="numeric" required></label>
        <button>Pay</button>
      </form>
      <a href="{escape(session["cancel_url"] or "")}">Back without paying</a>"""


def _challenge(session: Object) -> str:
    return f"""
      <h1>Your bank asks: is it you?</h1>
      <form method="post" action="/pay/{session["id"]}">
        <button name="challenge" value="yes">Yes, it is me</button>
        <button name="challenge" value="no">No</button>
      </form>"""


def _amount(session: Object) -> str:
    return f"{session['amount_total']} {session['currency'].upper()}"


def _html(content: str, status: int = 200) -> Answer:
    text = f"""<!doctype html><html lang="en"><meta charset="utf-8">
      <meta name="viewport" content="width=device-width"><title>Simulated Checkout</title>
      <link rel="icon" href="data:,">
      <body style="font: 16px/1.5 sans-serif; max-width: 28rem; margin: 2rem auto; padding: 0 1rem">
      {content}</body></html>"""
    return status, text.encode(), {"Content-Type": "text/html; charset=utf-8"}
