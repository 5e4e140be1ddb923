"""`kirana catalog import` and `kirana catalog export`.

Exit codes of an import: 0 it is done, 1 some rows were refused, 2 the file was refused whole (or
there is no such file or shop). With `--json` exactly one report goes to the standard output.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kirana.platform.settings import Settings
from kirana.values import SYSTEM, ImportId, Problem, uuid7

if TYPE_CHECKING:
    from kirana.platform.db import Database
    from kirana.values import BusinessId

    from .imports import Import
    from .plan import Plan

Opened = Callable[[Settings], AbstractContextManager["Database"]]

DONE, ROWS_REFUSED, REFUSED = 0, 1, 2
_ROWS_SHOWN = 50


def add_arguments(commands: "argparse._SubParsersAction[Any]", opened: Opened) -> None:
    """Add `catalog` to the command line; `opened` gives the wired database."""
    catalog = commands.add_parser(
        "catalog", help="bring products in from a file, or write them out"
    )
    acts = catalog.add_subparsers(metavar="ACT", required=True)

    bring = acts.add_parser("import", help="import a CSV file (Kirana, WooCommerce, Shopify)")
    bring.add_argument("file", help="the file; - for the standard input")
    bring.add_argument("--shop", required=True, metavar="HANDLE", help="the shop's handle")
    bring.add_argument("--dry-run", action="store_true", help="only say what would happen")
    bring.add_argument("--json", action="store_true", help="print one report as JSON")
    bring.add_argument(
        "--decimal", choices=[".", ","], help="the decimal sign, if the file leaves it open"
    )
    bring.set_defaults(run=lambda chosen, settings: run_import(chosen, settings, opened))

    write = acts.add_parser("export", help="write the products of a shop to a CSV file")
    write.add_argument("--shop", required=True, metavar="HANDLE", help="the shop's handle")
    write.add_argument("--format", choices=["kirana", "woocommerce", "shopify"], default="kirana")
    write.add_argument("--out", metavar="FILE", help="where to; standard output if left out")
    write.set_defaults(run=lambda chosen, settings: run_export(chosen, settings, opened))


def run_import(chosen: argparse.Namespace, settings: Settings, opened: Opened) -> int:
    from .refusals import refuse

    try:
        try:
            content = _read(chosen.file)
        except OSError as error:
            raise refuse(
                "no-such-file", f"The file cannot be read: {error.strerror or error}."
            ) from None
        with opened(settings) as database:
            _check_schema(database)
            report = import_content(
                database,
                chosen.shop,
                Path(chosen.file).name,
                content,
                public_url=settings.public_url,
                decimal=chosen.decimal,
                is_dry_run=chosen.dry_run,
            )
    except Problem as problem:
        report = refusal_report(chosen, problem)
    _say(report, as_json=chosen.json)
    if report["result"] == "refused":
        return REFUSED
    return ROWS_REFUSED if report["counts"]["refused"] else DONE


def _read(name: str) -> bytes:
    """What is in the file, or so much of it that one sees that it is too large. Raises: OSError."""
    from .sniffing import MAX_BYTES

    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def run_export(chosen: argparse.Namespace, settings: Settings, opened: Opened) -> int:
    from .exports import export_catalog

    try:
        with opened(settings) as database:
            _check_schema(database)
            shop_id = database.read(_shop_id, chosen.shop)
            text = database.read(
                export_catalog, shop_id, chosen.format, settings.public_url, by=SYSTEM
            )
        if chosen.out:
            Path(chosen.out).write_bytes(text.encode())
        else:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
    except Problem as problem:
        print(_sentence(problem), file=sys.stderr)  # noqa: T201
        return REFUSED
    except OSError as error:
        print(f"The file cannot be written: {error.strerror or error}.", file=sys.stderr)  # noqa: T201
        return REFUSED
    return DONE


def import_content(
    database: "Database",
    handle: str,
    name: str,
    content: bytes,
    *,
    public_url: str,
    decimal: Any = None,
    is_dry_run: bool = False,
) -> dict[str, Any]:
    """Import a file into the shop with this handle; the report. Raises: Problem."""
    from . import imports

    shop_id = database.read(_shop_id, handle)
    shop = database.read(imports.shop_for_import, shop_id, by=SYSTEM)
    now = database.read(lambda tx: tx.now)
    file = imports.read_upload(content, shop.currency, shop.zone, now, decimal)
    import_id = ImportId(uuid7())
    plan = database.read(imports.plan_file, import_id, shop_id, file, public_url, by=SYSTEM)
    if is_dry_run:
        return _plan_report(file, plan, import_id, shop_id, handle, name)
    database.write(imports.save_import, import_id, shop_id, name, file, plan, by=SYSTEM)
    database.write(imports.begin_import, import_id, by=SYSTEM)
    while database.read(imports.get_import, import_id, by=SYSTEM, limit=1).state == "applying":
        database.write(imports.apply_rows, import_id)
    done = database.read(imports.get_import, import_id, by=SYSTEM, limit=100_000)
    return _import_report(done, handle)


def refusal_report(chosen: argparse.Namespace, problem: Problem) -> dict[str, Any]:
    """The report about a file that was refused whole."""
    return {
        "result": "refused",
        "shop": chosen.shop,
        "file": Path(chosen.file).name,
        "dry_run": chosen.dry_run,
        "code": problem.facts.get("code", problem.slug),
        "sentence": _sentence(problem),
        **{key: value for key, value in problem.facts.items() if key in ("seems", "choices")},
    }


def _plan_report(
    file: Any, plan: "Plan", import_id: ImportId, shop_id: "BusinessId", handle: str, name: str
) -> dict[str, Any]:
    from .imports import count_rows, reports_of

    rows = reports_of(plan.steps)
    return {
        "result": "planned",
        "dry_run": True,
        "shop": handle,
        "business_id": shop_id,
        "file": name,
        "format": file.format,
        "encoding": file.encoding,
        "delimiter": file.delimiter,
        "decimal": file.decimal,
        "counts": count_rows(rows),
        "unused_columns": file.reading.unused_columns,
        "gone": plan.gone,
        "rows": rows,
    }


def _import_report(done: "Import", handle: str) -> dict[str, Any]:
    return {
        "result": "applied",
        "dry_run": False,
        "id": done.id,
        "shop": handle,
        "business_id": done.business_id,
        "file": done.name,
        "format": done.format,
        "encoding": done.encoding,
        "delimiter": done.delimiter,
        "decimal": done.decimal,
        "counts": done.counts,
        "unused_columns": done.unused_columns,
        "gone": done.gone,
        "rows": done.rows,
    }


def _say(report: dict[str, Any], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        print(msgspec.json.encode(report).decode())  # noqa: T201
        return
    if report["result"] == "refused":
        print(report["sentence"])  # noqa: T201
        return
    words = "Nothing was written. It would be" if report["dry_run"] else "Done"
    counts = ", ".join(f"{count} {name}" for name, count in report["counts"].items() if count)
    print(f"{words}: {counts or 'nothing'}.")  # noqa: T201
    if report["unused_columns"]:
        print(f"Not used: {', '.join(report['unused_columns'])}.")  # noqa: T201
    noted = [row for row in report["rows"] if row.notes]
    for row in noted[:_ROWS_SHOWN]:
        for said in row.notes:
            place = f"row {row.row}" + (f", {said.column}" if said.column else "")
            quote = f" [{said.quote}]" if said.quote else ""
            print(f"  {place}: {row.result}: {said.sentence}{quote}")  # noqa: T201
    if len(noted) > _ROWS_SHOWN:
        print(f"  … and {len(noted) - _ROWS_SHOWN} more rows with notes.")  # noqa: T201


def _shop_id(tx: Any, handle: str) -> "BusinessId":
    from kirana import business

    from .refusals import refuse

    shop = business.find_by_handle(tx, handle)
    if shop is None:
        raise refuse("no-such-shop", f"There is no shop with the handle {handle}.")
    return shop.id


def _check_schema(database: "Database") -> None:
    """Raises: FileRefused when the database is still empty, or of another version."""
    import sqlalchemy

    from kirana.platform import migrate

    from .refusals import refuse

    engine = database.engine.sqlalchemy_engine()
    try:
        if not sqlalchemy.inspect(engine).has_table("businesses"):
            raise refuse("no-such-shop", "There are no shops here yet. Start the server first.")
    finally:
        engine.dispose()
    revision = migrate.current_revision(database)
    if revision is not None and revision != migrate.newest_revision():
        raise refuse(
            "other-version",
            "The database is of another version of Kirana. Run `kirana migrate` first.",
        )


def _sentence(problem: Problem) -> str:
    return str(problem.facts.get("sentence") or problem.title)
