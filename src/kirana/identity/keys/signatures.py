"""Who vouches for which key. A signature is kept once, and shown to whom it concerns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, delete, or_, select

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.values import UserId

from ..tables import key_signatures as rows

_INSERT = Q(
    upsert(
        rows,
        ["target_user_id", "target_key_id", "signer_user_id", "signer_key_id"],
        ["signature", "created_at"],
    )
)
_FIND = Q(
    select(rows.c.signature)
    .where(rows.c.target_user_id == bindparam("target_user_id"))
    .where(rows.c.target_key_id == bindparam("target_key_id"))
    .where(rows.c.signer_user_id == bindparam("signer_user_id"))
    .where(rows.c.signer_key_id == bindparam("signer_key_id"))
)
_SEEN = Q(
    select(rows)
    .where(any_of(rows.c.target_user_id, "targets"))
    .where(
        or_(
            rows.c.signer_user_id == rows.c.target_user_id,
            rows.c.signer_user_id == bindparam("reader"),
        )
    )
    .order_by(rows.c.created_at, rows.c.signer_key_id)
)
_FORGET_ON = Q(
    delete(rows).where(
        rows.c.target_user_id == bindparam("user_id"), rows.c.target_key_id == bindparam("key_id")
    )
)
_FORGET_ABOUT = Q(
    delete(rows).where(
        or_(
            and_(
                rows.c.signer_user_id == bindparam("user_id"),
                any_of(rows.c.signer_key_id, "signers"),
            ),
            and_(
                rows.c.target_user_id == bindparam("user_id"),
                any_of(rows.c.target_key_id, "targets"),
            ),
        )
    )
)


@dataclass(frozen=True, slots=True)
class KeySignature:
    """Somebody's key has signed a device, or a master key. It was checked."""

    target_user_id: UserId
    target_key_id: str
    signer_user_id: UserId
    signer_key_id: str
    """With its algorithm: `ed25519:…`."""
    signature: str


def keep_signatures(tx: Tx, some: Iterable[KeySignature]) -> list[KeySignature]:
    """Keep what is new of these, and answer it."""
    kept = []
    for one in some:
        names = {
            "target_user_id": one.target_user_id,
            "target_key_id": one.target_key_id,
            "signer_user_id": one.signer_user_id,
            "signer_key_id": one.signer_key_id,
        }
        known = tx.one(_FIND, **names)
        if known is None or known.signature != one.signature:
            tx.do(_INSERT, **names, signature=one.signature, created_at=tx.now)
            kept.append(one)
    return kept


def list_signatures(tx: Tx, targets: Sequence[UserId], *, reader: UserId) -> list[Row]:
    """What these people's own keys have signed of theirs, and what the reader has."""
    return tx.all(_SEEN, targets=targets, reader=reader)


def forget_signatures_on(tx: Tx, user_id: UserId, key_id: str) -> None:
    tx.do(_FORGET_ON, user_id=user_id, key_id=key_id)


def forget_signatures_about(
    tx: Tx, user_id: UserId, *, signers: Sequence[str], targets: Sequence[str]
) -> None:
    """Forget what keys of this user have signed, and what was signed about them."""
    tx.do(_FORGET_ABOUT, user_id=user_id, signers=list(signers), targets=list(targets))
