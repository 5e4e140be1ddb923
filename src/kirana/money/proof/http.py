"""Routes: receipts, and where the books stand. What is public says nothing of anybody."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import Parameter

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound, NotSignedIn, RateLimited
from kirana.platform.settings import Settings
from kirana.values import Actor, TransferId

from .. import chain
from ..owners import NameOf
from . import receipts, sealing

CHECKS_PER_SOURCE = Rate(60, 2)
BlockNumber = Annotated[int, Parameter(ge=1, le=2**53)]


@get("/v1/transfers/{transfer_id:uuid}/receipt", raises=problems(NotFound, NotSignedIn))
async def get_receipt(
    transfer_id: UUID, db: Db, by: Actor, settings: Settings, name_of: NameOf
) -> receipts.TransferReceipt:
    """A receipt of a transfer as one's own side of it, signed by this server. Whoever has the file
    can have it checked, by anybody's hand."""
    server = settings.public_url
    return await db.read(receipts.make_receipt, TransferId(transfer_id), server, name_of, by=by)


@post("/v1/receipts/verification", status_code=200, raises=problems(InvalidInput, RateLimited))
async def verify_receipt(
    data: receipts.TransferReceipt, db: Db, limits: Limits, request: Request[Any, Any, Any]
) -> receipts.ReceiptVerification:
    """For everybody: whether this server gave a receipt, and whether its books still say so."""
    _slow_down(limits, request)
    return await db.read(receipts.verify_receipt, data)


@get("/v1/books/head", raises=problems(RateLimited))
async def get_books_head(
    db: Db, settings: Settings, limits: Limits, request: Request[Any, Any, Any]
) -> receipts.BooksHead:
    """For everybody: the last block of the books, and the last of the day before (UTC), signed. Who
    keeps one can tell if anything sealed until then is ever changed."""
    _slow_down(limits, request)
    return await db.read(receipts.books_head, settings.public_url)


@get("/v1/books/blocks/{no:int}", raises=problems(NotFound, RateLimited, InvalidInput))
async def get_block(
    no: BlockNumber, db: Db, limits: Limits, request: Request[Any, Any, Any]
) -> chain.SealedBlock:
    """For everybody: a block of the books, such as the one at the foot of a statement."""
    _slow_down(limits, request)
    block = await db.read(chain.find_block, no)
    if block is None:
        raise NotFound(block=no)
    return block


@get("/v1/books/days", raises=problems(NotAllowed, NotSignedIn))
async def list_sealed_days(db: Db, by: Actor) -> list[sealing.SealedDay]:
    """For operators: when the books were gone through, what was found, and what was published."""
    return await db.read(sealing.list_sealed_days, by=by)


def _slow_down(limits: Limits, request: Request[Any, Any, Any]) -> None:
    limits.take("books", request.client.host if request.client else "", CHECKS_PER_SOURCE)


routes: list[Any] = [get_receipt, verify_receipt, get_books_head, get_block, list_sealed_days]
