"""Who looks at a page. Looking makes nobody somebody: only the first act, a thing put into a cart
or a word said in the chat, begins a guest with a cookie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar import Request
from litestar.datastructures import Cookie

from kirana import identity
from kirana.platform.db import Db, Tx
from kirana.platform.http import is_same_site
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import NotAllowed
from kirana.platform.settings import Settings
from kirana.values import Actor, DeviceId, UserId, uuid7

from .words import Words

GUESTS_PER_SOURCE = Rate(60, 20)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """The guest that a stranger becomes by what they do."""

    id: UserId
    device_id: DeviceId
    token: str
    language: str


class Door:
    """What a form needs to be let in: `by` an actor, whether they came with one or not."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        db: Db,
        settings: Settings,
        limits: Limits,
        words: Words,
        viewer: Actor | None,
    ) -> None:
        self.request, self.db, self.settings = request, db, settings
        self.limits, self.words, self.viewer = limits, words, viewer
        self.cookies: list[Cookie] = []

    async def write(self, command: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Run a command, `by` whoever sent the form; a stranger becomes a guest with it.

        Raises: NotAllowed for a form of another site, RateLimited, and what the command raises;
        then no guest is left behind.
        """
        if not is_same_site(self.request.headers):
            raise NotAllowed()
        if self.viewer is not None:
            return await self.db.write(command, *args, **kwargs, by=self.viewer)
        self._slow_down()
        newcomer = Newcomer(
            UserId(uuid7()), DeviceId(uuid7()), identity.new_token(), self.words.language
        )
        result: R = await self.db.write(_first_act, newcomer, command, args, kwargs)
        self.cookies = [identity.session_cookie(newcomer.token, self.settings)]
        return result

    def _slow_down(self) -> None:
        rate = GUESTS_PER_SOURCE
        if self.settings.demo:
            rate = Rate(rate.burst * 100, rate.refill_s / 100)
        host = self.request.client.host if self.request.client else ""
        self.limits.take("guests", identity.source_key(host), rate)


def provide_door(
    request: Request[Any, Any, Any],
    db: Db,
    settings: Settings,
    limits: Limits,
    words: Words,
    viewer: Actor | None,
) -> Door:
    return Door(request, db, settings, limits, words, viewer)


def _first_act(
    tx: Tx,
    newcomer: Newcomer,
    command: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    """Begin a guest, and let them do what they came for."""
    identity.create_guest(
        tx,
        newcomer.id,
        newcomer.device_id,
        token_hash=identity.hash_token(newcomer.token),
        language=newcomer.language,
        device_name="Browser",
    )
    by = Actor(newcomer.id, newcomer.id, "guest", newcomer.device_id)
    return command(tx, *args, **{**kwargs, "by": by})
