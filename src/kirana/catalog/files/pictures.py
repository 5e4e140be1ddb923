"""Pictures that a file names by their addresses: fetched by a job after the products are there.

A picture that cannot be had is a note on its row, never a refusal.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import bindparam, select, update

from kirana.platform import pictures as store
from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.images import ImageWorker
from kirana.platform.jobs import Outside
from kirana.platform.stream import Change
from kirana.values import SYSTEM, BusinessId, ImportId, Problem, ProductId

from ..model import MAX_PICTURES, draft_of
from ..products import find_product, save_product, set_pictures
from . import tables
from .fetching import Fetcher, FetchFailed, PublicFetcher
from .notes import note
from .plan import Wish

AT_ONCE = 4
SECONDS_PER_JOB = 40

_WISH = Q(upsert(tables.pictures, keys=["target_id", "url"]))
_WAITING = Q(
    select(tables.pictures)
    .where(
        tables.pictures.c.import_id == bindparam("import_id"),
        tables.pictures.c.picture_id.is_(None),
        tables.pictures.c.refused.is_(None),
    )
    .order_by(tables.pictures.c.product_id, tables.pictures.c.position)
    .limit(bindparam("limit"))
)
_END = Q(
    update(tables.pictures)
    .where(
        tables.pictures.c.target_id == bindparam("target_id_"),
        tables.pictures.c.url == bindparam("url_"),
        tables.pictures.c.picture_id.is_(None),
        tables.pictures.c.refused.is_(None),
    )
    .values(picture_id=bindparam("picture_id_"), refused=bindparam("refused_"))
)
_ROW = Q(
    select(tables.rows.c.notes).where(
        tables.rows.c.import_id == bindparam("import_id"), tables.rows.c.row == bindparam("row_")
    )
)
_SET_NOTES = Q(
    update(tables.rows)
    .where(
        tables.rows.c.import_id == bindparam("import_id_"), tables.rows.c.row == bindparam("row_")
    )
    .values(notes=bindparam("notes_"))
)


def wish_for(
    tx: Tx,
    import_id: ImportId,
    business_id: BusinessId,
    product_id: ProductId,
    wish: Wish,
    position: int,
) -> None:
    """Note a picture that is to be fetched."""
    tx.do(
        _WISH,
        target_id=wish.variant_id or product_id,
        url=wish.url,
        business_id=business_id,
        product_id=product_id,
        import_id=import_id,
        row=wish.row,
        position=position,
    )


def has_wishes(tx: Tx, import_id: ImportId) -> bool:
    return bool(tx.all(_WAITING, import_id=import_id, limit=1))


async def fetch_pictures(outside: Outside, import_id: ImportId) -> None:
    """Job: fetch the pictures of an import, some at a time, until all are there or noted."""
    await fetch_with(PublicFetcher(), outside, import_id)


async def fetch_with(fetcher: Fetcher, outside: Outside, import_id: ImportId) -> None:
    """The same with a given way to fetch."""
    images = ImageWorker()
    until = time.monotonic() + SECONDS_PER_JOB
    while waiting := await outside.db.read(list_waiting, import_id):
        if time.monotonic() > until:
            await outside.db.write(fetch_more, import_id)
            return
        by_product: dict[UUID, list[Row]] = {}
        for row in waiting:
            by_product.setdefault(row.product_id, []).append(row)
        groups = list(by_product.values())[:AT_ONCE]
        await asyncio.gather(*(_fetch(fetcher, outside, images, rows) for rows in groups))


def list_waiting(tx: Tx, import_id: ImportId) -> list[Row]:
    return tx.all(_WAITING, import_id=import_id, limit=100)


def fetch_more(tx: Tx, import_id: ImportId) -> None:
    tx.enqueue(fetch_pictures, import_id=import_id)


async def _fetch(
    fetcher: Fetcher, outside: Outside, images: ImageWorker, rows: Sequence[Row]
) -> None:
    """The pictures of one product, one after another, so that they keep their order."""
    for row in rows:
        try:
            content = await asyncio.to_thread(fetcher.fetch, row.url)
            picture = await store.store(content, outside.db, outside.blobs, images)
        except FetchFailed as failed:
            await outside.db.write(refuse_picture, row.target_id, row.url, str(failed))
        except Problem as problem:
            await outside.db.write(refuse_picture, row.target_id, row.url, problem.title)
        else:
            await outside.db.write(take_picture, row.target_id, row.url, picture.id)


_FIND = Q(
    select(tables.pictures).where(
        tables.pictures.c.target_id == bindparam("target_id"),
        tables.pictures.c.url == bindparam("url"),
    )
)


def take_picture(tx: Tx, target_id: UUID, url: str, picture_id: str) -> None:
    """Give a product or variant the picture that came from `url`. Again: nothing."""
    if not tx.do(_END, target_id_=target_id, url_=url, picture_id_=picture_id, refused_=None):
        return
    row = tx.one(_FIND, target_id=target_id, url=url)
    assert row is not None
    product = find_product(tx, row.product_id)
    if product is not None and target_id == product.id:
        if picture_id not in product.picture_ids and len(product.picture_ids) < MAX_PICTURES:
            set_pictures(tx, product.id, (*product.picture_ids, picture_id), by=SYSTEM)
    elif product is not None:
        draft = draft_of(product)
        variants = tuple(
            replace(it, picture_id=picture_id) if it.id == target_id else it
            for it in draft.variants
        )
        save_product(
            tx, product.id, product.business_id, replace(draft, variants=variants), by=SYSTEM
        )
    tx.publish([row.business_id], Change("import", row.import_id))


def refuse_picture(tx: Tx, target_id: UUID, url: str, reason: str) -> None:
    """Note on its row that a picture cannot be had. Again: nothing."""
    if not tx.do(_END, target_id_=target_id, url_=url, picture_id_=None, refused_=reason):
        return
    row = tx.one(_FIND, target_id=target_id, url=url)
    assert row is not None
    there = tx.one(_ROW, import_id=row.import_id, row_=row.row)
    if there is not None:
        said = note(row.row, "picture-refused", "", url, reason=reason)
        tx.do(_SET_NOTES, import_id_=row.import_id, row_=row.row, notes_=[*there.notes, said])
    tx.publish([row.business_id], Change("import", row.import_id))
