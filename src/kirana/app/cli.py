"""The command line: `kirana --help`."""

import argparse
import gc
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from kirana.platform.settings import BadSetting, Settings

if TYPE_CHECKING:
    from kirana.platform.db import Database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says how it went."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(with_rooms=given[:1])
    chosen = parser.parse_args(given)
    try:
        settings = Settings.read()
    except BadSetting as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    try:
        code: int = chosen.run(chosen, settings)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        sentence = _what_to_do(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)  # noqa: T201
        return 2
    return code


_DAMAGED = ("disk image is malformed", "file is not a database", "invalid page in block")
"""What SQLite and PostgreSQL say of pages that are not as they wrote them."""


def _what_to_do(error: Exception) -> str | None:
    """A sentence for what an operator can mend; None for a mistake of ours."""
    from .maintenance import NotReady

    if isinstance(error, NotReady):
        return str(error)
    reason = str(getattr(error, "orig", error)).strip().splitlines()
    if type(error).__name__ == "OperationalError" and "connection" in reason[0]:
        return f"The database does not answer: {reason[0]}"
    if any(sign in reason[0] for sign in _DAMAGED if reason):
        return f"The database is damaged: {reason[0]}. Go back to a backup whose audit is clean."
    return None


def _parser(*, with_rooms: Sequence[str]) -> argparse.ArgumentParser:
    """All commands. A room takes a second to import: only who asks for it waits for it."""
    parser = argparse.ArgumentParser(
        prog="kirana",
        description="Chat, shop and pay, privately, on a server you own.",
        epilog="Settings are environment variables:\n" + _settings_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="run the server; brings the database up to date")
    serve.add_argument(
        "--with-demo", action="store_true", help="fill an empty database with the demo town first"
    )
    serve.add_argument("--reload", action="store_true", help="restart when the code changes")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=_migrate)

    demo = commands.add_parser("demo", help="fill the demo town, and say who is in it")
    demo.add_argument("--json", action="store_true", help="print the manifest as one JSON object")
    demo.add_argument("--quiet", action="store_true", help="only fill it")
    demo.set_defaults(run=_demo)

    doctor = commands.add_parser("doctor", help="look for what is wrong, and say what to do")
    doctor.set_defaults(run=_doctor)

    audit = commands.add_parser("audit", help="recompute all books; exit code 1 if anything is off")
    audit.add_argument("--json", action="store_true", help="print the findings as JSON")
    audit.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="a copy of books.jsonl: does the chain still have every head that was published?",
    )
    audit.set_defaults(run=_audit)

    clearing = commands.add_parser(
        "clearing", help="say what is in the operator's bank, cash box and on its way, item by item"
    )
    clearing.add_argument("--json", action="store_true", help="print the accounts as JSON")
    clearing.set_defaults(run=_clearing)

    api = commands.add_parser("api", help="write docs/openapi.json and docs/problems.md")
    api.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if they differ"
    )
    api.set_defaults(run=_api)

    agent = commands.add_parser("appoint", help="make somebody an operator or a cash agent")
    agent.add_argument("role", choices=["operator", "agent"])
    agent.add_argument("who", help="a phone number, an e-mail address or a handle")
    agent.set_defaults(run=_appoint)

    verified = commands.add_parser("verify", help="say how well somebody is known: their limits")
    verified.add_argument("tier", choices=["unverified", "basic", "full", "merchant"])
    verified.add_argument("who", help="a phone number, an e-mail address or a handle")
    verified.set_defaults(run=_verify)

    limits = commands.add_parser("limits", help="show or set what people may pay and hold")
    limits.add_argument("currency", nargs="?", help="such as INR; none: show what is in force")
    limits.add_argument("--preset", help="start from what is known of a country, such as IN")
    limits.add_argument("--hold", help="the most that a fully verified person may hold")
    limits.add_argument("--day", help="and the most that they may send in a day; the rest follows")
    limits.add_argument("--none", action="store_true", help="take all limits of the currency away")
    limits.set_defaults(run=_limits)

    suspended = commands.add_parser("suspend", help="keep a person or a shop out; nothing is lost")
    suspended.add_argument("who", help="a phone number, an e-mail address or a handle")
    suspended.add_argument("--reason", required=True, help="why; they read it")
    suspended.set_defaults(run=_suspend)
    reinstated = commands.add_parser("reinstate", help="let somebody in again who was suspended")
    reinstated.add_argument("who", help="a phone number, an e-mail address or a handle")
    reinstated.set_defaults(run=_reinstate)

    if "catalog" in with_rooms:
        from kirana.catalog.files import cli as files

        files.add_arguments(commands, _opened)
    else:
        commands.add_parser("catalog", help="bring products in from a file, or write them out")
    if "chat" in with_rooms:
        from kirana.client import cli as chat

        chat.add_arguments(commands)
    else:
        commands.add_parser("chat", help="read and write messages, privately where that is due")
    if "receipt" in with_rooms:
        from . import receipt_command

        receipt_command.add_arguments(commands)
    else:
        commands.add_parser("receipt", help="check a receipt of a payment")
    if "rail" in with_rooms:
        from kirana.money.rails import cli as rail

        rail.add_arguments(commands)
    else:
        commands.add_parser("rail", help="say what a payment code says")
    return parser


def _opened(settings: Settings) -> AbstractContextManager["Database"]:
    from . import maintenance

    return maintenance.opened(settings)


def _settings_text() -> str:
    return "\n".join(
        f"  KIRANA_{f.name.upper():<18} {f.metadata['help']}" for f in fields(Settings)
    )


def _serve(chosen: argparse.Namespace, settings: Settings) -> int:
    gc.disable()  # Importing makes much and drops little; `create_app` goes back to collecting.
    from . import server

    return server.serve(settings, with_demo=chosen.with_demo, reload=chosen.reload)


def _migrate(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.migrate(settings)


def _demo(chosen: argparse.Namespace, settings: Settings) -> int:
    from .demo import command

    return command.run(settings, as_json=chosen.json, only_fill=chosen.quiet)


def _doctor(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.doctor(settings)


def _audit(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.audit(settings, as_json=chosen.json, against=chosen.against)


def _clearing(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.clearing(settings, as_json=chosen.json)


def _api(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import api_document

    return api_document.write(check=chosen.check)


def _appoint(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.appoint(settings, chosen.role, chosen.who)


def _verify(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.verify(settings, chosen.tier, chosen.who)


def _limits(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.limits(
        settings,
        chosen.currency,
        preset=chosen.preset,
        hold=chosen.hold,
        day=chosen.day,
        clear=chosen.none,
    )


def _suspend(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.suspend(settings, chosen.who, chosen.reason)


def _reinstate(chosen: argparse.Namespace, settings: Settings) -> int:
    from . import maintenance

    return maintenance.reinstate(settings, chosen.who)
