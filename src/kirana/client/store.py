"""All that a device knows, in one SQLite file: keys, messages, and what waits to be sent.

Whatever is secret is sealed with a key that lies beside it, in a file of mode 0600. Nothing is
kept in memory that the file does not have: a process may end at any point, and the next one goes
on from the file. One process at a time may have it open.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .problems import ClientProblem, StoreInUse

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE olm_sessions (
    sender_key TEXT, session_id TEXT, pickle TEXT NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (sender_key, session_id)) WITHOUT ROWID;
CREATE TABLE people (
    user_id TEXT PRIMARY KEY, rev INTEGER NOT NULL DEFAULT -1, told_rev INTEGER NOT NULL DEFAULT -1,
    is_stale INTEGER NOT NULL DEFAULT 1,
    master TEXT, self_signing TEXT, user_signing TEXT, was_verified INTEGER NOT NULL DEFAULT 0,
    verified_master TEXT) WITHOUT ROWID;
CREATE TABLE devices (
    user_id TEXT, device_id TEXT, ed25519 TEXT NOT NULL, curve25519 TEXT NOT NULL, name TEXT,
    keys TEXT NOT NULL, is_signed INTEGER NOT NULL, is_gone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, device_id)) WITHOUT ROWID;
CREATE TABLE outbound (
    conv TEXT PRIMARY KEY, session_id TEXT NOT NULL, pickle TEXT NOT NULL,
    created_at INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE shares (
    session_id TEXT, user_id TEXT, device_id TEXT, is_lost INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_id, user_id, device_id)) WITHOUT ROWID;
CREATE TABLE inbound (
    conv TEXT, sender_key TEXT, session_id TEXT, user_id TEXT, signing_key TEXT,
    first_index INTEGER NOT NULL, pickle TEXT NOT NULL, source TEXT NOT NULL,
    is_backed_up INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conv, sender_key, session_id)) WITHOUT ROWID;
CREATE TABLE indexes (
    conv TEXT, sender_key TEXT, session_id TEXT, number INTEGER, message_id TEXT NOT NULL,
    PRIMARY KEY (conv, sender_key, session_id, number)) WITHOUT ROWID;
CREATE TABLE letters (
    n INTEGER PRIMARY KEY AUTOINCREMENT, txn_id TEXT NOT NULL, type TEXT NOT NULL,
    messages TEXT NOT NULL);
CREATE TABLE key_requests (
    request_id TEXT PRIMARY KEY, kind TEXT NOT NULL, what TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE conversations (
    conv TEXT PRIMARY KEY, kind TEXT NOT NULL, form TEXT NOT NULL, members TEXT NOT NULL,
    members_rev INTEGER NOT NULL, pair TEXT, lists TEXT, title TEXT, seen_seq INTEGER NOT NULL,
    is_stale INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, conv TEXT NOT NULL,
    content BLOB NOT NULL, options TEXT NOT NULL, sealed TEXT, refusal TEXT);
CREATE TABLE entries (
    n INTEGER PRIMARY KEY AUTOINCREMENT, conv TEXT NOT NULL, seq INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE, k TEXT NOT NULL, entry TEXT NOT NULL, content BLOB, shield TEXT,
    unread TEXT, detail TEXT, since INTEGER NOT NULL, expires_at INTEGER,
    is_told INTEGER NOT NULL DEFAULT 0, UNIQUE (conv, seq));
CREATE INDEX entries_untold ON entries (n) WHERE is_told = 0;
CREATE INDEX entries_expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX entries_unread ON entries (conv, unread) WHERE unread IS NOT NULL;
"""
_VERSION = 1


class Store:
    """The file of one device. `is_durable` waits for the disk at each change."""

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        """Raises: StoreInUse."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = _locked(path.with_name(path.name + ".lock"))
        try:
            self.key = _read_key(path)
            self._aes = AESGCM(self.key)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'OFF'}")
            if self._db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                self._db.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;"
                )
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Let go of the file. What was not committed is gone, as after a crash."""
        self._db.close()
        os.close(self._lock)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All of it or nothing. May be nested: the outermost commits. Never await inside."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Within a change: this part of it or nothing."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO part")
            self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

    def do(self, statement: str, *values: Any) -> int:
        """Run it; how many rows it changed."""
        return self._db.execute(statement, values).rowcount

    def one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(statement, values).fetchall()

    def get(self, name: str) -> Any:
        """One remembered value, or None."""
        row = self.one("SELECT value FROM facts WHERE name = ?", name)
        return row["value"] if row else None

    def put(self, name: str, value: Any) -> None:
        self.do("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, value)

    def drop(self, name: str) -> None:
        self.do("DELETE FROM facts WHERE name = ?", name)

    def get_secret(self, name: str) -> bytes | None:
        sealed = self.get(name)
        return None if sealed is None else self.unseal(sealed, name)

    def put_secret(self, name: str, value: bytes) -> None:
        self.put(name, self.seal(value, name))

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt what belongs at `place`, and opens nowhere else."""
        nonce = os.urandom(12)
        return nonce + self._aes.encrypt(nonce, plain, place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes:
        try:
            return self._aes.decrypt(sealed[:12], sealed[12:], place.encode())
        except InvalidTag:
            raise ClientProblem(f"{self.path} does not fit its key file.") from None


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreInUse("Another process has this device's file open.") from None
    return descriptor


def _read_key(store: Path) -> bytes:
    """The 32 bytes beside the store; made with it, on the disk before anything is sealed."""
    path = store.with_name(store.name + ".key")
    if not path.exists():
        if store.exists() and store.stat().st_size:
            raise ClientProblem(f"{path} is missing: without it {store} cannot be opened.")
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    mode = path.stat().st_mode & 0o077
    if mode:
        raise ClientProblem(f"{path} can be read by others: chmod 600 it.")
    key = path.read_bytes()
    if len(key) != 32:
        raise ClientProblem(f"{path} is no key.")
    return key
