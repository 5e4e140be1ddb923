"""The product as one ASGI application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from litestar import Litestar, Request, Response, Router, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import Parameter
from litestar.types import ASGIApp, Receive, Scope, Send

from kirana.platform import stream
from kirana.platform.bell import Bell, LocalBell
from kirana.platform.blobs import Blobs, LocalBlobs
from kirana.platform.database import open_database
from kirana.platform.db import Database, Db, Tx
from kirana.platform.events import Bus
from kirana.platform.http import (
    on_bug,
    on_http_error,
    on_invalid,
    on_problem,
    problems,
)
from kirana.platform.hub import Hub
from kirana.platform.limits import Limits
from kirana.platform.jobs import Outside, Runner
from kirana.platform.problems import NotAllowed
from kirana.platform.settings import Settings
from kirana.platform.stream import Frames
from kirana.values import Actor, Problem

from . import api_document, pwa, wiring
from .auth import provide_by, provide_viewer
from .socket import SocketDoor

def _routes(*modules: str) -> list[Any]:
    import importlib
    import importlib.util

    found = []
    for name in modules:
        try:
            found += importlib.import_module(name).routes
        except ModuleNotFoundError:
            continue
    return found


API_ROUTES: Sequence[Any] = _routes(
    "kirana.identity.http", "kirana.business.http", "kirana.catalog.http",
    "kirana.catalog.files.http", "kirana.orders.http", "kirana.money.http", "kirana.chat.http",
    "kirana.crm.http", "kirana.platform.pictures",
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a client should know of this server before it does anything."""

    name: str
    demo: bool
    now: int
    public_url: str
    tiles_url: str
    tiles_attribution: str


@get("/v1/server")
async def describe_server(settings: Settings, db: Db) -> ServerFacts:
    """What this server is called and what it offers."""
    return ServerFacts(
        settings.name,
        settings.demo,
        await db.read(_now),
        settings.public_url,
        settings.tiles_url,
        settings.tiles_attribution,
    )


@get("/v1/stream", raises=problems(NotAllowed))
async def read_stream(
    db: Db,
    hub: Hub,
    by: Actor,
    after: Annotated[int, Parameter(ge=0, le=2**53)] = 0,
    wait_s: Annotated[int, Parameter(ge=0, le=25)] = 0,
) -> stream.StreamPage:
    """What changed after a cursor, for a client without a socket.

    With `wait_s`, an answer without news waits that long for some.
    """
    page = await db.read(stream.read_stream, by.user_id, after, hub.frames)
    if not page.frames and not page.resync and wait_s:
        await hub.wait_for(by.user_id, wait_s)
        page = await db.read(stream.read_stream, by.user_id, after, hub.frames)
    return page


@get("/v1/health", include_in_schema=False)
async def report_health(db: Db) -> dict[str, str]:
    await db.read(_now)
    return {"status": "ok"}


class Kirana:
    """The application: HTTP goes to Litestar, `/v1/socket` to the socket's door."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bus = Bus()
        self.frames = Frames()
        wiring.wire(self.bus)
        wiring.draw(self.frames)
        self.litestar = self._litestar()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == "/v1/socket":
            await self.litestar.state.socket(scope, receive, send)
        else:
            await self.litestar(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: Litestar) -> AsyncIterator[None]:
        """From an open database to a closed one; what was accepted in between is finished."""
        database = open_database(self.settings.database_url, self.bus)
        wiring.close_commits(database)
        db = Db(database)
        bell = LocalBell()
        blobs = LocalBlobs(self.settings.data_dir / "files")
        hub = Hub(db, bell, self.frames)
        runner = Runner(db, self.bus, Outside(db, self.settings, blobs))
        _ring_after_commit(database, bell, db)
        app.state.update(
            {"db": db, "bell": bell, "blobs": blobs, "hub": hub, "limits": Limits(),
             "settings": self.settings,
             "socket": SocketDoor(db, hub, bell)}
        )
        hub.start()
        runner.start()
        try:
            yield
        finally:
            await hub.stop()
            await runner.stop()
            await db.close()

    def _litestar(self) -> Litestar:
        dependencies = {
            name: Provide(_from_state(name, kind), sync_to_thread=False)
            for name, kind in {
                "db": Db, "bell": Bell, "blobs": Blobs, "hub": Hub,
                "limits": Limits, "settings": Settings,
            }.items()
        }
        dependencies["viewer"] = Provide(provide_viewer)
        dependencies["by"] = Provide(provide_by, sync_to_thread=False)
        return Litestar(
            route_handlers=[
                *API_ROUTES,
                describe_server,
                read_stream,
                report_health,
                *api_document.routes,
                pwa.serve_app,
                *_routes("kirana.storefront.http"),
            ],
            dependencies=dependencies,
            exception_handlers={
                Problem: on_problem,
                ValidationException: on_invalid,
                HTTPException: on_http_error,
                Exception: on_bug,
            },
            lifespan=[self.lifespan],
            openapi_config=None,
            # The front end is compressed by its build.
            compression_config=CompressionConfig(
                backend="gzip", minimum_size=1500, exclude=["^/app(/|$)"]
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
    return Kirana(Settings.read())


def _from_state(name: str, kind: type) -> Any:
    def provide(state: State) -> Any:
        return state[name]

    provide.__annotations__["return"] = kind
    return provide


def _ring_after_commit(database: Database, bell: LocalBell, db: Db) -> None:
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


def _now(tx: Tx) -> int:
    return tx.now


