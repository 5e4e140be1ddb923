"""Videos in conversations that the server can read. They come in parts, as sealed files do."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0005"
down_revision = "0004"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    # SQLite cannot change a check: there the table is written anew, from this description of it.
    with op.batch_alter_table(
        "chat_media", copy_from=_media_before(), table_kwargs={"sqlite_strict": True}
    ) as media:
        media.drop_constraint(op.f("ck_chat_media_kind"), type_="check")
        media.drop_constraint(op.f("ck_chat_media_parts"), type_="check")
        media.create_check_constraint(
            op.f("ck_chat_media_kind"), "kind IN ('image', 'voice', 'video', 'document', 'sealed')"
        )
        media.create_check_constraint(
            op.f("ck_chat_media_parts"), "(kind IN ('sealed', 'video')) = (parts IS NOT NULL)"
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
        sa.Column("parts", _INT, nullable=True),
        sa.Column("sizes", schema.Json(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('image', 'voice', 'document', 'sealed')", name=op.f("ck_chat_media_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'sealed') = (parts IS NOT NULL)", name=op.f("ck_chat_media_parts")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_users.id"], name=op.f("fk_chat_media_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_media")),
        sa.Index(op.f("ix_chat_media_owner_id"), "owner_id"),
        sqlite_strict=True,
    )
