"""All routes of the API, from every room's own list; the server's own are here."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

import kirana.business.http
import kirana.catalog.files.http
import kirana.catalog.http
import kirana.chat.http
import kirana.chat.keys.http
import kirana.crm.http
import kirana.identity.http
import kirana.identity.keys.http
import kirana.money.http
import kirana.notices.http
import kirana.orders.http
from kirana.platform import pictures, signatures, stream, web_push
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.hub import Hub
from kirana.platform.problems import NotAllowed
from kirana.platform.settings import Settings
from kirana.values import Actor

from . import account_doors, link_doors, report_doors, split_doors, suspension_doors


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a client should know of this server before it does anything."""

    name: str
    demo: bool
    now: int
    public_url: str
    tiles_url: str
    tiles_attribution: str
    push_key: str
    """The public key to which browsers bind a subscription to Web Push, in base64."""
    facts_key: str
    """The public key (Ed25519, base64) with which this server signs what it says in chats, receipts
    and the heads of its books."""


@get("/v1/server")
async def describe_server(settings: Settings, db: Db) -> ServerFacts:
    """What this server is called and what it offers."""
    return ServerFacts(
        settings.name,
        settings.demo,
        await db.read(now),
        settings.public_url,
        settings.tiles_url,
        settings.tiles_attribution,
        web_push.public_key_of(await db.read(web_push.find_key)),
        await db.read(signatures.public_key),
    )


@get("/v1/stream", raises=problems(NotAllowed))
async def read_stream(
    db: Db,
    hub: Hub,
    by: Actor,
    after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
    wait_s: Annotated[int, QueryParameter(ge=0, le=25)] = 0,
) -> stream.StreamPage:
    """What changed after a cursor, for a client without a socket.

    With `wait_s`, an answer without news waits that long for some.
    """
    page = await db.read(stream.read_stream, by.user_id, after, hub.frames)
    if page.frames or page.resync or not wait_s:
        return page
    async with hub.listening(by.user_id) as told:
        page = await db.read(stream.read_stream, by.user_id, after, hub.frames)
        if page.frames or page.resync:
            return page
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), wait_s)
    return await db.read(stream.read_stream, by.user_id, after, hub.frames)


def now(tx: Tx) -> int:
    """What time it is for the database."""
    return tx.now


API_ROUTES: Sequence[Any] = [
    *kirana.identity.http.routes,
    *kirana.identity.keys.http.routes,
    *kirana.business.http.routes,
    *kirana.catalog.http.routes,
    *kirana.catalog.files.http.routes,
    *kirana.orders.http.routes,
    *kirana.money.http.routes,
    *kirana.chat.http.routes,
    *kirana.chat.keys.http.routes,
    *kirana.crm.http.routes,
    *kirana.notices.http.routes,
    *pictures.routes,
    *account_doors.routes,
    *report_doors.routes,
    *suspension_doors.routes,
    *split_doors.routes,
    *link_doors.routes,
    describe_server,
    read_stream,
]
