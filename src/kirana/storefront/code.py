"""The shop's link as a QR code: to scan, to download, and as a sheet for the counter."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get

from kirana import business
from kirana.platform.db import Db
from kirana.platform.settings import Settings
from kirana.values import Actor

from .desk import Desk, show
from .shelf import Shelf
from .words import Words

if TYPE_CHECKING:
    import segno

_HOUR = {"Cache-Control": "public, max-age=3600"}


@get("/{handle:str}/qr.svg", include_in_schema=False)
async def show_svg(handle: str, db: Db, settings: Settings) -> Response[bytes]:
    """The code as a drawing that stays sharp at any size."""
    out = BytesIO()
    code = await _code(handle, db, settings)
    code.save(out, kind="svg", scale=8, border=3, dark="#1f1b2d", light="#ffffff", xmldecl=False)
    headers = {**_HOUR, "Content-Security-Policy": "default-src 'none'"}
    return Response(out.getvalue(), media_type="image/svg+xml", headers=headers)


@get("/{handle:str}/qr.png", include_in_schema=False)
async def show_png(handle: str, db: Db, settings: Settings) -> Response[bytes]:
    """The code as a picture to send or to print."""
    out = BytesIO()
    code = await _code(handle, db, settings)
    code.save(out, kind="png", scale=24, border=3, dark="#1f1b2d", light="#ffffff")
    return Response(out.getvalue(), media_type="image/png", headers=_HOUR)


@get("/{handle:str}/qr", include_in_schema=False)
async def show_sheet(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """A sheet for the counter or the door."""

    def drawing(desk: Desk) -> bytes:
        return desk.draw("qr.html", url=desk.url, profile=desk.shop)

    return await show(request, db, settings, shelf, words, viewer, handle, "qr", drawing)


async def _code(handle: str, db: Db, settings: Settings) -> "segno.QRCode":
    """Raises: NotFound."""
    import segno

    shop = await db.read(business.get_by_handle, handle)
    return segno.make(f"{settings.public_url}/{shop.handle}", error="q", micro=False)


routes = [show_svg, show_png, show_sheet]
