"""Style, script, fonts and icons of the pages: `/static/{name}`, versioned by their content.

`tokens.css` and the fonts are the front end's: a build copies them here, a checkout reads them
where they are.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from kirana.platform.problems import NotFound

FOLDER = Path(__file__).parent / "static"
_WEB = Path(__file__).parents[3] / "web"
_FONTS = _WEB / "node_modules" / "@fontsource-variable"
SHARED = {
    "tokens.css": _WEB / "src/lib/ui/tokens.css",
    "anek-latin.woff2": _FONTS / "anek-latin/files/anek-latin-latin-wght-normal.woff2",
    "anek-latin-ext.woff2": _FONTS / "anek-latin/files/anek-latin-latin-ext-wght-normal.woff2",
    "anek-devanagari.woff2": _FONTS
    / "anek-devanagari/files/anek-devanagari-devanagari-wght-normal.woff2",
}
"""What the front end owns, by the name under which the pages ask for it."""
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_IMPORT = re.compile(rb"(?<= from ')\./([\w-]+\.js)(?=';)")
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300"


@cache
def read_asset(name: str) -> bytes | None:
    """The file of that name, if it is one of ours; a script names others by their version."""
    if "/" in name or name.startswith("."):
        return None
    file = FOLDER / name
    if name in SHARED and SHARED[name].is_file():
        file = SHARED[name]
    if not file.is_file():
        return None
    content = file.read_bytes()
    if file.suffix == ".js":
        content = _IMPORT.sub(lambda found: address_of(found[1].decode()).encode(), content)
    return content


@cache
def address_of(name: str) -> str:
    """Where a page finds this file; another content has another address."""
    content = read_asset(name) or b""
    return f"/static/{name}?v={sha256(content).hexdigest()[:10]}"


@get("/static/{name:str}", include_in_schema=False)
async def show_asset(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    content = read_asset(name)
    if content is None:
        raise NotFound()
    is_versioned = request.url.query != "" and address_of(name).endswith(request.url.query)
    return Response(
        content,
        media_type=_TYPES.get(Path(name).suffix, "application/octet-stream"),
        headers={
            "Cache-Control": _FOREVER if is_versioned else _BRIEFLY,
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )


@get("/favicon.ico", include_in_schema=False)
async def show_icon() -> Response[bytes]:
    """What browsers look for when a page does not say where its icon is."""
    return Response(
        read_asset("icon.png") or b"",
        media_type="image/png",
        headers={"Cache-Control": "public, max-age=86400"},
    )


routes = [show_asset, show_icon]
