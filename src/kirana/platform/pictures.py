"""Public pictures: of shops, people and products. Anybody who knows an id may see one.

An id is the SHA-256 of what was uploaded, so uploading the same again is the same picture. Each
lies in the blobs as WebP in a few sizes; what pages need to know beforehand (size in pixels,
average color) is a row here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import Provide
from sqlalchemy import Column, bindparam, delete, select, type_coerce

from kirana.values import Actor

from .blobs import Blobs
from .db import Db, Id, Int, Json, Q, Text, Tx, any_of, table, upsert
from .http import problems
from .images import (
    MASTER,
    MAX_BYTES,
    SIZES,
    ImageWorker,
    PictureTooLarge,
    PictureUnreadable,
    Rendered,
)
from .jobs import Outside
from .limits import Limits, Rate
from .problems import NotFound, NotSignedIn, RateLimited

UPLOADS_PER_PERSON = Rate(120, 5)
FOREVER = "public, max-age=31536000, immutable"

pictures = table(
    "platform_pictures",
    Column("id", Text, primary_key=True),
    Column("width", Int, nullable=False),
    Column("height", Int, nullable=False),
    Column("color", Text, nullable=False),
    # Blob names by width: {"320": "…"}.
    Column("files", Json, nullable=False),
    Column("size_bytes", Int, nullable=False),
    Column("created_by", Id),
    Column("created_at", Int, nullable=False),
)

_FIND = Q(select(pictures).where(pictures.c.id == bindparam("id")))
_FIND_MANY = Q(
    select(pictures.c.id, pictures.c.width, pictures.c.height, pictures.c.color).where(
        any_of(pictures.c.id, "ids")
    )
)
_SAVE = Q(upsert(pictures, keys=["id"]))
_FORGET = Q(delete(pictures).where(pictures.c.id == bindparam("id")))
_WITH_FILE = Q(
    select(pictures.c.id).where(type_coerce(pictures.c.files, Text).contains(bindparam("name")))
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A public picture: `/media/{id}/{width}.webp` for 320, 640, 1280 and 2400 at most.

    `width` and `height` are the largest version's; `color` is `#rrggbb`.
    """

    id: str
    width: int
    height: int
    color: str


def picture_id(content: bytes) -> str:
    """The id that an upload has or will have."""
    return sha256(content).hexdigest()


def is_picture_id(text: str) -> bool:
    """Whether it looks like one; it need not exist."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def find(tx: Tx, picture_id: str) -> Picture | None:
    return get_many(tx, [picture_id]).get(picture_id)


def get_many(tx: Tx, ids: Iterable[str]) -> dict[str, Picture]:
    """Those of the pictures that exist, by id."""
    wanted = [id_ for id_ in ids if is_picture_id(id_)]
    if not wanted:
        return {}
    rows = tx.all(_FIND_MANY, ids=wanted)
    return {row.id: Picture(row.id, row.width, row.height, row.color) for row in rows}


def find_file(tx: Tx, picture_id: str, width: int) -> str | None:
    """The name of the blob of one size."""
    row = tx.one(_FIND, id=picture_id) if is_picture_id(picture_id) else None
    return row.files.get(str(width)) if row else None


def save(
    tx: Tx,
    picture_id: str,
    rendered: Rendered,
    files: Mapping[int, str],
    *,
    by: Actor | None = None,
) -> Picture:
    """Note a picture whose `files` (blob names by width) are stored. Again: the same."""
    tx.do(
        _SAVE,
        id=picture_id,
        width=rendered.width,
        height=rendered.height,
        color=rendered.color,
        files={str(width): name for width, name in files.items()},
        size_bytes=sum(map(len, rendered.files.values())),
        created_by=by.person_id if by else None,
        created_at=tx.now,
    )
    return Picture(picture_id, rendered.width, rendered.height, rendered.color)


def forget(tx: Tx, picture_id: str) -> None:
    """Take a picture away, with the files that no other picture shares. Again: nothing."""
    row = tx.one(_FIND, id=picture_id)
    if row is None:
        return
    tx.do(_FORGET, id=picture_id)
    if names := [name for name in row.files.values() if not tx.all(_WITH_FILE, name=name)]:
        tx.enqueue(remove_pictures, names=names)


async def remove_pictures(outside: Outside, names: list[str]) -> None:
    """Take files of pictures from the disk. A job."""
    for name in names:
        await outside.blobs.delete(name)


async def store(
    content: bytes, db: Db, blobs: Blobs, images: ImageWorker, *, by: Actor | None = None
) -> Picture:
    """Render a picture and keep it. Raises: PictureUnreadable, PictureTooLarge."""
    id_ = picture_id(content)
    if known := await db.read(find, id_):
        return known
    rendered = await images.render(content)
    files = {width: await blobs.put(file) for width, file in rendered.files.items()}
    return await db.write(save, id_, rendered, files, by=by)


def provide_images(state: State) -> ImageWorker:
    """The image worker of this process, for routes that ask for `images`."""
    if "images" not in state:
        state["images"] = ImageWorker()
    images: ImageWorker = state["images"]
    return images


@post(
    "/v1/pictures",
    raises=problems(PictureUnreadable, PictureTooLarge, RateLimited, NotSignedIn),
    opt={"takes": "image/*"},
    dependencies={"images": Provide(provide_images, sync_to_thread=False)},
)
async def upload_picture(
    request: Request[Any, Any, Any],
    db: Db,
    blobs: Blobs,
    images: ImageWorker,
    limits: Limits,
    by: Actor,
) -> Picture:
    """Upload a public picture: JPEG, PNG, WebP or HEIC as the whole body, 20 MB at most.

    The same file again is the same picture. What the camera wrote into it is not kept.
    """
    limits.take("pictures", by.person_id, UPLOADS_PER_PERSON)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_BYTES:
        raise PictureTooLarge(size_bytes=int(announced))
    return await store(await request.body(), db, blobs, images, by=by)


@get("/media/{picture_id:str}/{file_name:str}", include_in_schema=False)
async def show_picture(
    request: Request[Any, Any, Any], picture_id: str, file_name: str, db: Db, blobs: Blobs
) -> Response[bytes]:
    """One size of a public picture. It never changes, so browsers keep it for ever."""
    width = file_name.removesuffix(".webp")
    if not file_name.endswith(".webp") or width not in _WIDTHS:
        raise NotFound()
    name = await db.read(find_file, picture_id, int(width))
    if name is None:
        raise NotFound()
    headers = {"Cache-Control": FOREVER, "ETag": f'"{name[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    content = await blobs.get(name)
    if content is None:
        raise NotFound()
    headers["Content-Security-Policy"] = "default-src 'none'"
    return Response(content, media_type="image/webp", headers=headers)


_WIDTHS = {str(width) for width in (*SIZES, MASTER)}

routes = [upload_picture, show_picture]
