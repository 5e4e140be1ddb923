"""Routes: what somebody was told."""

from typing import Any
from uuid import UUID

from litestar import get, post

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.problems import NotFound, NotSignedIn
from kirana.values import Actor, NoticeId, Page

from . import notices
from .notices import Notice


@get("/v1/notices", raises=problems(NotSignedIn))
async def list_notices(db: Db, by: Actor) -> Page[Notice]:
    """What one has not seen yet, the latest first; a hundred at most."""
    return Page(await db.read(notices.list_notices, by=by))


@post(
    "/v1/notices/{notice_id:uuid}/seen",
    status_code=200,
    raises=problems(NotSignedIn, NotFound),
)
async def mark_seen(notice_id: UUID, db: Db, by: Actor) -> Notice:
    """One knows."""
    return await db.write(notices.mark_seen, NoticeId(notice_id), by=by)


routes: list[Any] = [list_notices, mark_seen]
