"""What Stripe knows and how it changes: pages, payments, refunds, disputes, and the balance."""

import copy
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .forms import BadRequest, check, whole

Object = dict[str, Any]

CARDS = {
    "4242424242424242": None,
    "4000002500003155": "challenge",
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
}
"""Numbers for tests, and what becomes of them: paid, a question by the bank, or a refusal."""

DECLINES = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_number": ("incorrect_number", "Your card number is incorrect."),
    "authentication": (
        "payment_intent_authentication_failure",
        "We are unable to authenticate your payment method.",
    ),
}
_ZERO = {
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
}  # fmt: skip
_HUNDREDS = {"isk", "ugx"}
_TENS = {"bhd", "jod", "kwd", "omr", "tnd"}
FEE_PPM = 29_000
AUTHORIZED_FOR_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way: the bytes and the header of the request."""

    id: str
    type: str
    body: bytes
    signature: str


@dataclass
class Stripe:
    """One account. `now` is in seconds."""

    now: Callable[[], int]
    secret: str = "whsec_simulator"
    base_url: str = ""
    name: str = ""
    sessions: dict[str, Object] = field(default_factory=dict)
    intents: dict[str, Object] = field(default_factory=dict)
    charges: dict[str, Object] = field(default_factory=dict)
    refunds: dict[str, Object] = field(default_factory=dict)
    disputes: dict[str, Object] = field(default_factory=dict)
    payouts: dict[str, Object] = field(default_factory=dict)
    transactions: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    endpoints: dict[str, Object] = field(default_factory=dict)
    _told: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # Checkout

    def open_session(self, params: Mapping[str, Any]) -> Object:
        check(
            params,
            {
                "mode", "client_reference_id", "metadata", "line_items", "payment_intent_data",
                "success_url", "cancel_url", "expires_at", "expand",
            },
            ("mode", "line_items", "success_url"),
        )  # fmt: skip
        if params["mode"] != "payment":
            raise BadRequest("parameter_invalid", "Only payments here.", param="mode")
        amount, currency = 0, ""
        for line in params["line_items"].values():
            check(line, {"quantity", "price_data"}, ("quantity", "price_data"))
            price = line["price_data"]
            check(price, {"currency", "unit_amount", "product_data"}, ("currency", "product_data"))
            check(price["product_data"], {"name"}, ("name",))
            currency = price["currency"]
            amount += whole(line, "quantity") * whole(price, "unit_amount")
        self._check_amount(amount, currency)
        data = params.get("payment_intent_data", {})
        check(data, {"metadata", "capture_method"})
        if data.get("capture_method", "automatic") not in ("automatic", "manual"):
            raise BadRequest("parameter_invalid", "Unknown method.", param="capture_method")
        expires_at = whole(params, "expires_at") if "expires_at" in params else self.now() + 86400
        if not 1800 <= expires_at - self.now() <= 86400:
            raise BadRequest(
                "parameter_invalid", "Between 30 minutes and 24 hours from now.", param="expires_at"
            )
        id = self._id("cs_test_")
        session: Object = {
            "id": id,
            "object": "checkout.session",
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": self.now(),
            "currency": currency,
            "customer": None,
            "customer_details": None,
            "expires_at": expires_at,
            "livemode": False,
            "metadata": dict(params.get("metadata", {})),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params["success_url"],
            "url": f"{self.base_url}/pay/{id}",
        }
        self.sessions[id] = session
        session["_data"] = {
            "capture_method": data.get("capture_method", "automatic"),
            "metadata": dict(data.get("metadata", {})),
        }
        return session

    def expire_session(self, id: str) -> Object:
        session = self._get(self.sessions, id)
        if session["status"] != "open":
            raise BadRequest("resource_already_exists", f"This page is {session['status']}.")
        self._expire(session)
        return session

    def pass_time(self) -> None:
        """Close the pages and let go the holds whose time is over."""
        for session in list(self.sessions.values()):
            if session["status"] == "open" and session["expires_at"] <= self.now():
                self._expire(session)
        for intent in list(self.intents.values()):
            is_over = intent["created"] + AUTHORIZED_FOR_S <= self.now()
            if intent["status"] == "requires_capture" and is_over:
                self._cancel(intent, "automatic")

    def _expire(self, session: Object) -> None:
        session |= {"status": "expired", "url": None}
        self.tell("checkout.session.expired", session)

    def pay(self, session_id: str, number: str) -> str | None:
        """Somebody types a card on the page. None when it is paid; `challenge` when the bank asks;
        else why not, in words."""
        session = self._get(self.sessions, session_id)
        if session["status"] != "open":
            return "This page is closed."
        intent = self._intent_of(session)
        outcome = CARDS.get(number.replace(" ", ""), "incorrect_number")
        if outcome == "challenge":
            intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url"}}
            self.tell("payment_intent.requires_action", intent)
            return "challenge"
        if outcome is not None:
            return self._decline(intent, outcome)
        self._succeed(session, intent)
        return None

    def answer_challenge(self, session_id: str, *, passes: bool) -> str | None:
        """The bank's question is answered: 3-D Secure."""
        session = self._get(self.sessions, session_id)
        intent = self._intent_of(session)
        if intent["status"] != "requires_action":
            return "Nothing was asked."
        if not passes:
            return self._decline(intent, "authentication")
        self._succeed(session, intent)
        return None

    def _intent_of(self, session: Object) -> Object:
        if session["payment_intent"]:
            return self.intents[session["payment_intent"]]
        id = self._id("pi_")
        data = session["_data"]
        intent: Object = {
            "id": id,
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": data["capture_method"],
            "confirmation_method": "automatic",
            "created": self.now(),
            "currency": session["currency"],
            "customer": None,
            "description": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": dict(data["metadata"]),
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }
        self.intents[id] = intent
        session["payment_intent"] = id
        self.tell("payment_intent.created", intent)
        return intent

    def _decline(self, intent: Object, why: str) -> str:
        code, message = DECLINES[why]
        intent |= {
            "status": "requires_payment_method",
            "next_action": None,
            "last_payment_error": {
                "type": "card_error", "code": code, "decline_code": why, "message": message,
            },
        }  # fmt: skip
        self.tell("payment_intent.payment_failed", intent)
        return message

    def _succeed(self, session: Object, intent: Object) -> None:
        is_held = intent["capture_method"] == "manual"
        charge: Object = {
            "id": self._id("ch_"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "captured": False,
            "created": self.now(),
            "currency": intent["currency"],
            "disputed": False,
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
        }
        self.charges[charge["id"]] = charge
        intent |= {"latest_charge": charge["id"], "last_payment_error": None, "next_action": None}
        session |= {"status": "complete", "url": None}
        if is_held:
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self.tell("payment_intent.amount_capturable_updated", intent)
        else:
            session["payment_status"] = "paid"
            self._take(intent, intent["amount"])
        self.tell("charge.succeeded", charge)
        self.tell("checkout.session.completed", session)

    # Payments

    def capture(self, id: str, params: Mapping[str, Any]) -> Object:
        check(params, {"amount_to_capture", "expand"})
        intent = self._get(self.intents, id)
        if intent["status"] != "requires_capture":
            raise BadRequest(
                "payment_intent_unexpected_state",
                f"This payment is {intent['status']} and cannot be captured.",
            )
        amount = intent["amount_capturable"]
        if "amount_to_capture" in params:
            amount = whole(params, "amount_to_capture")
        if not 0 < amount <= intent["amount_capturable"]:
            raise BadRequest(
                "amount_too_large", "More than is set aside.", param="amount_to_capture"
            )
        self._take(intent, amount)
        self.tell("charge.captured", self.charges[intent["latest_charge"]])
        return intent

    def cancel(self, id: str) -> Object:
        intent = self._get(self.intents, id)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise BadRequest(
                "payment_intent_unexpected_state",
                f"This payment is {intent['status']} and cannot be canceled.",
            )
        self._cancel(intent, None)
        return intent

    def _cancel(self, intent: Object, reason: str | None) -> None:
        intent |= {
            "status": "canceled",
            "amount_capturable": 0,
            "canceled_at": self.now(),
            "cancellation_reason": reason,
        }
        self.tell("payment_intent.canceled", intent)

    def _take(self, intent: Object, amount: int) -> None:
        charge = self.charges[intent["latest_charge"]]
        intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        transaction = self._book("charge", charge["id"], intent["currency"], amount, amount)
        charge |= {
            "captured": True, "amount_captured": amount, "balance_transaction": transaction["id"],
        }  # fmt: skip
        self.tell("payment_intent.succeeded", intent)

    # Refunds

    def refund(self, params: Mapping[str, Any]) -> Object:
        check(params, {"payment_intent", "amount", "metadata", "expand"}, ("payment_intent",))
        intent = self._get(self.intents, params["payment_intent"])
        if intent["status"] != "succeeded":
            raise BadRequest("charge_not_captured", "There is nothing to give back yet.")
        charge = self.charges[intent["latest_charge"]]
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = whole(params, "amount") if "amount" in params else left
        if charge["disputed"]:
            raise BadRequest("charge_disputed", "This charge is in dispute.")
        if left == 0:
            raise BadRequest("charge_already_refunded", "This has been given back.")
        if not 0 < amount <= left:
            raise BadRequest("amount_too_large", "More than is left of it.", param="amount")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        id = self._id("re_")
        transaction = self._book("refund", id, intent["currency"], -amount, 0)
        refund: Object = {
            "id": id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": transaction["id"],
            "charge": charge["id"],
            "created": self.now(),
            "currency": intent["currency"],
            "metadata": dict(params.get("metadata", {})),
            "payment_intent": intent["id"],
            "reason": None,
            "status": "succeeded",
        }
        self.refunds[id] = refund
        self.tell("refund.created", refund)
        self.tell("charge.refunded", charge)
        return refund

    def refund_in_dashboard(self, intent_id: str, amount: int, *, is_slow: bool = False) -> str:
        """The operator gives money back at Stripe's own desk: nothing of ours is written on it. A
        slow one is not sure yet, as it is for some ways to pay."""
        told = len(self.events)
        refund = self.refund({"payment_intent": intent_id, "amount": str(amount)})
        refund["reason"] = "requested_by_customer"
        if is_slow:
            refund["status"] = "pending"
        for event in self.events[told:]:
            if event["type"] == "refund.created":
                event["data"]["object"] = shown(refund)
        return str(refund["id"])

    def finish_refund(self, id: str) -> None:
        """A slow one is sure."""
        refund = self._get(self.refunds, id)
        refund["status"] = "succeeded"
        self.tell("refund.updated", refund)
        self.tell("charge.refund.updated", refund)

    def fail_refund(self, id: str) -> None:
        """The card's bank sends it back, days later."""
        refund = self._get(self.refunds, id)
        charge = self.charges[refund["charge"]]
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        refund |= {"status": "failed"}
        self._book("refund_failure", id, refund["currency"], refund["amount"], 0)
        for type in ("refund.failed", "refund.updated", "charge.refund.updated"):
            self.tell(type, refund)

    # Disputes

    def dispute(
        self, intent_id: str, amount: int | None = None, *, is_warning: bool = False
    ) -> str:
        """The payer asks the bank for the money back. A warning takes nothing yet."""
        intent = self._get(self.intents, intent_id)
        charge = self.charges[intent["latest_charge"]]
        left = charge["amount_captured"] - charge["amount_refunded"]
        id = self._id("dp_")
        dispute: Object = {
            "id": id,
            "object": "dispute",
            "amount": amount or left,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": self.now(),
            "currency": intent["currency"],
            "is_charge_refundable": is_warning,
            "livemode": False,
            "metadata": {},
            "payment_intent": intent_id,
            "reason": "fraudulent",
            "status": "warning_needs_response" if is_warning else "needs_response",
        }
        self.disputes[id] = dispute
        if not is_warning:
            charge["disputed"] = True
            self._book("adjustment", id, intent["currency"], -dispute["amount"], 0)
        self.tell("charge.dispute.created", dispute)
        if not is_warning:
            self.tell("charge.dispute.funds_withdrawn", dispute)
        return id

    def close_dispute(self, id: str, *, is_won: bool) -> None:
        dispute = self._get(self.disputes, id)
        dispute["status"] = "won" if is_won else "lost"
        if is_won:
            self.charges[dispute["charge"]]["disputed"] = False
            self._book("adjustment", id, dispute["currency"], dispute["amount"], 0)
            self.tell("charge.dispute.funds_reinstated", dispute)
        self.tell("charge.dispute.closed", dispute)

    # Payouts

    def pay_out(self, currency: str, amount: int | None = None) -> str:
        """Send what there is, or part of it, to the bank. It is there some days later."""
        there = self.net(currency)
        amount = there if amount is None else amount
        if not 0 < amount <= there:
            raise BadRequest("balance_insufficient", "There is not so much.", param="amount")
        id = self._id("po_")
        transaction = self._book("payout", id, currency.lower(), -amount, 0)
        self.payouts[id] = {
            "id": id,
            "object": "payout",
            "amount": amount,
            "arrival_date": self.now() + 2 * 86400,
            "automatic": True,
            "balance_transaction": transaction["id"],
            "created": self.now(),
            "currency": currency.lower(),
            "failure_balance_transaction": None,
            "failure_code": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "status": "in_transit",
            "type": "bank_account",
        }
        self.tell("payout.created", self.payouts[id])
        return id

    def reach_bank(self, id: str) -> None:
        payout = self._get(self.payouts, id)
        payout["status"] = "paid"
        self.tell("payout.paid", payout)

    def fail_payout(self, id: str) -> None:
        """The bank sends it back, perhaps after it was paid."""
        payout = self._get(self.payouts, id)
        back = self._book("payout_failure", id, payout["currency"], payout["amount"], 0)
        payout |= {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_balance_transaction": back["id"],
        }
        self.tell("payout.failed", payout)

    def charge_fee(self, currency: str, amount: int) -> None:
        """What Stripe takes for itself, by no payment."""
        self._book("stripe_fee", None, currency.lower(), -amount, 0)

    def sell_elsewhere(self, currency: str, amount: int) -> None:
        """A payment to the same account that no Kirana knows of."""
        id = self._id("ch_")
        self.charges[id] = {
            "id": id, "object": "charge", "amount": amount, "currency": currency.lower(),
            "metadata": {}, "payment_intent": None,
        }  # fmt: skip
        self._book("charge", id, currency.lower(), amount, amount)

    def net(self, currency: str) -> int:
        """What this account has."""
        return sum(it["net"] for it in self.transactions if it["currency"] == currency.lower())

    def source_of(self, transaction: Object) -> Object | None:
        id = transaction["source"]
        for among in (self.charges, self.refunds, self.disputes, self.payouts):
            if id in among:
                return shown(among[id])
        return None

    # What is common

    def balance(self, currency: str) -> int:
        """What this account has, fees not counted."""
        return sum(it["amount"] for it in self.transactions if it["currency"] == currency.lower())

    def tell(self, type: str, about: Object) -> None:
        self.events.append(
            {
                "id": self._id("evt_"),
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": self.now(),
                "data": {"object": shown(about)},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": type,
            }
        )

    def listen(self, params: Mapping[str, Any], *, is_reachable: bool) -> Object:
        """Tell of what happens at an address. What it signs with is said once."""
        check(params, {"url", "enabled_events", "description"}, ("url", "enabled_events"))
        if not is_reachable:
            raise BadRequest("url_invalid", "This address is not reachable.", param="url")
        id = self._id("we_")
        self.endpoints[id] = {
            "id": id,
            "object": "webhook_endpoint",
            "description": params.get("description"),
            "enabled_events": list(params["enabled_events"].values()),
            "livemode": False,
            "status": "enabled",
            "url": params["url"],
            "_secret": f"whsec_{id}",
        }
        return {**shown(self.endpoints[id]), "secret": f"whsec_{id}"}

    def forget_endpoint(self, id: str) -> Object:
        self._get(self.endpoints, id)
        del self.endpoints[id]
        return {"id": id, "object": "webhook_endpoint", "deleted": True}

    def take_told(self) -> list[tuple[str, Delivery]]:
        """The events since the last time, signed now, with the addresses that asked for them."""
        new, self._told = self.events[self._told :], len(self.events)
        return [
            (endpoint["url"], self.sign(event, secret=endpoint["_secret"]))
            for event in new
            for endpoint in self.endpoints.values()
            if event["type"] in endpoint["enabled_events"]
        ]

    def sign(self, event: Object, *, age_s: int = 0, secret: str | None = None) -> Delivery:
        """An event as it is sent: signed over its bytes and the time."""
        body = json.dumps(event, indent=2).encode()
        at = int(time.time()) - age_s
        mac = hmac.new((secret or self.secret).encode(), f"{at}.".encode() + body, hashlib.sha256)
        return Delivery(event["id"], event["type"], body, f"t={at},v1={mac.hexdigest()}")

    def _book(self, type: str, source: str | None, currency: str, amount: int, feed: int) -> Object:
        fee = feed * FEE_PPM // 1_000_000
        transaction: Object = {
            "id": self._id("txn_"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": self.now(),
            "created": self.now(),
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [],
            "net": amount - fee,
            "reporting_category": type,
            "source": source,
            "status": "available",
            "type": type,
        }
        self.transactions.append(transaction)
        return transaction

    def _check_amount(self, amount: int, currency: str) -> None:
        if currency != currency.lower() or len(currency) != 3:
            raise BadRequest("parameter_invalid", f"Invalid currency: {currency}", param="currency")
        is_inexact = (currency in _HUNDREDS and amount % 100) or (currency in _TENS and amount % 10)
        if is_inexact or amount > 99_999_999_99:
            raise BadRequest("invalid_amount", "Not an amount of this currency.", param="amount")
        if amount < (1 if currency in _ZERO else 50):
            raise BadRequest("amount_too_small", "Too little to charge.", param="amount")

    def _id(self, prefix: str) -> str:
        return f"{prefix}{self.name}{next(self._numbers):016d}"

    def _get(self, among: dict[str, Object], id: str) -> Object:
        if id not in among:
            raise BadRequest("resource_missing", f"No such object: {id}", status=404, param="id")
        return among[id]


def shown(it: Object) -> Object:
    """A copy, without what only the simulator knows."""
    return {key: copy.deepcopy(value) for key, value in it.items() if not key.startswith("_")}
