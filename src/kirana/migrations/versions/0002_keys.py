"""Keys of devices and people, and what devices send each other."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0002"
down_revision = "0001"

Int = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("identity_devices", sa.Column("signed_keys", sa.Text(), nullable=True))
    op.create_table(
        "identity_cross_signing_keys",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("replaced_at", Int, nullable=True),
        sa.CheckConstraint(
            "usage IN ('master', 'self_signing', 'user_signing')",
            name=op.f("ck_identity_cross_signing_keys_usage"),
        ),
        _user("user_id", "identity_cross_signing_keys"),
        sa.PrimaryKeyConstraint(
            "user_id", "usage", "key_id", name=op.f("pk_identity_cross_signing_keys")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_identity_cross_signing_keys_current",
        "identity_cross_signing_keys",
        ["user_id", "usage"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "identity_key_signatures",
        sa.Column("target_user_id", schema.Id(), nullable=False),
        sa.Column("target_key_id", sa.Text(), nullable=False),
        sa.Column("signer_user_id", schema.Id(), nullable=False),
        sa.Column("signer_key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        _user("target_user_id", "identity_key_signatures"),
        _user("signer_user_id", "identity_key_signatures"),
        sa.PrimaryKeyConstraint(
            "target_user_id",
            "target_key_id",
            "signer_user_id",
            "signer_key_id",
            name=op.f("pk_identity_key_signatures"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_key_signatures_signer_user_id"),
        "identity_key_signatures",
        ["signer_user_id"],
        unique=False,
    )
    op.create_table(
        "chat_one_time_keys",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("used_at", Int, nullable=True),
        _user("user_id", "chat_one_time_keys"),
        sa.PrimaryKeyConstraint(
            "user_id", "device_id", "key_id", name=op.f("pk_chat_one_time_keys")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_chat_one_time_keys_unused",
        "chat_one_time_keys",
        ["user_id", "device_id", "created_at", "key_id"],
        unique=False,
        sqlite_where=sa.text("used_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL"),
    )
    op.create_index(
        "ix_chat_one_time_keys_used_at",
        "chat_one_time_keys",
        ["used_at"],
        unique=False,
        sqlite_where=sa.text("used_at IS NOT NULL"),
        postgresql_where=sa.text("used_at IS NOT NULL"),
    )
    op.create_table(
        "chat_fallback_keys",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("used_at", Int, nullable=True),
        _user("user_id", "chat_fallback_keys"),
        sa.PrimaryKeyConstraint("user_id", "device_id", name=op.f("pk_chat_fallback_keys")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_mailboxes",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("last_n", Int, nullable=False),
        sa.Column("acked_n", Int, nullable=False),
        sa.CheckConstraint("0 <= acked_n AND acked_n <= last_n", name=op.f("ck_chat_mailboxes_n")),
        _user("user_id", "chat_mailboxes"),
        sa.PrimaryKeyConstraint("user_id", "device_id", name=op.f("pk_chat_mailboxes")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_device_messages",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("n", Int, nullable=False),
        sa.Column("sender_id", schema.Id(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        _user("user_id", "chat_device_messages"),
        _user("sender_id", "chat_device_messages"),
        sa.PrimaryKeyConstraint("user_id", "device_id", "n", name=op.f("pk_chat_device_messages")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_chat_device_messages_created_at"),
        "chat_device_messages",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "chat_device_batches",
        sa.Column("sender_device_id", schema.Id(), nullable=False),
        sa.Column("txn_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("sender_device_id", "txn_id", name=op.f("pk_chat_device_batches")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_chat_device_batches_created_at"),
        "chat_device_batches",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "chat_key_backups",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("version", Int, nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("auth_data", sa.Text(), nullable=False),
        sa.Column("etag", Int, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("deleted_at", Int, nullable=True),
        _user("user_id", "chat_key_backups"),
        sa.PrimaryKeyConstraint("user_id", "version", name=op.f("pk_chat_key_backups")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_backed_up_keys",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("version", Int, nullable=False),
        sa.Column("conversation_id", schema.Id(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("first_index", Int, nullable=False),
        sa.Column("forwarded_count", Int, nullable=False),
        sa.Column("is_verified", schema.Bool(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "user_id",
            "version",
            "conversation_id",
            "key_id",
            name=op.f("pk_chat_backed_up_keys"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_secrets",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("changed_at", Int, nullable=False),
        _user("user_id", "chat_secrets"),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_chat_secrets")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_dehydrated_devices",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("signed_keys", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        _user("user_id", "chat_dehydrated_devices"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_chat_dehydrated_devices")),
        sqlite_strict=True,
    )


def _user(column: str, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], ["identity_users.id"], name=name)
