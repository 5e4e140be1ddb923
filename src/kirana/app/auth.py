"""Who is asking: from a request's cookie or bearer token to an `Actor`."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from litestar import Request

from kirana import identity
from kirana.platform.db import Db
from kirana.platform.http import is_same_site
from kirana.platform.problems import InvalidInput, NotAllowed, NotSignedIn
from kirana.values import Actor, UserId

COOKIE = "kirana_session"
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


async def provide_viewer(request: Request[Any, Any, Any], db: Db) -> Actor | None:
    """Who is asking, if they signed in.

    Raises: NotAllowed for a page of another site that acts with somebody's cookie, or for
    somebody who may not act for that shop.
    """
    credentials = Credentials(request.headers)
    if not credentials.token:
        return None
    if credentials.is_cookie and request.method not in _SAFE and not is_same_site(request.headers):
        raise NotAllowed
    return await find_actor(db, credentials)


def provide_by(viewer: Actor | None) -> Actor:
    """Who is asking. Raises: NotSignedIn."""
    if viewer is None:
        raise NotSignedIn
    return viewer


async def find_actor(db: Db, credentials: Credentials) -> Actor | None:
    try:
        return await db.read(
            identity.resolve,
            credentials.token,
            acting_for=credentials.acting_for,
            confirmation_id=credentials.confirmation_id,
        )
    except NotSignedIn:
        if credentials.is_cookie:
            return None
        raise


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
