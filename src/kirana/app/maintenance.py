"""What an operator does by hand: migrate, look after, audit, appoint."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from kirana import identity, money
from kirana.platform import jobs, logs
from kirana.platform import migrate as migration
from kirana.platform.database import open_database
from kirana.platform.db import Database, Tx
from kirana.platform.events import Bus
from kirana.platform.settings import Settings
from kirana.values import (
    MAX_AMOUNT_MINOR,
    SYSTEM,
    Actor,
    Money,
    Problem,
    UserId,
    currency,
    total,
    uuid7,
)

from . import suspension_doors as suspensions
from . import wiring

Command = Callable[..., object]
OK, BAD, HINT = "ok", "bad", "hint"


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The wired database, for a program without an event loop."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bus = Bus()
    wiring.wire(bus)
    database = open_database(settings.database_url, bus)
    wiring.close_commits(database)
    try:
        yield database
    finally:
        database.close()


class NotReady(Exception):
    """The database cannot be used as it is. Says what to do."""


@contextmanager
def opened_whole(settings: Settings) -> Iterator[Database]:
    """The same, with the schema of this version. Raises: NotReady."""
    with opened(settings) as database:
        have, newest = migration.current_revision(database), migration.newest_revision()
        if have is None:
            raise NotReady("There is nothing here yet. Start the server, or run `kirana migrate`.")
        if have != newest:
            raise NotReady(f"The database is at {have}, this version wants {newest}: migrate it.")
        yield database


def migrate(settings: Settings) -> int:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url, Bus())
    changed = migration.upgrade(database)
    say("The database is up to date now." if changed else "The database was up to date.")
    database.close()
    return 0


def audit(settings: Settings, *, as_json: bool, against: Path | None = None) -> int:
    """Recompute the books; 1 when something is off. `against` is a file of published heads."""
    with opened_whole(settings) as database:
        findings = database.read(money.audit)
        if against is not None:
            try:
                findings += database.read(money.compare_with, against)
            except (OSError, msgspec.DecodeError) as error:
                say(f"{against} cannot be read: {error}")
                return 2
    if as_json:
        say(msgspec.json.encode({"clean": not findings, "findings": findings}).decode())
    else:
        for finding in findings:
            say(str(finding))
        say(f"{len(findings)} findings." if findings else "The books are clean.")
    return 1 if findings else 0


def clearing(settings: Settings, *, as_json: bool) -> int:
    """What is in each account of the operator's; 1 when the items of one do not add up to it."""
    with opened_whole(settings) as database:
        found = database.read(money.explain_clearing, by=SYSTEM)
    wrong = [it for it in found if total(_amounts(it), it.currency) != it.balance]
    if as_json:
        say(msgspec.json.encode({"accounts": found}).decode())
        return 1 if wrong else 0
    for account in found:
        of = f" ({account.rail})" if account.rail else ""
        say(f"{account.code} {_CODES[account.code]}{of}: {_decimal(account.balance)}")
        for item in account.items:
            many = f"  ({item.count} in all)" if item.count > 1 else ""
            say(f"  {_decimal(item.amount)}  {item.purpose}  {item.transfer_id}{many}")
        for item in account.waiting:
            say(f"  {_decimal(item.amount)}  {item.purpose}  {item.transfer_id}  (waits)")
    for account in wrong:
        say(f"{account.code} {account.currency}: the items do not add up. Run `kirana audit`.")
    return 1 if wrong else 0


_CODES = {
    200: "on its way in",
    210: "on its way out",
    300: "bank",
    310: "cash box",
    410: "costs of providers",
    500: "unexplained",
}


def _amounts(account: money.ClearingAccount) -> Iterator[Money]:
    return (item.amount for item in account.items)


def _decimal(amount: Money) -> str:
    exponent = currency(amount.currency).exponent
    return f"{Decimal(amount.amount_minor).scaleb(-exponent)} {amount.currency}"


def appoint(settings: Settings, role: str, who: str) -> int:
    """Make somebody an operator or a cash agent."""
    command = money.appoint_operator if role == "operator" else money.appoint_agent
    return _do_to(settings, who, command, f"{role} now")


def verify(settings: Settings, tier: money.Tier, who: str) -> int:
    """Say how well somebody is known: which limits they stand under."""

    def set_tier(tx: Tx, user_id: UserId, *, by: Actor) -> None:
        money.set_tier(tx, user_id, tier)

    return _do_to(settings, who, set_tier, f"{tier} now")


def limits(
    settings: Settings,
    currency_code: str | None,
    *,
    preset: str | None,
    hold: str | None,
    day: str | None,
    clear: bool,
) -> int:
    """Show the limits in force, or put others in their place."""
    if currency_code is None:
        with opened_whole(settings) as database:
            for it in database.read(money.list_limits, by=SYSTEM):
                say(f"{it.currency}: {len(it.limits)} limits ({it.preset or 'typed'})")
        return 0
    try:
        rules, note = _limits_for(currency_code, preset, hold, day, clear=clear)
    except (ArithmeticError, ValueError) as wrong:
        say(str(wrong) or "Type amounts like 10000 or 99.50.")
        return 2
    with opened_whole(settings) as database:
        database.write(money.set_limits, uuid7(), currency_code, rules, preset=preset, by=SYSTEM)
    say(f"{currency_code}: {len(rules)} limits. {note}".strip())
    return 0


