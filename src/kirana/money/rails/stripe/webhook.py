"""What Stripe tells by itself: known by its signature, over the very bytes that came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

TOLERANCE_S = 300
"""How old a signature may be, so that nobody keeps a message and says it again."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event: what happened, and the object as it was then."""

    id: str
    type: str
    account: str | None
    """Set for events of an account that is connected to ours: not our own money."""
    is_live: bool
    about: Mapping[str, Any]


def verify(body: bytes, signature: str, secrets: Sequence[str]) -> Told | None:
    """The event in `body`, or None unless one of our secrets has signed these bytes just now.

    There are two secrets while one replaces the other.
    """
    import stripe

    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_S)
        except (stripe.SignatureVerificationError, ValueError, IndexError):
            continue
        return read_event(body)
    return None


def read_event(body: bytes) -> Told | None:
    """An event that was verified; None for what is none."""
    try:
        it = msgspec.json.decode(body)
        return Told(
            str(it["id"]), str(it["type"]), it.get("account"), bool(it["livemode"]),
            it["data"]["object"],
        )  # fmt: skip
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None
