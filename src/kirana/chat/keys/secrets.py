"""Small things that only a person's own devices can open, such as what the recovery key opens.

The value before the last is kept: the last write may have been a broken one. Each value has a tag,
so that of two devices that change the same at once one is told that the other was faster.
"""

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from kirana import identity
from kirana.platform.db import Q, Tx, upsert
from kirana.platform.problems import NotFound, TooLarge
from kirana.platform.stream import Change
from kirana.values import Actor

from ..problems import SecretChanged, invalid
from .tables import secrets as rows

MAX_BYTES = 64 * 1024
MAX_SECRETS = 20
NOTHING = ""

_NAME = re.compile(r"[a-z0-9._-]{1,64}")

_FIND = Q(
    select(rows).where(rows.c.user_id == bindparam("user_id"), rows.c.name == bindparam("name"))
)
_COUNT = Q(
    select(func.count().label("many"))
    .select_from(rows)
    .where(rows.c.user_id == bindparam("user_id"))
)
_SAVE = Q(upsert(rows, ["user_id", "name"], ["ciphertext", "previous", "changed_at"]))


@dataclass(frozen=True, slots=True)
class Secret:
    """Something encrypted. The server cannot open it."""

    ciphertext: str


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """`etag` is another one after each change."""

    ciphertext: str
    etag: str


@dataclass(frozen=True, slots=True)
class SecretState:
    etag: str


def save_secret(
    tx: Tx, name: str, ciphertext: str, *, replaces: str | None = None, by: Actor
) -> SecretState:
    """Keep a secret under a name, and tell the person's devices. The same again changes nothing.

    With `replaces`, only if the value there has this tag; `NOTHING`: only if there is none.

    Raises: NotAllowed, InvalidInput, TooLarge, SecretChanged.
    """
    identity.require_device(by)
    if not _NAME.fullmatch(name):
        raise invalid("name", "Up to 64 small letters, digits, dots, dashes and underscores.")
    if "\x00" in ciphertext:
        raise invalid("ciphertext", "This holds what cannot be kept.")
    if len(ciphertext.encode()) > MAX_BYTES:
        raise TooLarge(max_bytes=MAX_BYTES)
    known = tx.one(_FIND, user_id=by.user_id, name=name)
    state = SecretState(_tag(ciphertext))
    if known is not None and known.ciphertext == ciphertext:
        return state
    if replaces is not None and replaces != (_tag(known.ciphertext) if known else NOTHING):
        raise SecretChanged
    if known is None:
        held = tx.one(_COUNT, user_id=by.user_id)
        if held is not None and held.many >= MAX_SECRETS:
            raise TooLarge(most=MAX_SECRETS)
    tx.do(
        _SAVE,
        user_id=by.user_id,
        name=name,
        ciphertext=ciphertext,
        previous=known.ciphertext if known else None,
        changed_at=tx.now,
    )
    tx.publish([by.user_id], Change("secret", by.user_id))
    return state


def get_secret(tx: Tx, name: str, *, is_previous: bool = False, by: Actor) -> KeptSecret:
    """What was kept last, or the value before. Raises: NotAllowed, NotFound."""
    identity.require_device(by)
    row = tx.one(_FIND, user_id=by.user_id, name=name) if _NAME.fullmatch(name) else None
    text = None if row is None else row.previous if is_previous else row.ciphertext
    if text is None:
        raise NotFound
    return KeptSecret(text, _tag(text))


def _tag(ciphertext: str) -> str:
    return hashlib.sha256(ciphertext.encode()).hexdigest()[:32]
