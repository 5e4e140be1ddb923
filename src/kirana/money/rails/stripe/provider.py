"""The calls to Stripe. They block, so jobs make them in a thread.

Each carries an idempotency key: Stripe answers a repeat with what it answered first, errors of its
own included, for a day. So what an error says is not always what happened.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from kirana.values import Money

from .amounts import to_rail
from .balance import Line, Payout, line_of, payout_of
from .reports import METADATA_KEY, Report, report_of

if TYPE_CHECKING:
    import stripe

API = "https://api.stripe.com"
TIMEOUT_S = 30
PAGE_OPEN_S = 3600
"""How long somebody may take to pay. Stripe allows half an hour at least."""
EVENT_TYPES = (
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)
"""What a shop's own account tells us of."""
PERMISSIONS = (
    "rak_checkout_session_write",
    "rak_payment_intent_write",
    "rak_charge_write",
    "rak_dispute_read",
    "rak_webhook_write",
)
"""What a restricted key has to be allowed: pages, payments, refunds, and to hear of them."""
NEW_KEY_URL = "https://dashboard.stripe.com/apikeys/create?" + urlencode(
    [("name", "Kirana"), *(("permissions[]", it) for it in PERMISSIONS)]
)
"""Stripe's own page that makes such a key."""
_NOTHING = "kirana_asks_what_this_key_may_do"
_SLACK_S = 300
"""How far two clocks may differ when something is looked up by its time."""


class Turned(Exception):
    """Stripe has said no, and nothing happened. `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Lost(Exception):
    """No answer came: it may have happened, and it may still happen."""


class Broken(Exception):
    """Stripe answered with an error of its own, and will for this key: it may have happened."""


class Busy(Exception):
    """Not now: the same call is under way, or there are too many. Nothing was decided."""


class KeyRefused(Busy):
    """Stripe does not take the key, or not for this: `why` is `key-refused` or `not-permitted`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Stripe tells us what happens, and what it signs with."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose money it is: a secret key, and where its Stripe is."""

    key: str = field(repr=False)
    url: str = API
    timeout_s: float = TIMEOUT_S