def _limits_for(
    code: str, preset: str | None, hold: str | None, day: str | None, *, clear: bool
) -> tuple[list[money.Limit], str]:
    """Raises: ValueError with a sentence; ArithmeticError for what is no amount."""
    unit = Decimal(10) ** currency(code).exponent
    if preset is not None:
        chosen = money.presets().get(preset)
        if chosen is None or chosen.currency != code:
            known = ", ".join(f"{it.country} ({it.currency})" for it in money.presets().values())
            raise ValueError(f"There is no such preset for {code}. There are: {known}.")
        return [limit.bare() for limit in chosen.limits], chosen.note
    if hold is not None and day is not None:
        held, a_day = int(Decimal(hold) * unit), int(Decimal(day) * unit)
        if not (1 <= held <= MAX_AMOUNT_MINOR and 1 <= a_day <= MAX_AMOUNT_MINOR):
            raise ValueError("Both amounts are above zero.")
        return money.two_numbers(held, a_day), ""
    if clear:
        return [], ""
    raise ValueError("Give --preset, or --hold and --day, or --none.")


def suspend(settings: Settings, who: str, reason: str) -> int:
    """Keep a person or a shop out."""
    return _do_to(settings, who, suspensions.suspend, "suspended now", reason)


def reinstate(settings: Settings, who: str) -> int:
    """Let somebody in again."""
    return _do_to(settings, who, suspensions.reinstate, "let in again")


def _do_to(settings: Settings, who: str, command: Command, done: str, *args: Any) -> int:
    with opened_whole(settings) as database:
        card = database.read(identity.find_anybody, who)
        if card is None:
            say(f"Nobody here is {who}.")
            return 1
        try:
            database.write(command, card.id, *args, by=SYSTEM)
        except Problem as problem:
            say(problem.title)
            return 1
    say(f"{card.name} is {done}.")
    return 0


def doctor(settings: Settings) -> int:
    """Look at what usually goes wrong; 1 when something is."""
    logs.configure(as_json=False)
    checks: list[tuple[str, Callable[[], tuple[str, str]]]] = [
        ("data folder", lambda: _data_folder(settings)),
        ("database", lambda: _database(settings)),
        ("front end", _front_end),
        ("books", lambda: _books(settings)),
        ("jobs", lambda: _jobs(settings)),
        ("sign-in codes", lambda: _codes(settings)),
        ("address", lambda: _address(settings)),
    ]
    worst = OK
    for name, check in checks:
        try:
            state, sentence = check()
        except Exception as error:
            state, sentence = BAD, f"could not be looked at: {error}"
        say(f"{state:<5} {name}: {sentence}")
        worst = BAD if BAD in (worst, state) else worst
    return 1 if worst == BAD else 0


def _data_folder(settings: Settings) -> tuple[str, str]:
    folder = settings.data_dir
    if not folder.exists():
        return HINT, f"{folder} is made at the first start."
    if not os.access(folder, os.W_OK):
        return BAD, f"{folder} cannot be written: give it to the user that runs Kirana."
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < 1:
        return BAD, f"only {free_gb:.1f} GB are free on the disk of {folder}."
    return OK, f"{folder}, {free_gb:.0f} GB free."


def _database(settings: Settings) -> tuple[str, str]:
    database = open_database(settings.database_url, Bus())
    try:
        have, newest = migration.current_revision(database), migration.newest_revision()
    finally:
        database.close()
    if have is None:
        return HINT, "empty; `kirana migrate` or the first start fills it."
    if have != newest:
        return BAD, f"at {have}, this version wants {newest}: run `kirana migrate`."
    return OK, f"{database.engine.dialect}, schema {have}."


def _front_end() -> tuple[str, str]:
    from .pwa import FOLDER

    if (FOLDER / "index.html").exists():
        return OK, "built."
    return BAD, "not built: run `make web`."


def _books(settings: Settings) -> tuple[str, str]:
    with opened(settings) as database:
        if migration.current_revision(database) is None:
            return HINT, "none yet."
        findings = database.read(money.audit)
    return (BAD, f"{len(findings)} findings: run `kirana audit`.") if findings else (OK, "clean.")


def _jobs(settings: Settings) -> tuple[str, str]:
    with opened(settings) as database:
        if migration.current_revision(database) is None:
            return HINT, "none yet."
        failed = database.read(jobs.list_failed)
    if failed:
        return BAD, f"{len(failed)} were given up; the first is {failed[0].name}: {failed[0].error}"
    return OK, "none was given up."


def _codes(settings: Settings) -> tuple[str, str]:
    ways = [
        name
        for name, is_on in {
            "e-mail": settings.smtp_url,
            "SMS": settings.sms_url,
            "the console": settings.show_codes or settings.demo,
        }.items()
        if is_on
    ]
    if settings.show_codes and not settings.is_local:
        return (
            BAD,
            "are printed to the console, and others reach this server: unset KIRANA_SHOW_CODES.",
        )
    if not ways:
        return HINT, "cannot be sent: set KIRANA_SMTP_URL or KIRANA_SMS_URL."
    return OK, f"go by {' and '.join(ways)}."


def _address(settings: Settings) -> tuple[str, str]:
    if settings.demo:
        sentence = "demo mode: anybody may sign in as anybody. Do not put this on a network."
        return (HINT if settings.is_local else BAD), sentence
    if not settings.is_https and settings.host not in {"127.0.0.1", "localhost", "::1"}:
        return BAD, "other machines reach this server without https: set KIRANA_PUBLIC_URL."
    return OK, settings.public_url


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
