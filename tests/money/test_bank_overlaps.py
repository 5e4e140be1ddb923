"""Law: any order and overlap of files gives the same books."""

import itertools
import shutil
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kirana import money
from kirana.platform.events import Bus
from kirana.values import Money
from tests.database import empty, open_rehearsed

from . import make
from .rails.bankfiles.make import camt, detail, entry, mt940
from .test_bank_statements import Shop, at

_numbers = itertools.count()
REQUESTS = 3


class Payment(NamedTuple):
    day: int
    euros: int
    request: int | None


class File(NamedTuple):
    """The payments of whole days, from one to another, in one format."""

    format: str
    since: int
    until: int


class Books(NamedTuple):
    requests: list[tuple[str, Money]]
    came: int
    matched: int


payments = st.lists(
    st.builds(
        Payment,
        st.integers(1, 4),
        st.sampled_from([5, 10, 12]),
        st.none() | st.integers(0, REQUESTS - 1),
    ),
    min_size=1,
    max_size=7,
).map(lambda found: sorted(found, key=lambda it: it.day))
files = st.lists(
    st.builds(File, st.sampled_from(["camt", "mt940"]), st.integers(1, 4), st.integers(1, 4)),
    max_size=5,
)
whole = st.builds(File, st.sampled_from(["camt", "mt940"]), st.just(1), st.just(4))
before = st.lists(
    st.sampled_from(["asked", "claimed", "confirmed", "rejected", "canceled"]),
    min_size=REQUESTS,
    max_size=REQUESTS,
)


@given(payments, before, files, whole, st.randoms(use_true_random=False))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_and_overlap_of_files_gives_the_same_books(
    database_kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    paid: list[Payment],
    stand: list[str],
    some: list[File],
    last: File,
    random: Random,
) -> None:
    chosen = [*some, last, last]
    random.shuffle(chosen)

    def books(read: list[File]) -> Books:
        return _books(_fresh(database_kind, tmp_path, request), paid, stand, read)

    assert books(chosen) == books([File("camt", 1, 4)])


def _books(url: str, paid: list[Payment], stand: list[str], read: list[File]) -> Books:
    db = open_rehearsed(url, Bus())
    db.rehearses = False
    db.before_commit.append(money.seal)
    try:
        shop = Shop(db)
        db.clock.now = at("2026-11-30")
        requests = [shop.asks(Money(15_00, "EUR")) for _ in stand]
        for asked, how in zip(requests, stand, strict=True):
            if how in ("claimed", "confirmed", "rejected"):
                claim = shop.claim(asked)
                if how == "confirmed":
                    shop.confirm(claim)
                elif how == "rejected":
                    db.write(money.reject_claim, make.transfer_id(), claim.id, by=shop.asha)
            elif how == "canceled":
                db.write(money.take_back_request, asked.id, by=shop.asha)
        references = [it.reference for it in requests]
        for file in read:
            shop.imports(_written(file, paid, references))
        assert db.read(money.audit) == []
        now = [shop.request(it) for it in requests]
        return Books(
            [(it.state, it.received) for it in now],
            shop.came,
            sum(it.matched.amount_minor for it in shop.all_lines()),
        )
    finally:
        db.close()


def _written(file: File, paid: list[Payment], references: list[str]) -> bytes:
    chosen = [(number, it) for number, it in enumerate(paid) if file.since <= it.day <= file.until]
    said = [(n, it, "" if it.request is None else references[it.request]) for n, it in chosen]
    if file.format == "camt":
        return camt(
            *(
                entry(
                    f"{it.euros}.00",
                    details=detail(end_to_end=reference or "NOTPROVIDED"),
                    reference=f"BANK{n}",
                    on=f"2026-11-{20 + it.day}",
                )
                for n, it, reference in said
            )
        )
    return mt940(
        *(
            f":61:2611{20 + it.day}C{it.euros},00NTRFNONREF\r\n:86:/EREF/{reference}/REMI/Thanks/"
            for _, it, reference in said
        )
    )


def _fresh(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database for one example."""
    if database_kind == "postgresql":
        url: str = request.getfixturevalue("postgres_database")
        empty(url)
        return url
    file = tmp_path / f"books-{next(_numbers)}.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), file)
    return f"sqlite:///{file}"
