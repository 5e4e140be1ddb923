"""People with devices that have keys, and private conversations between them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from kirana import chat, identity
from kirana.chat.keys import mailboxes, prekeys
from kirana.chat.tables import conversations, members
from kirana.identity import SignIn, hash_token
from kirana.platform.db import Q, Tx
from kirana.values import SYSTEM, Actor, ConversationId, DeviceId, UserId, user_name, uuid7
from tests.crypto import CryptoDevice, Json
from tests.database import RehearsedDatabase

_CONVERSATION = Q(insert(conversations))
_MEMBER = Q(insert(members))


@dataclass
class Person:
    """Somebody on one device."""

    db: RehearsedDatabase
    by: Actor
    device: CryptoDevice

    @property
    def id(self) -> UserId:
        return self.by.user_id

    @property
    def name(self) -> str:
        return user_name(self.by.user_id)

    def upload(
        self, one_time: Json | None = None, fallback: Json | None = None, *, again: bool = False
    ) -> prekeys.KeyCounts:
        read = prekeys.read_upload(
            None if again else self.device.device_keys,
            one_time or {},
            fallback or {},
            device=self.device.id,
            known=self.db.read(identity.find_own_keys, by=self.by),
            self_signing=None,
            by=self.by,
        )
        return self.db.write(prekeys.upload_keys, read, by=self.by)

    def send(self, messages: dict["Person", Any] | dict[UserId, Any], txn: str) -> list[str]:
        """Contents by person and device; a text stands for the content of every device."""
        wanted = {
            (whom.id if isinstance(whom, Person) else whom): (
                {"*": {"body": it}} if isinstance(it, str) else it
            )
            for whom, it in messages.items()
        }
        batch = mailboxes.read_batch(txn, "m.room.encrypted", wanted)
        return self.db.write(mailboxes.send_device_messages, batch, by=self.by)

    def waiting(self, after: int = 0) -> mailboxes.DeviceMessages:
        return self.db.read(mailboxes.list_device_messages, after, by=self.by)

    def acknowledge(self, n: int) -> None:
        self.db.write(mailboxes.acknowledge_device_messages, n, by=self.by)

    def __hash__(self) -> int:
        return hash(self.device.id)


def person(db: RehearsedDatabase, name: str = "Ravi", *, has_keys: bool = True) -> Person:
    user_id = UserId(uuid7())
    db.write(identity.create_person, user_id, name, by=SYSTEM)
    return device_of(db, user_id, has_keys=has_keys)


def device_of(db: RehearsedDatabase, user_id: UserId, *, has_keys: bool = True) -> Person:
    """One more device of somebody."""
    device_id, token = DeviceId(uuid7()), identity.new_token()
    db.write(identity.open_session, SignIn(device_id, hash_token(token)), user_id, by=SYSTEM)
    made = Person(db, db.read(identity.resolve, token), CryptoDevice(user_id, str(device_id)))
    if has_keys:
        made.upload()
    return made


def talk(db: RehearsedDatabase, a: Person, b: Person) -> ConversationId:
    """The private conversation of two."""
    conversation_id = ConversationId(uuid7())
    db.write(chat.open_conversation, conversation_id, chat.Kind.PRIVATE, b.id, by=a.by)
    return conversation_id


def group(db: RehearsedDatabase, *states: tuple[Person, str]) -> ConversationId:
    """A private group, with people in these states of membership."""
    conversation_id = ConversationId(uuid7())

    def create(tx: Tx) -> None:
        tx.do(
            _CONVERSATION,
            id=conversation_id,
            kind="private",
            form="group",
            seq=0,
            shown_seq=0,
            members_rev=1,
            created_at=tx.now,
            active_at=tx.now,
        )
        for who, state in states:
            tx.do(
                _MEMBER,
                conversation_id=conversation_id,
                user_id=who.id,
                role="member",
                state=state,
                joined_seq=1,
                delivered_seq=0,
                read_seq=0,
                marks_at=tx.now,
            )

    db.write(create)
    return conversation_id
