"""How browsers are reached by Web Push, while no page of ours is open."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import bindparam, delete, exists, select

from kirana.platform import outgoing, stream, web_push
from kirana.platform.db import Q, Tx, any_of, upsert
from kirana.platform.problems import InvalidInput, NotFound
from kirana.values import Actor, DeviceId, UserId

from .delegations import list_delegations
from .tables import delegations, devices, push_subscriptions, suspensions

MAX_ENDPOINT = 2048
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9-]{1,63}[.])+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_AT_HOME = (".localhost", ".local", ".internal", ".home.arpa")

_FIND = Q(
    select(push_subscriptions).where(push_subscriptions.c.device_id == bindparam("device_id"))
)
_FREE = Q(
    delete(push_subscriptions)
    .where(push_subscriptions.c.endpoint == bindparam("endpoint_"))
    .where(push_subscriptions.c.device_id != bindparam("device_id_"))
)
_SAVE = Q(
    upsert(push_subscriptions, ["device_id"], ["endpoint", "public_key", "auth", "created_at"])
)
_DROP = Q(delete(push_subscriptions).where(push_subscriptions.c.device_id == bindparam("id")))
_DROP_DEAD = Q(
    delete(push_subscriptions)
    .where(push_subscriptions.c.device_id == bindparam("id"))
    .where(push_subscriptions.c.endpoint == bindparam("endpoint_"))
)
_IS_ADMITTED = ~exists().where(
    suspensions.c.user_id == devices.c.user_id, suspensions.c.lifted_at.is_(None)
)
_REACHED = Q(
    select(devices.c.user_id, devices.c.id.label("device_id"))
    .join(push_subscriptions, push_subscriptions.c.device_id == devices.c.id)
    .where(any_of(devices.c.user_id, "users"), _IS_ADMITTED)
)
_REACHED_FOR_SHOPS = Q(
    select(delegations.c.shop_id.label("user_id"), devices.c.id.label("device_id"))
    .join(devices, devices.c.user_id == delegations.c.person_id)
    .join(push_subscriptions, push_subscriptions.c.device_id == devices.c.id)
    .where(any_of(delegations.c.shop_id, "users"), _IS_ADMITTED)
)


@dataclass(frozen=True, slots=True)
class Reached:
    """A device that wants to be told of this user's stream: their own, or a shop's team's."""

    user_id: UserId
    device_id: DeviceId


def read_target(endpoint: str, public_key: str, auth: str) -> web_push.Target:
    """Raises: InvalidInput for what no browser would say."""
    if not _is_service(endpoint):
        raise _invalid("endpoint", "This is no https address of a public host.")
    try:
        target = web_push.Target(endpoint, web_push.decode(public_key), web_push.decode(auth))
    except ValueError:
        raise _invalid("public_key", "Keys are base64 for URLs.") from None
    if not web_push.is_public_key(target.public_key):
        raise _invalid("public_key", "This is no key of a browser.")
    if len(target.auth) != 16:
        raise _invalid("auth", "A secret has 16 bytes.")
    return target


def subscribe(tx: Tx, device_id: DeviceId, target: web_push.Target, *, by: Actor) -> None:
    """Tell this device from now on, and not of what has come before. Again: nothing changes.

    Raises: NotFound for any device but the one that asks.
    """
    _require_own(device_id, by)
    known = find_target(tx, device_id)
    if known == target:
        return
    if known is None:
        stream.mark_pushed(tx, [by.person_id, *list_delegations(tx, by.person_id)])
    tx.do(_FREE, endpoint_=target.endpoint, device_id_=device_id)
    tx.do(
        _SAVE,
        device_id=device_id,
        endpoint=target.endpoint,
        public_key=target.public_key,
        auth=target.auth,
        created_at=tx.now,
    )


def unsubscribe(tx: Tx, device_id: DeviceId, *, by: Actor) -> None:
    """Again: nothing. Raises: NotFound for any device but the one that asks."""
    _require_own(device_id, by)
    drop_subscription(tx, device_id)


def find_target(tx: Tx, device_id: DeviceId) -> web_push.Target | None:
    row = tx.one(_FIND, device_id=device_id)
    return row and web_push.Target(row.endpoint, row.public_key, row.auth)


def drop_subscription(tx: Tx, device_id: DeviceId) -> None:
    tx.do(_DROP, id=device_id)


def drop_dead(tx: Tx, device_id: DeviceId, endpoint: str) -> None:
    """The push service knows this address no more; one that was made since stays."""
    tx.do(_DROP_DEAD, id=device_id, endpoint_=endpoint)


def list_reached(tx: Tx, users: Sequence[UserId]) -> list[Reached]:
    """Which devices want to be told when something comes for these users."""
    if not users:
        return []
    rows = [
        row
        for statement in (_REACHED, _REACHED_FOR_SHOPS)
        for row in tx.all(statement, users=list(users))
    ]
    return [Reached(row.user_id, row.device_id) for row in rows]


def _require_own(device_id: DeviceId, by: Actor) -> None:
    if by.device_id != device_id:
        raise NotFound(id=device_id)


def _is_service(endpoint: str) -> bool:
    """Whether it may be a push service. What its name leads to is looked at before each call."""
    if len(endpoint) > MAX_ENDPOINT or not endpoint.isascii() or not endpoint.isprintable():
        return False
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or parts.username is not None or " " in endpoint:
        return False
    try:
        return outgoing.is_public(host)
    except ValueError:
        return _HOST.fullmatch(host) is not None and not host.endswith(_AT_HOME)


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
