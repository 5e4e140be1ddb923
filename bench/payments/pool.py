"""The usual way: a pool of connections to PostgreSQL, and a transaction for each transfer, which
locks its two accounts by id, looks at the balance, and writes the rows that Kirana writes."""

import asyncio
import json
import random
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import psycopg

from kirana.values import OwnerId, uuid7

CONNECTIONS = 32

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
VALUES (%s, 'bench.nothing', %s, %s, 0)"""
_HEAD = """INSERT INTO stream_heads (user_id, pos, pushed_pos, changed_at) VALUES (%s, 2, 0, %s)
ON CONFLICT (user_id) DO UPDATE SET pos = stream_heads.pos + 2,
changed_at = excluded.changed_at RETURNING pos"""
_CHANGE = """INSERT INTO stream_entries (user_id, pos, kind, ref, created_at)
VALUES (%s, %s, %s, %s, %s)"""


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

    async def _send(
        self, connection: psycopg.AsyncConnection[Any], payer: OwnerId, payee: OwnerId, amount: int
    ) -> None:
        id, at, seq = uuid7(), 1_800_000_000_000, next(self._numbers)
        job = json.dumps({"transfer_id": id.hex, "payer_id": payer.hex, "payee_id": payee.hex})
        run = connection.execute
        async with connection.transaction():
            rows = await (await run(_LOCK, ([payer, payee],))).fetchall()
            (debit, _, paid, out, kept, into), (credit, _, got, gone, _, come) = sorted(
                rows, key=lambda row: row[1] != payer
            )
            assert into - out - kept >= amount
            fp = sha256(f"{payer}{payee}{amount}{id}".encode()).digest()[:16]
            async with connection.pipeline():
                await run(_TRANSFER, (seq, id, id, debit, credit, amount, id, payer, at, fp))
                await run(_ENTRY, (debit, paid + 1, seq, -amount, into - out - amount))
                await run(_ENTRY, (credit, got + 1, seq, amount, come - gone + amount))
                await run(_DEBIT, (amount, debit))
                await run(_CREDIT, (amount, credit))
                await run(_JOB, (uuid7(), job, at))
                heads = [(user, await run(_HEAD, (user, at))) for user in sorted((payer, payee))]
                for user, head in heads:
                    [pos] = await head.fetchone() or (0,)
                    await run(_CHANGE, (user, pos - 1, "transfer", id, at))
                    await run(_CHANGE, (user, pos, "wallet", user, at))

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()
