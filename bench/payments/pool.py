"""The usual way: a pool of connections to PostgreSQL, and a transaction for each transfer, which
locks its two accounts by id, looks at the balance, and writes the rows that Kirana writes.

The chain is sealed afterwards, in blocks as large as Kirana's: a block in each transaction would
make them wait for one another."""

import asyncio
import random
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import msgspec
import psycopg

from kirana.app.reactions import post_transfer_card
from kirana.money import Kind, Ref, TransferPosted, Way
from kirana.platform.events import name_of
from kirana.values import EventId, Money, OwnerId, TransferId, derived_id, uuid7

CONNECTIONS = 32
BLOCK = 512
_NOW = 1_800_000_000_000

_LOCK = """SELECT id, owner_id, version, debits_posted, debits_pending, credits_posted
FROM money_accounts WHERE owner_id = ANY(%s) AND code = 100 ORDER BY id FOR UPDATE"""
_TRANSFER = """INSERT INTO money_transfers (seq, id, group_id, group_index, kind, debit_id,
credit_id, ledger_id, amount_minor, purpose, ref_kind, ref_id, by_id, created_at, fp)
VALUES (%s, %s, %s, 0, 'posted', %s, %s, 'INR:custody', %s, 'send', 'conversation', %s, %s, %s, %s)
"""
_ENTRY = """INSERT INTO money_entries (account_id, version, seq, posted_minor, pending_minor,
balance_after_minor, on_hold_after_minor, coming_after_minor) VALUES (%s, %s, %s, %s, 0, %s, 0, 0)
"""
_DEBIT = """UPDATE money_accounts SET debits_posted = debits_posted + %s, version = version + 1
WHERE id = %s"""
_CREDIT = """UPDATE money_accounts SET credits_posted = credits_posted + %s, version = version + 1
WHERE id = %s"""
_JOB = """INSERT INTO platform_jobs (id, name, payload, run_at, attempts)
VALUES (%s, %s, %s, %s, 0)"""
_LISTENER = f"{name_of(post_transfer_card)}:{TransferPosted.name}"
_HEAD = """INSERT INTO stream_heads (user_id, pos, pushed_pos, changed_at) VALUES (%s, 2, 0, %s)
ON CONFLICT (user_id) DO UPDATE SET pos = stream_heads.pos + 2,
changed_at = excluded.changed_at RETURNING pos"""
_CHANGE = """INSERT INTO stream_entries (user_id, pos, kind, ref, created_at)
VALUES (%s, %s, %s, %s, %s)"""
_LAST_BLOCK = "SELECT no, seq_to, hash FROM money_blocks ORDER BY no DESC LIMIT 1"
_UNSEALED = "SELECT * FROM money_transfers WHERE seq > %s ORDER BY seq LIMIT %s"
_SEAL = """INSERT INTO money_blocks (no, seq_from, seq_to, prev_hash, hash, sealed_at)
VALUES (%s, %s, %s, %s, %s, %s)"""


class Pool:
    """Connections that wait for transfers. `first` is the number of the first transfer."""

    def __init__(self, connections: list[psycopg.AsyncConnection[Any]], first: int) -> None:
        self._numbers = count(first)
        self._connections = connections

    @classmethod
    async def connect(cls, url: str, first: int) -> "Pool":
        connect = psycopg.AsyncConnection.connect
        every = [connect(url, autocommit=True, prepare_threshold=2) for _ in range(CONNECTIONS)]
        return cls([await one for one in every], first)

    async def send_all(
        self, payers: Sequence[OwnerId], payees: Sequence[OwnerId], number: int
    ) -> None:
        left = count()

        async def work(connection: psycopg.AsyncConnection[Any]) -> None:
            while next(left) < number:
                payee = random.choice(payees)
                payer = random.choice(payers)
                while payer == payee:
                    payer = random.choice(payers)
                await self._send(connection, payer, payee, random.randint(1, 1000))

        await asyncio.gather(*map(work, self._connections))
        await self._seal(self._connections[0])

    async def _send(
        self, connection: psycopg.AsyncConnection[Any], payer: OwnerId, payee: OwnerId, amount: int
    ) -> None:
        id, at, seq = uuid7(), _NOW, next(self._numbers)
        conversation, event_id = uuid7(), EventId(uuid7())
        event = TransferPosted(
            transfer_id=TransferId(id),
            kind=Kind.POSTED,
            payer_id=payer,
            payee_id=payee,
            amount=Money(amount, "INR"),
            way=Way.WALLET,
            purpose="send",
            ref=Ref("conversation", conversation),
            hold_id=None,
            reverses_id=None,
            event_id=event_id,
        )
        job = derived_id(event_id, "job"), _LISTENER, msgspec.json.encode(event).decode(), at
        run = connection.execute
        async with connection.transaction():
            rows = await (await run(_LOCK, ([payer, payee],))).fetchall()
            (debit, _, paid, out, kept, into), (credit, _, got, gone, _, come) = sorted(
                rows, key=lambda row: row[1] != payer
            )
            assert into - out - kept >= amount
            fp = sha256(f"{payer}{payee}{amount}{id}".encode()).digest()[:16]
            async with connection.pipeline():
                await run(
                    _TRANSFER, (seq, id, id, debit, credit, amount, conversation, payer, at, fp)
                )
                await run(_ENTRY, (debit, paid + 1, seq, -amount, into - out - amount))
                await run(_ENTRY, (credit, got + 1, seq, amount, come - gone + amount))
                await run(_DEBIT, (amount, debit))
                await run(_CREDIT, (amount, credit))
                await run(_JOB, job)
                heads = [(user, await run(_HEAD, (user, at))) for user in sorted((payer, payee))]
                for user, head in heads:
                    [pos] = await head.fetchone() or (0,)
                    await run(_CHANGE, (user, pos - 1, "transfer", id, at))
                    await run(_CHANGE, (user, pos, "wallet", user, at))

    async def _seal(self, connection: psycopg.AsyncConnection[Any]) -> None:
        run = connection.execute
        last = await (await run(_LAST_BLOCK)).fetchone()
        assert last, "the purses were filled in a block"
        no, sealed_to, hash = last
        while rows := await (await run(_UNSEALED, (sealed_to, BLOCK))).fetchall():
            digest = sha256(hash)
            for row in rows:
                digest.update(msgspec.json.encode(row))
            block = (no + 1, sealed_to + 1, rows[-1][0], hash, digest.digest(), _NOW)
            await run(_SEAL, block)
            no, _, sealed_to, _, hash, _ = block

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()
