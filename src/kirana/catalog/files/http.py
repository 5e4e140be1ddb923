"""Import and export over HTTP."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import Parameter, QueryParameter

from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.platform.settings import Settings
from kirana.values import Actor, BusinessId, ImportId, UnknownCurrency, UserId, uuid7

from . import exports, imports
from .imports import Import, ImportNotApplied, ImportUndone
from .refusals import FileRefused, refuse
from .sniffing import MAX_BYTES

_COMMON = (NotSignedIn, NotFound, NotAllowed)
Name = Annotated[str, Parameter(max_length=200, description="What the file is called.")]
Decimal = Annotated[
    Literal[".", ","] | None,
    Parameter(description="The decimal sign, where the file leaves it open."),
]


@post(
    "/v1/businesses/{business_id:uuid}/imports",
    raises=problems(*_COMMON, FileRefused, IdReused, InvalidInput),
    opt={"takes": "text/csv"},
    request_max_body_size=MAX_BYTES + 1024,
)
async def plan_import(
    request: Request[Any, Any, Any],
    business_id: UUID,
    db: Db,
    by: Actor,
    settings: Settings,
    name: Name = "",
    decimal: Decimal = None,
    id: UUID | None = None,
) -> Import:
    """Read a CSV file (the body) and say what it would do. Nothing changes in the shop yet."""
    if id is not None and id.version != 7:
        raise InvalidInput(errors=[{"field": "id", "message": "A new id is a UUID of version 7."}])
    shop_id = BusinessId(UserId(business_id))
    shop = await db.read(imports.shop_for_import, shop_id, by=by)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_BYTES:
        raise refuse("too-large", f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    content = await request.body()
    now = await db.read(_now)
    file = await asyncio.to_thread(
        imports.read_upload, content, shop.currency, shop.zone, now, decimal
    )
    import_id = ImportId(id or uuid7())
    plan = await db.read(imports.plan_file, import_id, shop_id, file, settings.public_url, by=by)
    await db.write(imports.save_import, import_id, shop_id, name, file, plan, by=by)
    return await db.read(imports.get_import, import_id, by=by)


@get("/v1/imports/{import_id:uuid}", raises=problems(*_COMMON, InvalidInput))
async def show_import(
    import_id: UUID,
    db: Db,
    by: Actor,
    after: Annotated[int, Parameter(ge=0)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = imports.PAGE,
) -> Import:
    """An import: how far it is, and what comes of each row."""
    return await db.read(imports.get_import, ImportId(import_id), by=by, after=after, limit=limit)


@post("/v1/imports/{import_id:uuid}/application", raises=problems(*_COMMON, ImportUndone))
async def apply_import(import_id: UUID, db: Db, by: Actor) -> Import:
    """Do what the plan says. It goes on in the background; the stream tells of its progress."""
    await db.write(imports.begin_import, ImportId(import_id), by=by)
    return await db.read(imports.get_import, ImportId(import_id), by=by)


@delete("/v1/imports/{import_id:uuid}/application", raises=problems(*_COMMON, ImportNotApplied))
async def undo_import(import_id: UUID, db: Db, by: Actor) -> None:
    """Take an import back. What was edited since stays, what was ordered is hidden."""
    await db.write(imports.begin_undo, ImportId(import_id), by=by)


@get(
    "/v1/businesses/{business_id:uuid}/export",
    raises=problems(*_COMMON, InvalidInput),
    media_type="text/csv",
)
async def export_products(
    business_id: UUID,
    db: Db,
    by: Actor,
    settings: Settings,
    format: Annotated[exports.FormatName, QueryParameter(name="format")] = "kirana",
) -> Response[bytes]:
    """All products of the shop as a CSV file."""
    shop_id = BusinessId(UserId(business_id))
    text = await db.read(exports.export_catalog, shop_id, format, settings.public_url, by=by)
    return _csv(text, f"products-{format}.csv")


@get("/v1/import-template.csv", raises=problems(InvalidInput), media_type="text/csv")
async def show_template(
    currency: Annotated[str, Parameter(pattern="^[A-Z]{3}$")] = "USD",
) -> Response[bytes]:
    """The file to begin with: Kirana's columns and two products as an example."""
    try:
        return _csv(exports.template_file(currency), "products.csv")
    except UnknownCurrency as unknown:
        errors = [{"field": "currency", "message": str(unknown)}]
        raise InvalidInput(errors=errors) from None


routes = [plan_import, show_import, apply_import, undo_import, export_products, show_template]


def _now(tx: Tx) -> int:
    return tx.now


def _csv(text: str, name: str) -> Response[bytes]:
    return Response(
        text.encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