class Provider:
    """Stripe, as one account sees it. Every call may raise Turned, Lost, Broken, Busy."""

    def __init__(self, account: Account) -> None:
        import stripe

        stripe.enable_telemetry = False
        self._stripe = stripe
        client = stripe.StripeClient(
            account.key,
            base_addresses={"api": account.url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=account.timeout_s),
        )
        self._client = client.v1

    def open_page(
        self,
        id: UUID,
        amount: Money,
        *,
        key: str,
        is_held: bool,
        title: str,
        back_to: str,
        now: int,
    ) -> Report:
        """A page where `amount` is paid by card, at once or (`is_held`) set aside first.

        `now` is in milliseconds; `back_to` is where the payer is sent afterwards.
        """
        mark = {METADATA_KEY: str(id)}
        params: Any = {
            "mode": "payment",
            "client_reference_id": str(id),
            "metadata": mark,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": amount.currency.lower(),
                        "unit_amount": to_rail(amount),
                        "product_data": {"name": title},
                    },
                }
            ],
            "payment_intent_data": {
                "metadata": mark,
                "capture_method": "manual" if is_held else "automatic",
            },
            "success_url": back_to,
            "cancel_url": back_to,
            "expires_at": now // 1000 + PAGE_OPEN_S,
        }
        return self._report(self._client.checkout.sessions.create, params, key=key)

    def close_page(self, session_id: str, *, key: str) -> Report:
        """Nobody can pay there any more. Turned when it was paid or has closed already."""
        return self._report(self._client.checkout.sessions.expire, session_id, {}, key=key)

    def capture(self, intent_id: str, amount: Money, *, key: str) -> Report:
        """Take what was set aside, or part of it; the rest is free."""
        params = {"amount_to_capture": to_rail(amount)}
        return self._report(self._client.payment_intents.capture, intent_id, params, key=key)

    def cancel(self, intent_id: str, *, key: str) -> Report:
        """Let go what was set aside."""
        return self._report(self._client.payment_intents.cancel, intent_id, {}, key=key)

    def refund(self, id: UUID, intent_id: str, amount: Money, *, key: str) -> Report:
        """Give back to the card."""
        params = {
            "payment_intent": intent_id,
            "amount": to_rail(amount),
            "metadata": {METADATA_KEY: str(id)},
        }
        return self._report(self._client.refunds.create, params, key=key)

    def look_up(self, external_id: str) -> Report:
        """How a page, a payment, a refund or a dispute stands now, by its id at Stripe."""
        if external_id.startswith("cs_"):
            expand: Any = {"expand": ["payment_intent"]}
            return self._report(self._client.checkout.sessions.retrieve, external_id, expand)
        if external_id.startswith("re_"):
            return self._report(self._client.refunds.retrieve, external_id)
        if external_id.startswith(("du_", "dp_")):
            return self._report(self._client.disputes.retrieve, external_id)
        return self._report(self._client.payment_intents.retrieve, external_id)

    def find_page(self, id: UUID, *, since: int) -> Report | None:
        """The page that was opened for this payment at `since` (milliseconds) or later."""
        params: Any = {"created": {"gte": since // 1000 - _SLACK_S}, "limit": 100}
        for it in self._pages(self._client.checkout.sessions.list, params):
            if (it.get("metadata") or {}).get(METADATA_KEY) == str(id):
                return self.look_up(it["id"])
        return None

    def find_refund(self, id: UUID, intent_id: str) -> Report | None:
        """The refund of a payment that was made for this refund of ours."""
        params: Any = {"payment_intent": intent_id, "limit": 100}
        for it in self._pages(self._client.refunds.list, params):
            if (it.get("metadata") or {}).get(METADATA_KEY) == str(id):
                return _sense_of(it)
        return None

    def read_balance(self, *, since: int) -> Iterator[list[Line]]:
        """What was written down of our money at `since` (milliseconds) or later, the latest first,
        in pages."""
        params: Any = {
            "created": {"gte": max(0, since // 1000)},
            "limit": 100,
            "expand": ["data.source"],
        }
        while True:
            answer = self._call(self._client.balance_transactions.list, params)
            yield [line_of(it) for it in answer["data"]]
            if not answer["has_more"]:
                return
            params = {**params, "starting_after": answer["data"][-1]["id"]}

    def get_payout(self, external_id: str) -> Payout | None:
        return payout_of(self._call(self._client.payouts.retrieve, external_id))

    def require_permissions(self) -> None:
        """Raises: KeyRefused unless the key may do all that payments take.

        Each call names what is not there: so Stripe says no, and nothing happens.
        """
        client = self._client
        for call, *arguments in (
            (client.checkout.sessions.expire, f"cs_{_NOTHING}", {}),
            (client.payment_intents.capture, f"pi_{_NOTHING}", {}),
            (client.refunds.create, {"payment_intent": f"pi_{_NOTHING}"}),
            (client.disputes.retrieve, f"du_{_NOTHING}"),
        ):
            with suppress(Turned):
                self._call(call, *arguments)

    def knows(self, external_id: str) -> bool:
        """Whether a payment is of this account."""
        try:
            self.look_up(external_id)
        except Turned:
            return False
        return True

    def listen(self, url: str, *, known: str | None) -> Endpoint | None:
        """Have Stripe tell us at `url` from now on; None when it does already, by the `known`
        endpoint. Others for the same address go: nobody knows what they sign with."""
        for it in self._pages(self._client.webhook_endpoints.list, {"limit": 100}):
            if it["url"] != url:
                continue
            if it["id"] == known and it["status"] == "enabled":
                return None
            self.stop_listening(it["id"])
        params: Any = {"url": url, "enabled_events": list(EVENT_TYPES), "description": "Kirana"}
        made = self._call(self._client.webhook_endpoints.create, params)
        return Endpoint(made["id"], made["secret"])

    def stop_listening(self, endpoint_id: str) -> None:
        self._call(self._client.webhook_endpoints.delete, endpoint_id)

    def _pages(self, call: Any, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._call(call, params)
            yield from answer["data"]
            if not answer["has_more"]:
                return
            params = {**params, "starting_after": answer["data"][-1]["id"]}

    def _report(self, call: Any, *arguments: Any, key: str | None = None) -> Report:
        return _sense_of(self._call(call, *arguments, key=key))

    def _call(self, call: Any, *arguments: Any, key: str | None = None) -> dict[str, Any]:
        options: Any = {"idempotency_key": key} if key else {}
        try:
            answer: dict[str, Any] = call(*arguments, options=options).to_dict()
        except self._stripe.StripeError as error:
            _tell_apart(self._stripe, error)
        return answer


def _sense_of(answer: dict[str, Any]) -> Report:
    """What makes no sense is there all the same: nobody may take it for nothing."""
    report = report_of(answer)
    if report is None:
        raise Lost("The answer makes no sense.")
    return report


def _tell_apart(api: Any, error: "stripe.StripeError") -> NoReturn:
    """Whether Stripe refused, broke down, was busy, or was not heard.

    Texts of errors are not passed on: they may quote what was sent, keys included.
    """
    status = error.http_status
    if isinstance(error, api.APIConnectionError) or status is None:
        raise Lost(type(error).__name__) from None
    if status in (409, 429):
        raise Busy(str(status)) from None
    if status >= 500 or isinstance(error, api.IdempotencyError):
        raise Broken(str(status)) from None
    if status in (401, 403):
        raise KeyRefused("key-refused" if status == 401 else "not-permitted") from None
    raise Turned(error.code or type(error).__name__) from None
