"""Rows of what devices need to encrypt for each other.

Devices are named by text here: a dehydrated device has no id of ours, but a name in base64.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Bool, Bytes, Id, Int, Text, table

one_time_keys = table(
    "chat_one_time_keys",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("used_at", Int),
    PrimaryKeyConstraint("user_id", "device_id", "key_id"),
)
"""A key that was handed out stays for a while, so that an upload that comes twice does not bring
it back."""

Index(
    "ix_chat_one_time_keys_unused",
    one_time_keys.c.user_id,
    one_time_keys.c.device_id,
    one_time_keys.c.created_at,
    one_time_keys.c.key_id,
    sqlite_where=one_time_keys.c.used_at.is_(None),
    postgresql_where=one_time_keys.c.used_at.is_(None),
)
Index(
    "ix_chat_one_time_keys_used_at",
    one_time_keys.c.used_at,
    sqlite_where=one_time_keys.c.used_at.is_not(None),
    postgresql_where=one_time_keys.c.used_at.is_not(None),
)

fallback_keys = table(
    "chat_fallback_keys",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("used_at", Int),
    PrimaryKeyConstraint("user_id", "device_id"),
)
"""What is handed out when the one-time keys are used up. `used_at` asks the device for another."""

mailboxes = table(
    "chat_mailboxes",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("last_n", Int, nullable=False),
    Column("acked_n", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "device_id"),
    CheckConstraint("0 <= acked_n AND acked_n <= last_n", name="n"),
)
"""The last number that was given to a message for a device, and up to which it has them all."""

device_messages = table(
    "chat_device_messages",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("n", Int, nullable=False),
    Column("sender_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "device_id", "n"),
    Index(None, "created_at"),
)

device_batches = table(
    "chat_device_batches",
    Column("sender_device_id", Id, nullable=False),
    Column("txn_id", Text, nullable=False),
    Column("content_hash", Bytes, nullable=False),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("sender_device_id", "txn_id"),
    Index(None, "created_at"),
)
"""What a device has sent already: the same again is not delivered again."""

key_backups = table(
    "chat_key_backups",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("version", Int, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("auth_data", Text, nullable=False),
    Column("etag", Int, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("deleted_at", Int),
    PrimaryKeyConstraint("user_id", "version"),
)
"""`etag` counts the changes of its keys."""

backed_up_keys = table(
    "chat_backed_up_keys",
    Column("user_id", Id, nullable=False),
    Column("version", Int, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("first_index", Int, nullable=False),
    Column("forwarded_count", Int, nullable=False),
    Column("is_verified", Bool, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "version", "conversation_id", "key_id"),
)

secrets = table(
    "chat_secrets",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("previous", Text),
    Column("changed_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "name"),
)

dehydrated_devices = table(
    "chat_dehydrated_devices",
    Column("user_id", Id, ForeignKey("identity_users.id"), primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("signed_keys", Text, nullable=False),
    Column("created_at", Int, nullable=False),
)
"""A device of a person that sleeps on the server, encrypted, and receives keys meanwhile."""
