"""The built front end under `/app/`: files, compressed where the build did it, else its page."""

import base64
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

FOLDER = Path(__file__).parent / "web"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".html": "text/html; charset=utf-8",
}
CSP = (
    "default-src 'self'; script-src 'self' {hashes} 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: {tiles}; "
    "media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html sveltekit-trusted-url kirana-crypto kirana-html"
)
# A worker does not inherit the page's policy. The pictures are those of its notifications.
WORKER_CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types"
)


@get(["/app", "/app/{path:path}"], include_in_schema=False)
async def serve_app(
    request: Request[Any, Any, Any],
    path: str | None = None,
) -> Response[bytes]:
    name = (path or "").lstrip("/")
    file = find_file(name)
    if file is None:
        if "." in name.rsplit("/", 1)[-1]:
            return Response(b"", status_code=404)
        file = FOLDER / "index.html"
        if not file.exists():
            return Response(
                b"The front end is not built. Run `make web`.",
                status_code=503,
                media_type="text/plain",
            )
    headers = {
        "Content-Type": _TYPES.get(file.suffix)
        or mimetypes.guess_type(file.name)[0]
        or "application/octet-stream",
        "Cache-Control": "public, max-age=31536000, immutable"
        if "/immutable/" in f"/{name}"
        else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if file.suffix == ".html":
        headers["Content-Security-Policy"] = _policy(
            file, file.stat().st_mtime_ns, request.app.state.settings.tiles_url
        )
    elif "/workers/" in name or name == "service-worker.js":
        headers["Content-Security-Policy"] = WORKER_CSP
    packed = file.with_name(file.name + ".br")
    if "br" in request.headers.get("accept-encoding", "") and packed.exists():
        headers["Content-Encoding"] = "br"
        file = packed
    return Response(file.read_bytes(), headers=headers)


def find_file(name: str) -> Path | None:
    """The built file of that name; never one outside of the build."""
    if not name:
        return None
    file = (FOLDER / name).resolve()
    return file if file.is_file() and file.is_relative_to(FOLDER.resolve()) else None


@cache
def _policy(page: Path, changed_at: int, tiles_url: str) -> str:
    """Only the page's own inline scripts may run: they are named by their hashes.

    `changed_at` tells one build from the next.
    """
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page.read_text(), re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    host = "/".join(tiles_url.split("/")[:3]).replace("{s}", "*") if tiles_url else ""
    return CSP.format(hashes=hashes, tiles=host)
