"""Private conversations: sealed files, groups, invitations, hiding, reports."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0003"
down_revision = "0002"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("chat_conversations", sa.Column("settings_seq", _INT, nullable=True))
    op.create_index(
        "ix_chat_messages_expires_at",
        "chat_messages",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL AND content IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL AND content IS NOT NULL"),
    )
    op.create_table(
        "chat_hidden",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("message_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_chat_hidden_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "message_id", name=op.f("pk_chat_hidden")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_invitations",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("conversation_id", schema.Id(), nullable=False),
        sa.Column("created_by", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("revoked_at", _INT, nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["chat_conversations.id"],
            name=op.f("fk_chat_invitations_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["identity_users.id"], name=op.f("fk_chat_invitations_created_by")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_chat_invitations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_chat_invitations_conversation_id"),
        "chat_invitations",
        ["conversation_id"],
        unique=False,
    )
    op.create_table(
        "chat_reports",
        sa.Column("reporter_id", schema.Id(), nullable=False),
        sa.Column("message_id", schema.Id(), nullable=False),
        sa.Column("conversation_id", schema.Id(), nullable=False),
        sa.Column("sender_id", schema.Id(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sent_at", _INT, nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["chat_conversations.id"],
            name=op.f("fk_chat_reports_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["identity_users.id"], name=op.f("fk_chat_reports_reporter_id")
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["identity_users.id"], name=op.f("fk_chat_reports_sender_id")
        ),
        sa.PrimaryKeyConstraint("reporter_id", "message_id", name=op.f("pk_chat_reports")),
        sqlite_strict=True,
    )
    # SQLite cannot change a check: there the table is written anew, from this description of it.
    with op.batch_alter_table(
        "chat_media", copy_from=_media_before(), table_kwargs={"sqlite_strict": True}
    ) as media:
        media.add_column(sa.Column("parts", _INT, nullable=True))
        media.add_column(sa.Column("sizes", schema.Json(), nullable=True))
        media.drop_constraint(op.f("ck_chat_media_kind"), type_="check")
        media.create_check_constraint(
            op.f("ck_chat_media_kind"), "kind IN ('image', 'voice', 'document', 'sealed')"
        )
        media.create_check_constraint(
            op.f("ck_chat_media_parts"), "(kind = 'sealed') = (parts IS NOT NULL)"
        )


def _media_before() -> sa.Table:
    return sa.Table(
        "chat_media",
        sa.MetaData(),
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size_bytes", _INT, nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("blobs", schema.Json(), nullable=False),
        sa.Column("width", _INT, nullable=True),
        sa.Column("height", _INT, nullable=True),
        sa.Column("created_at", _INT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('image', 'voice', 'document')", name=op.f("ck_chat_media_kind")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_users.id"], name=op.f("fk_chat_media_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_media")),
        sa.Index(op.f("ix_chat_media_owner_id"), "owner_id"),
        sqlite_strict=True,
    )
