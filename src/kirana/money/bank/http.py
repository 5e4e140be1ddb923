"""Routes: what the bank says."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post, put
from litestar.params import Parameter, QueryParameter

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor, BankImportId, BankLineId, Page, RequestId, TransferId

from ..edge import Amount, slow_down, version_7
from ..owners import NameOf
from ..problems import AmountOutOfRange, LineExplained
from ..rails.bankfiles import MAX_BYTES, ColumnMap, StatementRefused, require_announced_size
from . import clearing, matching
from . import days as bank_days
from . import statements as bank_statements
from .lines import TO_LOOK_AT, ImportedLine, LineState, get_line, list_lines

_COMMON = (NotAllowed, NotFound, NotSignedIn)
FileName = Annotated[str, Parameter(max_length=200, description="What the file is called.")]
OfState = Annotated[LineState | None, QueryParameter(name="state")]
PageSize = Annotated[int, Parameter(ge=1, le=200)]


@dataclass(frozen=True, slots=True)
class MatchLine:
    """The request that a line paid; `amount`, if only part of the line was for it."""

    id: TransferId
    request_id: RequestId
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class KeptColumns:
    """`columns` is None until they were said for the first time."""

    columns: ColumnMap | None


@dataclass(frozen=True, slots=True)
class SetColumns:
    columns: ColumnMap


@post(
    "/v1/bank-statements",
    raises=problems(StatementRefused, IdReused, NotAllowed, NotSignedIn, RateLimited, InvalidInput),
    opt={"takes": "application/octet-stream"},
    request_max_body_size=MAX_BYTES + 1024,
)
async def import_statement(
    request: Request[Any, Any, Any],
    db: Db,
    by: Actor,
    limits: Limits,
    id: UUID,
    name: FileName = "",
) -> bank_statements.BankImport:
    """Read a file of one's bank (the body): camt.053, camt.054, MT940, OFX, or CSV by the columns
    that are kept. Lines that came in before change nothing. What names a request is matched at
    once; what only looks like one is proposed."""
    slow_down(limits, by)
    import_id = version_7(BankImportId(id))
    columns = await db.read(bank_statements.kept_columns, by=by)
    require_announced_size(request.headers.get("content-length", ""))
    content = await request.body()
    file = await asyncio.to_thread(bank_statements.read_statement, content, columns)
    content_hash = bank_statements.hash_of(content, columns if file.format == "csv" else None)
    await db.write(bank_statements.begin_import, import_id, name, file, content_hash, by=by)
    for at in range(0, len(file.lines), bank_statements.PART):
        part = file.lines[at : at + bank_statements.PART]
        await db.write(bank_statements.take_over, import_id, file.format, part, by=by)
    return await db.read(bank_statements.get_import, import_id, by=by)


@get("/v1/bank-statements", raises=problems(*_COMMON, InvalidInput))
async def list_statements(
    db: Db, by: Actor, before: UUID | None = None, limit: PageSize = 50
) -> Page[bank_statements.BankImport]:
    """The files that were read, the newest first, and what has become of their lines."""
    known = BankImportId(before) if before else None
    return await db.read(bank_statements.list_imports, before=known, limit=limit, by=by)


@get("/v1/bank-statements/columns", raises=problems(NotAllowed, NotSignedIn))
async def get_columns(db: Db, by: Actor) -> KeptColumns:
    """Which column is which in one's CSV files."""
    return KeptColumns(await db.read(bank_statements.kept_columns, by=by))


@put(
    "/v1/bank-statements/columns",
    raises=problems(NotAllowed, NotSignedIn, RateLimited, InvalidInput),
)
async def set_columns(data: SetColumns, db: Db, by: Actor, limits: Limits) -> KeptColumns:
    """Say which column is which in one's CSV files, now and from now on."""
    slow_down(limits, by)
    return KeptColumns(await db.write(bank_statements.keep_columns, data.columns, by=by))


@get("/v1/bank-lines", raises=problems(*_COMMON, InvalidInput))
async def list_bank_lines(
    db: Db,
    by: Actor,
    name_of: NameOf,
    of_state: OfState = None,
    import_id: UUID | None = None,
    is_open: bool = False,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> Page[ImportedLine]:
    """What the bank says, the newest first: all lines, those of one `state` or one file, or with
    `is_open` those that wait for an answer."""
    states: tuple[LineState, ...] = (of_state,) if of_state else TO_LOOK_AT if is_open else ()
    return await db.read(
        list_lines,
        name_of,
        states=states,
        import_id=BankImportId(import_id) if import_id else None,
        before=BankLineId(before) if before else None,
        limit=limit,
        by=by,
    )


@post(
    "/v1/bank-lines/{line_id:uuid}/match",
    raises=problems(*_COMMON, LineExplained, AmountOutOfRange, IdReused, RateLimited, InvalidInput),
)
async def match_line(
    line_id: UUID, data: MatchLine, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> ImportedLine:
    """A line is the payment of this request."""
    slow_down(limits, by)
    id = BankLineId(line_id)
    amount = data.amount.money() if data.amount else None
    await db.write(matching.match_line, version_7(data.id), id, data.request_id, amount, by=by)
    return await db.read(get_line, id, name_of, by=by)


@put("/v1/bank-lines/{line_id:uuid}/set-aside", raises=problems(*_COMMON))
async def set_line_aside(line_id: UUID, db: Db, by: Actor, name_of: NameOf) -> ImportedLine:
    """A line is nothing of Kirana's, or what is wrong with it has been seen to."""
    await db.write(matching.set_line_aside, BankLineId(line_id), by=by)
    return await db.read(get_line, BankLineId(line_id), name_of, by=by)


@delete("/v1/bank-lines/{line_id:uuid}/set-aside", raises=problems(*_COMMON))
async def bring_line_back(line_id: UUID, db: Db, by: Actor) -> None:
    """Look at a line again."""
    await db.write(matching.bring_line_back, BankLineId(line_id), by=by)


@get("/v1/bank-days", raises=problems(NotAllowed, NotSignedIn))
async def list_bank_days(db: Db, by: Actor) -> Page[bank_days.BankDay]:
    """What the bank says of each day of the last two months, beside what the books say."""
    return Page(await db.read(bank_days.list_days, by=by))


@get("/v1/clearing-accounts", raises=problems(NotAllowed, NotSignedIn))
async def list_clearing_accounts(db: Db, by: Actor) -> Page[clearing.ClearingAccount]:
    """For operators: what is in their bank, in their cash box and on its way out, item by item."""
    return Page(await db.read(clearing.explain_clearing, by=by))


routes: list[Any] = [
    import_statement,
    list_statements,
    get_columns,
    set_columns,
    list_bank_lines,
    match_line,
    set_line_aside,
    bring_line_back,
    list_bank_days,
    list_clearing_accounts,
]
