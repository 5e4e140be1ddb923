"""Receipts that anybody can check, and where the books stand."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kirana import money
from kirana.money import chain
from kirana.money.proof.receipts import (
    SignedHead,
    TransferReceipt,
    books_head,
    make_receipt,
    sign_head,
    verify_receipt,
)
from kirana.platform import signatures
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, TransferId
from tests.apps import RunningApp
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_audit import tamper
from .test_exports import go_to
from .test_http import person, sending

SERVER = "https://kirana.example"


@pytest.fixture
def db(db: RehearsedDatabase) -> RehearsedDatabase:
    db.write(signatures.ensure_key)
    return db


def paid(db: RehearsedDatabase, minor: int = 2_50) -> tuple[Actor, Actor, TransferId]:
    asha, ravi = make.owner(db, purse=inr(10_00)), make.owner(db)
    id = make.transfer_id()
    db.write(money.send_money, id, ravi.user_id, inr(minor), by=asha)
    return asha, ravi, id


def receipt_of(db: RehearsedDatabase, id: TransferId, by: Actor) -> TransferReceipt:
    return db.read(make_receipt, id, SERVER, lambda _, ids: dict.fromkeys(ids, "Asha"), by=by)


def verdict(db: RehearsedDatabase, receipt: TransferReceipt) -> str:
    return db.read(verify_receipt, receipt).verdict


def test_a_receipt_is_valid_and_stays_so(db: RehearsedDatabase) -> None:
    asha, ravi, id = paid(db)
    given, taken = receipt_of(db, id, asha), receipt_of(db, id, ravi)
    paid(db)

    assert (given.is_outgoing, taken.is_outgoing) == (True, False)
    assert given.account_id != taken.account_id
    assert verdict(db, given) == verdict(db, taken) == "valid"


def test_nobody_else_gets_a_receipt(db: RehearsedDatabase) -> None:
    _, _, id = paid(db)

    with pytest.raises(NotFound):
        receipt_of(db, id, make.owner(db))


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Money(2_51, "INR")},
        {"amount": Money(2_50, "USD")},
        {"payee": "Somebody"},
        {"is_outgoing": False},
        {"created_at": 1},
        {"row_hash": "0" * 64},
        {"signature": ""},
        {"signature": "é"},
    ],
    ids=str,
)
def test_a_changed_receipt_is_found(db: RehearsedDatabase, change: dict[str, Any]) -> None:
    asha, _, id = paid(db)

    assert verdict(db, replace(receipt_of(db, id, asha), **change)) == "changed"


def test_another_servers_receipt_is_not_ours(db: RehearsedDatabase) -> None:
    asha, _, id = paid(db)

    assert verdict(db, replace(receipt_of(db, id, asha), key="A" * 43)) == "not_ours"


@pytest.mark.parametrize(
    ("table", "column", "change", "where"),
    [
        ("money_transfers", "amount_minor", "amount_minor + 1", "seq = 2"),
        ("money_transfers", "purpose", "'gift'", "seq = 2"),
        ("money_blocks", "sealed_at", "sealed_at + 1", "no = 2"),
    ],
)
def test_books_that_say_something_else_now_are_found(
    db: RehearsedDatabase, table: str, column: str, change: str, where: str
) -> None:
    asha, _, id = paid(db)
    receipt = receipt_of(db, id, asha)
    assert receipt.line == receipt.block.no == 2
    tamper(db, table, column, change, where)

    assert verdict(db, receipt) == "books_differ"


def test_the_head_of_today_and_of_the_day_before_are_signed(db: RehearsedDatabase) -> None:
    assert db.read(books_head, SERVER).head is None
    go_to(db, "2031-01-31T23:59")
    paid(db)
    before = db.read(chain.head)
    go_to(db, "2031-02-01T00:01")
    paid(db)
    told = db.read(books_head, SERVER)

    assert told.head is not None
    assert told.yesterday is not None
    assert (told.head.block, told.yesterday.block) == (db.read(chain.head), before)
    assert told.head.key == db.read(signatures.public_key)
    assert told.head.signature != told.yesterday.signature


async def test_everybody_checks_a_receipt_over_http(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, ravi = await person(app)
    body = sending(ravi_id, 250)
    await asha.post("/v1/transfers", json=body)
    stranger = await app.client()

    receipt = (await ravi.get(f"/v1/transfers/{body['id']}/receipt")).json()
    answers = [
        (await stranger.post("/v1/receipts/verification", json=it)).json()["verdict"]
        for it in (receipt, receipt | {"payer": "Mallory"}, receipt | {"key": "A" * 43})
    ]
    assert answers == ["valid", "changed", "not_ours"]
    refused = await stranger.post("/v1/receipts/verification", json={"what": "a picture"})
    assert refused.status_code == 422
    head = (await stranger.get("/v1/books/head")).json()["head"]
    block = (await stranger.get(f"/v1/books/blocks/{head['block']['no']}")).json()
    assert block == head["block"]
    assert (await stranger.get("/v1/books/blocks/999999")).status_code == 404
    assert (await stranger.get(f"/v1/transfers/{body['id']}/receipt")).status_code == 401


def offline(receipt: TransferReceipt, **more: Any) -> money.ReceiptCheck:
    return money.check_receipt(msgspec.json.encode(receipt), **more)


def test_a_receipt_is_checked_without_the_server(db: RehearsedDatabase) -> None:
    asha, _, id = paid(db)
    receipt = receipt_of(db, id, asha)

    assert offline(receipt, key=receipt.key + "=").verdict == "signed"
    assert offline(receipt).verdict == "signed"
    assert offline(receipt, key="A" * 43).verdict == "not_ours"
    assert offline(replace(receipt, payee="Somebody")).verdict == "changed"
    more = {**msgspec.to_builtins(receipt), "note": "paid in full"}
    assert money.check_receipt(msgspec.json.encode(more)).verdict == "changed"
    for content in (b"", b"[]", b"{}", b"\xff", b"x" * 10):
        with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
            money.check_receipt(content)


def test_a_receipt_is_compared_with_heads_that_were_published(db: RehearsedDatabase) -> None:
    asha, _, id = paid(db)
    receipt = receipt_of(db, id, asha)
    first = db.read(books_head, SERVER).head
    assert first is not None
    paid(db)
    db.clock.advance(1000)
    later = db.read(books_head, SERVER).head
    assert later is not None

    def heads(*told: SignedHead) -> str | None:
        return offline(receipt, heads=told).heads

    def resigned(head: SignedHead, **change: Any) -> SignedHead:
        block = replace(head.block, **change)
        return db.read(sign_head, block, head.at, SERVER)

    assert (heads(), heads(later), heads(first, later)) == ("unknown", "unknown", "kept")
    assert heads(resigned(first, hash="0" * 64)) == "contradicted"
    assert heads(replace(first, signature=later.signature)) == "contradicted"
    assert heads(first, resigned(later, no=1)) == "contradicted"
    assert offline(replace(receipt, line=9), heads=[first]).heads is None
