"""Routes: taking along all that is one's own, and deleting one's account."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Meta

from kirana import identity, money
from kirana.platform.blobs import Blobs
from kirana.platform.db import Db
from kirana.platform.http import EVEN_SUSPENDED, problems
from kirana.platform.hub import Hub
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import NotAllowed, NotSignedIn, RateLimited
from kirana.platform.settings import Settings
from kirana.values import Actor, BusinessId, UserId

from .accounts import AccountNotSettled, DeletionPlan, Proof, delete_account, plan_deletion
from .accounts import take_along as gather
from .archive import write_archive

EXPORTS_PER_PERSON = Rate(5, 600)
DELETIONS_PER_PERSON = Rate(10, 5)

AddressText = Annotated[str, Meta(min_length=3, max_length=254)]
CodeText = Annotated[str, Meta(pattern=r"^[0-9]{6}$")]


@dataclass(frozen=True, slots=True)
class DeleteAccount:
    """`close_shops` are those that nobody else owns, and that close for good. Who has neither PIN
    nor passkey gives an address of their own and a fresh code sent to it."""

    close_shops: Annotated[list[UUID], Meta(max_length=100)] = field(default_factory=list)
    address: AddressText | None = None
    code: CodeText | None = None


@get(
    "/v1/me/export",
    raises=problems(RateLimited, NotAllowed, NotSignedIn),
    media_type="application/zip",
    opt={EVEN_SUSPENDED: True},
)
async def take_along(db: Db, blobs: Blobs, settings: Settings, limits: Limits, by: Actor) -> Stream:
    """Everything that is kept of you, as a ZIP file: `kirana.json`, your files, and the products
    of your shops as tables.
    """
    if by.is_acting_for_a_shop:
        raise NotAllowed()
    limits.take("exports", by.person_id, EXPORTS_PER_PERSON)
    along = await db.read(gather, settings.public_url, by=by)
    return Stream(
        write_archive(along, blobs),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="kirana.zip"',
            "Cache-Control": "no-store",
        },
    )


@get("/v1/me/deletion", raises=problems(NotSignedIn))
async def plan(
    db: Db,
    by: Actor,
    close_shops: Annotated[list[UUID] | None, Parameter(max_items=100)] = None,
) -> DeletionPlan:
    """What has to be settled before the account can be deleted, and which shops would close.

    A shop that only you own is in the way until it is among `close_shops`, or has another owner.
    """
    return await db.read(plan_deletion, _shops(close_shops or []), by=by)


@post(
    "/v1/me/deletion",
    status_code=204,
    raises=problems(
        AccountNotSettled,
        money.ConfirmationRequired,
        money.ConfirmationWrong,
        identity.WrongCode,
        identity.AddressInvalid,
        RateLimited,
        NotAllowed,
        NotSignedIn,
    ),
)
async def delete_me(
    data: DeleteAccount, db: Db, settings: Settings, limits: Limits, hub: Hub, by: Actor
) -> Response[None]:
    """Delete your account for good, and sign out everywhere.

    Your name, addresses, words and files go. What was bought and paid stays in the books, of
    nobody. Confirmed by PIN or passkey (the header `Kirana-Confirmation`), else by a code.
    """
    limits.take("deletions", by.person_id, DELETIONS_PER_PERSON)
    proof = None
    if data.address is not None and data.code is not None:
        address = identity.parse_address(data.address)
        if address is None:
            raise identity.AddressInvalid()
        proof = Proof(address, data.code)
    devices = await db.write(delete_account, _shops(data.close_shops), proof=proof, by=by)
    for device_id in devices:
        hub.sign_out(device_id)
    return Response(None, status_code=204, cookies=[identity.session_cookie("", settings)])


def _shops(ids: list[UUID]) -> list[BusinessId]:
    return [BusinessId(UserId(it)) for it in ids]


routes: list[Any] = [take_along, plan, delete_me]
