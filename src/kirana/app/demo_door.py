"""One tap to enter as anybody. These routes are there in demo mode only."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post

from kirana import identity
from kirana.platform.db import Db
from kirana.platform.http import is_same_site, problems
from kirana.platform.problems import NotAllowed, NotFound
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, DeviceId, UserId, uuid7

from .demo import people


@dataclass(frozen=True, slots=True)
class EnterAs:
    """Whom to be."""

    user_id: UserId


@get("/v1/demo/people", include_in_schema=False)
async def list_demo_people(db: Db) -> list[people.DemoPerson]:
    """The people of the demo town, and what each of them is there for."""
    return await db.read(people.list_people)


@post("/v1/demo/sessions", include_in_schema=False, raises=problems(NotFound, NotAllowed))
async def enter_as(
    data: EnterAs, db: Db, settings: Settings, request: Request[Any, Any, Any]
) -> Response[identity.Me]:
    """Sign in as one of the people of the demo town."""
    if not is_same_site(request.headers):
        raise NotAllowed()
    token = identity.new_token()
    device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "Demo browser")
    me = await db.write(identity.open_session, device, data.user_id, by=SYSTEM)
    return Response(me, status_code=201, cookies=[identity.session_cookie(token, settings)])


routes = [list_demo_people, enter_as]
