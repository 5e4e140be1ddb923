"""The product as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ASGIApp, Receive, Scope, Send

import kirana.storefront.http
from kirana import chat, identity, money
from kirana.platform import signatures, web_push
from kirana.platform.bell import Bell, LocalBell
from kirana.platform.blobs import Blobs, LocalBlobs
from kirana.platform.database import open_database
from kirana.platform.db import Database, Db, Tx
from kirana.platform.events import Bus
from kirana.platform.http import (
    on_bug,
    on_invalid,
    on_problem,
    on_too_deep,
    only_whole_amounts,
)
from kirana.platform.hub import Hub, Truth
from kirana.platform.jobs import Outside, Runner
from kirana.platform.limits import Limits
from kirana.platform.settings import Settings
from kirana.platform.stream import Frames
from kirana.values import Problem

from . import api_document, card_doors, demo_door, injection, memory, pwa, reactions, wiring
from .alarm import Alarm
from .auth import Sessions, provide_by, provide_viewer
from .routes import API_ROUTES, now
from .socket import SocketDoor


@get("/v1/health", include_in_schema=False)
async def report_health(db: Db) -> dict[str, str]:
    await db.read(now)
    return {"status": "ok"}


class Kirana:
    """The application: HTTP goes to Litestar, `/v1/socket` to the socket's door."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bus = Bus()
        self.frames = Frames()
        wiring.wire(self.bus)
        wiring.draw(self.frames)
        injection.resolve_in_turn()
        self.litestar = self._litestar()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET and scope["path"] == "/v1/socket":
            await self.litestar.state.socket(scope, receive, send)
        else:
            await self.litestar(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: Litestar) -> AsyncIterator[None]:
        """From an open database to a closed one; what was accepted in between is finished."""
        database = open_database(self.settings.database_url, self.bus)
        wiring.close_commits(database)
        db = Db(database)
        bell = _bell_for(self.settings)
        blobs = LocalBlobs(self.settings.data_dir / "files")
        truth = Truth(
            identity.list_delegations,
            identity.find_signed_out,
            identity.find_suspended,
            chat.find_with_mail,
        )
        hub = Hub(db, bell, self.frames, truth)
        alarm = Alarm(db, hub)
        await db.write(web_push.ensure_key)
        await db.write(signatures.ensure_key)
        await db.write(money.switch_rail, "stripe", is_on=bool(self.settings.stripe_key))
        runner = Runner(db, self.bus, Outside(db, self.settings, blobs))
        _ring_after_commit(database, bell, db)
        app.state.update(
            {
                "db": db,
                "bell": bell,
                "blobs": blobs,
                "hub": hub,
                "limits": Limits(),
                "sessions": Sessions(db, bell),
                "settings": self.settings,
                "socket": SocketDoor(db, hub, bell),
            }
        )
        bell.start()
        hub.start()
        runner.start()
        alarm.start()
        try:
            yield
        finally:
            await alarm.stop()
            await hub.stop()
            await runner.stop()
            await bell.stop()
            await db.close()

    def _litestar(self) -> Litestar:
        dependencies = {
            name: Provide(_from_state(name, kind), sync_to_thread=False)
            for name, kind in {
                "db": Db,
                "bell": Bell,
                "blobs": Blobs,
                "hub": Hub,
                "limits": Limits,
                "settings": Settings,
            }.items()
        }
        dependencies["viewer"] = Provide(provide_viewer)
        dependencies["name_of"] = Provide(_provide_names, sync_to_thread=False)
        dependencies["by"] = Provide(provide_by, sync_to_thread=False)
        return Litestar(
            route_handlers=[
                *API_ROUTES,
                report_health,
                *api_document.routes,
                *card_doors.routes,
                pwa.serve_app,
                *(demo_door.routes if self.settings.demo else []),
                *kirana.storefront.http.routes,
            ],
            dependencies=dependencies,
            guards=[only_whole_amounts],
            exception_handlers={
                Problem: on_problem,
                ValidationException: on_invalid,
                HTTPException: kirana.storefront.http.show_lost,
                RecursionError: on_too_deep,
                Exception: on_bug,
            },
            lifespan=[self.lifespan],
            openapi_config=None,
            # The front end is compressed by its build.
            compression_config=CompressionConfig(
                backend="gzip",
                gzip_compress_level=4,
                minimum_size=1500,
                exclude=["^/app(/|$)", "^/media/", "^/v1/media/", "^/v1/me/export$"],
            ),
            before_request=_name_request,
            after_request=_add_headers,
            request_max_body_size=21 * 1024 * 1024,
            logging_config=None,
            pdb_on_exception=False,
            signature_namespace={},
        )


def create_app() -> ASGIApp:
    """What uvicorn is pointed at."""
    app = Kirana(Settings.read())
    memory.settle()
    return app


def _provide_names() -> money.NameOf:
    return reactions.names_of


def _from_state(name: str, kind: type) -> Any:
    def provide(state: State) -> Any:
        return state[name]

    provide.__annotations__["return"] = kind
    return provide


def _bell_for(settings: Settings) -> Bell:
    if not settings.nats_url:
        return LocalBell()
    from kirana.platform.nats_bell import NatsBell  # most servers are one process and need it not

    return NatsBell(settings.nats_url)


def _ring_after_commit(database: Database, bell: Bell, db: Db) -> None:
    def ring(tx: Tx) -> None:
        if tx.rings:
            db.loop.call_soon_threadsafe(bell.ring, tx.rings)

    database.after_commit.append(ring)


async def _name_request(request: Request[Any, Any, Any]) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=request.headers.get("x-request-id", "")[:64] or hex(id(request))[2:]
    )


def _add_headers(response: Response[Any]) -> Response[Any]:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    return response
