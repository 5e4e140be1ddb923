"""Who is asking: from a request's cookie or bearer token to an `Actor`."""

import time
from collections.abc import Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from litestar import Request

from kirana import business, identity
from kirana.platform.bell import Bell, RightsChanged
from kirana.platform.db import Db, Tx
from kirana.platform.http import EVEN_SUSPENDED, is_same_site
from kirana.platform.problems import InvalidInput, NotAllowed, NotSignedIn
from kirana.values import Actor, BusinessId, DeviceId, Mandate, UserId

COOKIE = "kirana_session"
TOUCH_S = 300
KNOWN_S = 5.0
"""For how long another process may end a session, or a place in a team, without our notice, if
the bell between processes is lost."""
_MOST_KNOWN = 10_000
_touched_at: dict[DeviceId, float] = {}
_TELLING = {"device", "user", "business"}
MANDATES = {
    business.Role.OWNER: Mandate.SPEND,
    business.Role.MANAGER: Mandate.GIVE_BACK,
    business.Role.AGENT: Mandate.ASK,
    business.Role.VIEWER: Mandate.NOTHING,
}
"""What each role of a team may do with the shop's money: roles are known to `business` and money to
`money`, which do not know each other."""
_SAFE = {"GET", "HEAD", "OPTIONS"}


class Credentials:
    """What a request says of its sender, before anything is believed."""

    __slots__ = ("acting_for", "confirmation_id", "is_cookie", "token")

    def __init__(self, headers: Mapping[str, str], acting_for: str | None = None) -> None:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        self.is_cookie = scheme.lower() != "bearer"
        self.token = _cookie(headers.get("cookie", "")) if self.is_cookie else bearer.strip()
        self.acting_for = _id("Kirana-Acting-For", acting_for or headers.get("kirana-acting-for"))
        self.confirmation_id = _id("Kirana-Confirmation", headers.get("kirana-confirmation"))


class Sessions:
    """Who was let in a moment ago. A commit that changes a device, or who may act for whom, makes
    its process forget them all before it is answered, and the others as soon as they hear of it. A
    confirmation is never remembered."""

    def __init__(self, db: Db, bell: Bell) -> None:
        self._db, self._bell = db, bell
        self._known: dict[tuple[bytes, UserId | None], tuple[Actor, float]] = {}
        db.database.after_commit.append(self._look_at)
        bell.listen_to(RightsChanged, self._forget)

    async def find(self, credentials: Credentials, *, even_suspended: bool = False) -> Actor | None:
        if credentials.confirmation_id or even_suspended:
            return await find_actor(self._db, credentials, even_suspended=even_suspended)
        # What is read while a commit forgets goes into the dictionary that was forgotten.
        known, now = self._known, time.monotonic()
        key = (identity.hash_token(credentials.token), credentials.acting_for)
        if (found := known.get(key)) and now < found[1]:
            return found[0]
        actor = await find_actor(self._db, credentials)
        if actor is not None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[key] = (actor, now + KNOWN_S)
        return actor

    def _look_at(self, tx: Tx) -> None:
        if any(it.change.kind in _TELLING for it in tx.published):
            self._known = {}
            self._db.loop.call_soon_threadsafe(self._bell.tell, RightsChanged())

    def _forget(self, _: RightsChanged) -> None:
        self._known = {}


async def provide_viewer(request: Request[Any, Any, Any], db: Db) -> Actor | None:
    """Who is asking, if they signed in.

    Raises: NotAllowed for a page of another site that acts with somebody's cookie, or for
    somebody who may not act for that shop; AccountSuspended, unless the route is open even then.
    """
    credentials = Credentials(request.headers)
    if not credentials.token:
        return None
    if credentials.is_cookie and request.method not in _SAFE and not is_same_site(request.headers):
        raise NotAllowed
    sessions: Sessions = request.app.state.sessions
    even_suspended = bool(request.route_handler.opt.get(EVEN_SUSPENDED))
    actor = await sessions.find(credentials, even_suspended=even_suspended)
    if actor is not None and actor.device_id is not None and _is_due(actor.device_id):
        await db.write(identity.touch, actor.device_id)
    return actor


def provide_by(viewer: Actor | None) -> Actor:
    """Who is asking. Raises: NotSignedIn."""
    if viewer is None:
        raise NotSignedIn
    return viewer


async def find_actor(
    db: Db, credentials: Credentials, *, even_suspended: bool = False
) -> Actor | None:
    try:
        return await db.read(_read_actor, credentials, even_suspended)
    except NotSignedIn:
        if credentials.is_cookie:
            return None
        raise


def _read_actor(tx: Tx, credentials: Credentials, even_suspended: bool) -> Actor:
    actor = identity.resolve(
        tx,
        credentials.token,
        acting_for=credentials.acting_for,
        confirmation_id=credentials.confirmation_id,
        even_suspended=even_suspended,
    )
    if not actor.is_acting_for_a_shop:
        return actor
    role = business.find_role(tx, BusinessId(actor.user_id), by=actor)
    return replace(actor, shop_mandate=MANDATES[role] if role else Mandate.NOTHING)


def _is_due(device_id: DeviceId) -> bool:
    """Whether this process has not noted for a while that the device was seen."""
    now = time.monotonic()
    if now - _touched_at.get(device_id, -TOUCH_S) < TOUCH_S:
        return False
    if len(_touched_at) > 100_000:
        _touched_at.clear()
    _touched_at[device_id] = now
    return True


def _cookie(header: str) -> str:
    if COOKIE not in header:
        return ""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _id(name: str, text: str | None) -> UserId | None:
    if not text:
        return None
    try:
        return UserId(UUID(text))
    except ValueError:
        raise InvalidInput(errors=[{"field": name, "message": "This is no id."}]) from None
