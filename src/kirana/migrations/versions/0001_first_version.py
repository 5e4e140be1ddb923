"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "identity_codes",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("used_by", schema.Id(), nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_identity_codes_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_codes")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_codes_created_at"), "identity_codes", ["created_at"], unique=False
    )
    op.create_index(
        op.f("ix_identity_codes_key_created_at"),
        "identity_codes",
        ["key", "created_at"],
        unique=False,
    )
    op.create_table(
        "identity_users",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column(
            "devices_rev", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("merged_into", schema.Id(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("erased_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "kind IN ('person', 'guest', 'business', 'system')", name=op.f("ck_identity_users_kind")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["identity_users.id"], name=op.f("fk_identity_users_merged_into")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_users")),
        sa.UniqueConstraint("handle", name=op.f("uq_identity_users_handle")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_blocks",
        sa.Column(
            "no",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("seq_from", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("seq_to", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "sealed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "length(prev_hash) = 32 AND length(hash) = 32", name=op.f("ck_money_blocks_hash")
        ),
        sa.CheckConstraint("seq_from <= seq_to", name=op.f("ck_money_blocks_seq")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_money_blocks")),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_money_blocks_prev_hash")),
        sa.UniqueConstraint("seq_to", name=op.f("uq_money_blocks_seq_to")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_currencies",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("exponent", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "cash_step_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("length(code) = 3", name=op.f("ck_money_currencies_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_money_currencies")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_entries",
        sa.Column("account_id", schema.Id(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "posted_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "pending_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "balance_after_minor",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "on_hold_after_minor",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "coming_after_minor",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_money_entries")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "money_owners",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "tier IN ('unverified', 'basic', 'full', 'merchant', 'agent', 'operator')",
            name=op.f("ck_money_owners_tier"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_owners")),
        sqlite_strict=True,
    )
    op.create_table(
        "orders_numbers",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "series", name=op.f("pk_orders_numbers")),
        sqlite_strict=True,
    )
    op.create_table(
        "platform_jobs",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("run_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("failed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_jobs")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_platform_jobs_due",
        "platform_jobs",
        ["run_at"],
        unique=False,
        sqlite_where=sa.text("failed_at IS NULL"),
        postgresql_where=sa.text("failed_at IS NULL"),
    )
    op.create_table(
        "platform_pictures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("height", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("files", schema.Json(), nullable=False),
        sa.Column(
            "size_bytes", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("created_by", schema.Id(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_pictures")),
        sqlite_strict=True,
    )
    op.create_table(
        "search_documents",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("scope_id", schema.Id(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_search_documents")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_spellings",
        sa.Column("part", sa.LargeBinary(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("part", "word", name=op.f("pk_search_spellings")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_words",
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("document_id", schema.Id(), nullable=False),
        sa.Column("weight", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("entry", "document_id", name=op.f("pk_search_words")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stream_cursors",
        sa.Column("device_id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column(
            "acked_pos", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("device_id", "user_id", name=op.f("pk_stream_cursors")),
        sqlite_strict=True,
    )
    op.create_table(
        "stream_entries",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("pos", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", schema.Id(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("user_id", "pos", name=op.f("pk_stream_entries")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stream_heads",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("pos", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "pushed_pos",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_stream_heads")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_stream_heads_changed_at"), "stream_heads", ["changed_at"], unique=False
    )
    op.create_table(
        "businesses",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("websites", schema.Json(), nullable=False),
        sa.Column("logo_id", sa.Text(), nullable=True),
        sa.Column("cover_id", sa.Text(), nullable=True),
        sa.Column("languages", schema.Json(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("is_verified", schema.Bool(), nullable=False),
        sa.Column("is_listed", schema.Bool(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double().with_variant(sa.REAL(), "sqlite"), nullable=True),
        sa.Column("lon", sa.Double().with_variant(sa.REAL(), "sqlite"), nullable=True),
        sa.Column(
            "accuracy_m", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("place_note", sa.Text(), nullable=False),
        sa.Column("hours_kind", sa.Text(), nullable=False),
        sa.Column("hours_text", sa.Text(), nullable=False),
        sa.Column("hours_rules", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("opened_by", schema.Id(), nullable=False),
        sa.Column("opened_as", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("closed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "hours_kind IN ('hours', 'always', 'by_appointment', 'unknown')",
            name=op.f("ck_businesses_hours_kind"),
        ),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name=op.f("ck_businesses_whole_point")),
        sa.ForeignKeyConstraint(["id"], ["identity_users.id"], name=op.f("fk_businesses_id")),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["identity_users.id"], name=op.f("fk_businesses_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
        sqlite_strict=True,
    )
    op.create_index("ix_businesses_handle", "businesses", ["handle"], unique=True)
    op.create_index(
        "ix_businesses_listed", "businesses", ["is_listed", "created_at", "id"], unique=False
    )
    op.create_table(
        "chat_conversations",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("pair_key", sa.Text(), nullable=True),
        sa.Column("business_id", schema.Id(), nullable=True),
        sa.Column("seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "shown_seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "members_rev", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("timer_s", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.Text(), nullable=True),
        sa.Column("fact_hash", sa.LargeBinary(), nullable=True),
        sa.Column("merged_into", schema.Id(), nullable=True),
        sa.Column("created_by", schema.Id(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "active_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("spoken_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(kind = 'business') = (business_id IS NOT NULL)",
            name=op.f("ck_chat_conversations_business"),
        ),
        sa.CheckConstraint(
            "form IN ('direct', 'group', 'live')", name=op.f("ck_chat_conversations_form")
        ),
        sa.CheckConstraint(
            "kind IN ('private', 'business')", name=op.f("ck_chat_conversations_kind")
        ),
        sa.CheckConstraint(
            "0 <= shown_seq AND shown_seq <= seq", name=op.f("ck_chat_conversations_seq")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["identity_users.id"], name=op.f("fk_chat_conversations_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_conversations")),
        sa.UniqueConstraint("pair_key", name=op.f("uq_chat_conversations_pair_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "chat_media",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column(
            "size_bytes", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("blobs", schema.Json(), nullable=False),
        sa.Column("width", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("height", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('image', 'voice', 'document')", name=op.f("ck_chat_media_kind")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_users.id"], name=op.f("fk_chat_media_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_media")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_chat_media_owner_id"), "chat_media", ["owner_id"], unique=False)
    op.create_table(
        "crm_greetings",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("is_on", schema.Bool(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", schema.Id(), nullable=False),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["identity_users.id"], name=op.f("fk_crm_greetings_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_crm_greetings")),
        sqlite_strict=True,
    )
    op.create_table(
        "identity_addresses",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column(
            "verified_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_identity_addresses_kind")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_addresses_user_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity_addresses")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_addresses_user_id"), "identity_addresses", ["user_id"], unique=False
    )
    op.create_table(
        "identity_blocks",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("blocked_id", schema.Id(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("user_id <> blocked_id", name=op.f("ck_identity_blocks_other")),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["identity_users.id"], name=op.f("fk_identity_blocks_blocked_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_blocks_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name=op.f("pk_identity_blocks")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_blocks_blocked_id"), "identity_blocks", ["blocked_id"], unique=False
    )
    op.create_table(
        "identity_challenges",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("confirms", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("used_for", schema.Id(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('registration', 'sign-in', 'confirmation')",
            name=op.f("ck_identity_challenges_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_challenges_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_challenges")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_challenges_created_at"),
        "identity_challenges",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "identity_confirmations",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "method IN ('pin', 'passkey')", name=op.f("ck_identity_confirmations_method")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_confirmations_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_confirmations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_confirmations_created_at"),
        "identity_confirmations",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "identity_contacts",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("contact_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("user_id <> contact_id", name=op.f("ck_identity_contacts_other")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["identity_users.id"], name=op.f("fk_identity_contacts_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_contacts_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "contact_id", name=op.f("pk_identity_contacts")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_contacts_contact_id"), "identity_contacts", ["contact_id"], unique=False
    )
    op.create_table(
        "identity_delegations",
        sa.Column("shop_id", schema.Id(), nullable=False),
        sa.Column("person_id", schema.Id(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_users.id"], name=op.f("fk_identity_delegations_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["identity_users.id"], name=op.f("fk_identity_delegations_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", "person_id", name=op.f("pk_identity_delegations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_delegations_person_id"),
        "identity_delegations",
        ["person_id"],
        unique=False,
    )
    op.create_table(
        "identity_devices",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("seen_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "revoked_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "kind IN ('browser', 'app', 'program')", name=op.f("ck_identity_devices_kind")
        ),
        sa.CheckConstraint(
            "(token_hash IS NULL) = (revoked_at IS NOT NULL)",
            name=op.f("ck_identity_devices_revoked"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_devices_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_devices")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_identity_devices_token_hash")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_devices_user_id"), "identity_devices", ["user_id"], unique=False
    )
    op.create_table(
        "identity_passkeys",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "sign_count", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("used_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_passkeys_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_identity_passkeys_credential_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_identity_passkeys_user_id"), "identity_passkeys", ["user_id"], unique=False
    )
    op.create_table(
        "identity_pins",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("wrong", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "locked_until", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_pins_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_identity_pins")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_confirm_lines",
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "above_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "above_minor BETWEEN 0 AND 9007199254740991",
            name=op.f("ck_money_confirm_lines_above_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_confirm_lines_owner_id")
        ),
        sa.PrimaryKeyConstraint("owner_id", "currency", name=op.f("pk_money_confirm_lines")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_ledgers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('custody', 'memo')", name=op.f("ck_money_ledgers_kind")),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_ledgers_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_ledgers")),
        sa.UniqueConstraint("currency", "kind", name=op.f("uq_money_ledgers_currency_kind")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_requests",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("asker_id", schema.Id(), nullable=False),
        sa.Column("payer_id", schema.Id(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("ref_kind", sa.Text(), nullable=True),
        sa.Column("ref_id", schema.Id(), nullable=True),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_requests_amount_minor"),
        ),
        sa.CheckConstraint("length(reference) = 12", name=op.f("ck_money_requests_reference")),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_requests_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_requests")),
        sa.UniqueConstraint("reference", name=op.f("uq_money_requests_reference")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_requests_asker_id", "money_requests", ["asker_id", "created_at"], unique=False
    )
    op.create_index("ix_money_requests_expires_at", "money_requests", ["expires_at"], unique=False)
    op.create_index(
        "ix_money_requests_payer_id", "money_requests", ["payer_id", "created_at"], unique=False
    )
    op.create_table(
        "money_ways",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("enabled", schema.Bool(), nullable=False),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_ways_currency")
        ),
        sa.PrimaryKeyConstraint("currency", "way", "rail", name=op.f("pk_money_ways")),
        sqlite_strict=True,
    )
    op.create_table(
        "business_closures",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("first_on", sa.Text(), nullable=False),
        sa.Column("last_on", sa.Text(), nullable=False),
        sa.Column("spans", schema.Json(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("is_holiday", schema.Bool(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_business_closures_in_order")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_closures_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_closures")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_business_closures_business_id",
        "business_closures",
        ["business_id", "last_on"],
        unique=False,
    )
    op.create_table(
        "business_members",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("person_id", schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "joined_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'agent', 'viewer')", name=op.f("ck_business_members_role")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_members_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_users.id"], name=op.f("fk_business_members_person_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "person_id", name=op.f("pk_business_members")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_business_members_person_id", "business_members", ["person_id"], unique=False
    )
    op.create_table(
        "business_records",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("person_id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_id", schema.Id(), nullable=True),
        sa.Column("before", schema.Json(), nullable=True),
        sa.Column("after", schema.Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_records_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_records")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_business_records_business_id",
        "business_records",
        ["business_id", "at", "id"],
        unique=False,
    )
    op.create_table(
        "catalog_collections",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("parent_id", schema.Id(), nullable=True),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.Column("rule", schema.Json(), nullable=True),
        sa.Column("is_hidden", schema.Bool(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_catalog_collections_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["catalog_collections.id"], name=op.f("fk_catalog_collections_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_collections")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_collections_business_id_slug"),
        "catalog_collections",
        ["business_id", "slug"],
        unique=True,
    )
    op.create_table(
        "catalog_imports",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("delimiter", sa.Text(), nullable=False),
        sa.Column("decimal_sign", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unused_columns", schema.Json(), nullable=False),
        sa.Column("gone", schema.Json(), nullable=False),
        sa.Column(
            "row_count", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "rows_done", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("by_user_id", schema.Id(), nullable=True),
        sa.Column("by_person_id", schema.Id(), nullable=True),
        sa.Column("by_kind", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("ended_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "state in ('planned', 'applying', 'applied', 'undoing', 'undone')",
            name=op.f("ck_catalog_imports_state"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_catalog_imports_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_imports")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_imports_business_id_created_at"),
        "catalog_imports",
        ["business_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "catalog_products",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("options", schema.Json(), nullable=False),
        sa.Column("picture_ids", schema.Json(), nullable=False),
        sa.Column("first_picture_id", sa.Text(), nullable=True),
        sa.Column("tags", schema.Json(), nullable=False),
        sa.Column("attributes", schema.Json(), nullable=False),
        sa.Column("texts", schema.Json(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("needs_delivery", schema.Bool(), nullable=False),
        sa.Column("weight_g", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "status in ('draft', 'published', 'hidden')", name=op.f("ck_catalog_products_status")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_catalog_products_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_products")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_products_business_id_created_at_id"),
        "catalog_products",
        ["business_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "chat_attachments",
        sa.Column("message_id", schema.Id(), nullable=False),
        sa.Column("media_id", schema.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_id"], ["chat_media.id"], name=op.f("fk_chat_attachments_media_id")
        ),
        sa.PrimaryKeyConstraint("message_id", "media_id", name=op.f("pk_chat_attachments")),
        sqlite_strict=True,
    )
    op.create_index("ix_chat_attachments_media_id", "chat_attachments", ["media_id"], unique=False)
    op.create_table(
        "chat_members",
        sa.Column("conversation_id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "joined_seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("left_seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column(
            "delivered_seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("read_seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("marks_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "muted_until", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "archived_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint("role IN ('member', 'admin')", name=op.f("ck_chat_members_role")),
        sa.CheckConstraint(
            "state IN ('requested', 'joined', 'left', 'removed')",
            name=op.f("ck_chat_members_state"),
        ),
        sa.CheckConstraint(
            "0 <= read_seq AND read_seq <= delivered_seq", name=op.f("ck_chat_members_marks")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["chat_conversations.id"],
            name=op.f("fk_chat_members_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_chat_members_user_id")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_chat_members")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_chat_members_user_id", "chat_members", ["user_id", "conversation_id"], unique=False
    )
    op.create_table(
        "chat_messages",
        sa.Column("conversation_id", schema.Id(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("k", sa.Text(), nullable=False),
        sa.Column("sender_id", schema.Id(), nullable=True),
        sa.Column("author_id", schema.Id(), nullable=True),
        sa.Column("device_id", schema.Id(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("target_id", schema.Id(), nullable=True),
        sa.Column("is_quiet", schema.Bool(), nullable=False),
        sa.Column("is_automatic", schema.Bool(), nullable=False),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "k IN ('message', 'fact', 'deletion', 'change')", name=op.f("ck_chat_messages_k")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["chat_conversations.id"],
            name=op.f("fk_chat_messages_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name=op.f("pk_chat_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_chat_messages_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_chat_messages_target_id",
        "chat_messages",
        ["conversation_id", "target_id"],
        unique=False,
        sqlite_where=sa.text("target_id IS NOT NULL"),
        postgresql_where=sa.text("target_id IS NOT NULL"),
    )
    op.create_table(
        "money_accounts",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("ledger_id", sa.Text(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("code", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("flags", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "overdraft_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "debits_pending", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "debits_posted", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "credits_pending", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "credits_posted", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("closed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "credits_pending BETWEEN 0 AND 4611686018427387903",
            name=op.f("ck_money_accounts_credits_pending"),
        ),
        sa.CheckConstraint(
            "credits_posted BETWEEN 0 AND 4611686018427387903",
            name=op.f("ck_money_accounts_credits_posted"),
        ),
        sa.CheckConstraint(
            "debits_pending BETWEEN 0 AND 4611686018427387903",
            name=op.f("ck_money_accounts_debits_pending"),
        ),
        sa.CheckConstraint(
            "debits_posted BETWEEN 0 AND 4611686018427387903",
            name=op.f("ck_money_accounts_debits_posted"),
        ),
        sa.CheckConstraint(
            "flags & 1 = 0 OR debits_posted + debits_pending <= credits_posted + overdraft_minor",
            name=op.f("ck_money_accounts_debits_within_credits"),
        ),
        sa.CheckConstraint(
            "flags & 16 = 0 OR (credits_posted = debits_posted AND debits_pending = 0 AND credits_pending = 0)",
            name=op.f("ck_money_accounts_closed_when_empty"),
        ),
        sa.CheckConstraint(
            "flags & 2 = 0 OR credits_posted + credits_pending <= debits_posted + overdraft_minor",
            name=op.f("ck_money_accounts_credits_within_debits"),
        ),
        sa.CheckConstraint(
            "overdraft_minor BETWEEN 0 AND 4611686018427387903",
            name=op.f("ck_money_accounts_overdraft_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["ledger_id"], ["money_ledgers.id"], name=op.f("fk_money_accounts_ledger_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_accounts")),
        sa.UniqueConstraint("id", "ledger_id", name=op.f("uq_money_accounts_id_ledger_id")),
        sa.UniqueConstraint(
            "owner_id",
            "code",
            "ledger_id",
            "label",
            name=op.f("uq_money_accounts_owner_id_code_ledger_id_label"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "orders",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("buyer_id", schema.Id(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "goods_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "discount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("delivery", schema.Json(), nullable=False),
        sa.Column("taxes", schema.Json(), nullable=False),
        sa.Column(
            "rounding_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "total_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("address", schema.Json(), nullable=True),
        sa.Column("contact", schema.Json(), nullable=False),
        sa.Column("contact_key", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "item_count", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("first_item", sa.Text(), nullable=False),
        sa.Column("first_picture_id", sa.Text(), nullable=True),
        sa.Column(
            "placed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "held_until", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "step_count", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("paid_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "method = 'pickup' OR address IS NOT NULL", name=op.f("ck_orders_address")
        ),
        sa.CheckConstraint("method IN ('pickup', 'delivery')", name=op.f("ck_orders_method")),
        sa.CheckConstraint("payment IN ('wallet', 'cash')", name=op.f("ck_orders_payment")),
        sa.CheckConstraint(
            "state IN ('placed', 'accepted', 'ready', 'on_its_way', 'fulfilled', 'canceled', 'expired')",
            name=op.f("ck_orders_state"),
        ),
        sa.CheckConstraint(
            "(paid_at IS NULL) = (receipt_number IS NULL)", name=op.f("ck_orders_receipt")
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_orders_total")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_orders_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["buyer_id"], ["identity_users.id"], name=op.f("fk_orders_buyer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("business_id", "number", name=op.f("uq_orders_business_id_number")),
        sa.UniqueConstraint(
            "business_id", "receipt_number", name=op.f("uq_orders_business_id_receipt_number")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_orders_token")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_orders_business_id_placed_at_id"),
        "orders",
        ["business_id", "placed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orders_business_id_state_placed_at_id"),
        "orders",
        ["business_id", "state", "placed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orders_buyer_id_placed_at_id"),
        "orders",
        ["buyer_id", "placed_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_orders_contact_key"), "orders", ["contact_key"], unique=False)
    op.create_index(
        op.f("ix_orders_state_held_until"), "orders", ["state", "held_until"], unique=False
    )
    op.create_table(
        "orders_carts",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("buyer_id", schema.Id(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("address", schema.Json(), nullable=True),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("method IN ('pickup', 'delivery')", name=op.f("ck_orders_carts_method")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_orders_carts_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["buyer_id"], ["identity_users.id"], name=op.f("fk_orders_carts_buyer_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "buyer_id", name=op.f("pk_orders_carts")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_orders_carts_buyer_id"), "orders_carts", ["buyer_id"], unique=False)
    op.create_table(
        "orders_deliveries",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("has_pickup", schema.Bool(), nullable=False),
        sa.Column("pickup_note", sa.Text(), nullable=False),
        sa.Column("has_delivery", schema.Bool(), nullable=False),
        sa.Column("delivery_note", sa.Text(), nullable=False),
        sa.Column(
            "fee_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "free_from_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "minimum_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "changed_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_orders_deliveries_fee")),
        sa.CheckConstraint("minimum_minor >= 0", name=op.f("ck_orders_deliveries_minimum")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_orders_deliveries_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_orders_deliveries")),
        sqlite_strict=True,
    )
    op.create_table(
        "catalog_import_pictures",
        sa.Column("target_id", schema.Id(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("import_id", schema.Id(), nullable=False),
        sa.Column("row", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_catalog_import_pictures_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["catalog_imports.id"], name=op.f("fk_catalog_import_pictures_import_id")
        ),
        sa.PrimaryKeyConstraint("target_id", "url", name=op.f("pk_catalog_import_pictures")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_import_pictures_business_id"),
        "catalog_import_pictures",
        ["business_id"],
        unique=False,
    )
    op.create_table(
        "catalog_import_rows",
        sa.Column("import_id", schema.Id(), nullable=False),
        sa.Column("row", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=True),
        sa.Column("changes", schema.Json(), nullable=False),
        sa.Column("notes", schema.Json(), nullable=False),
        sa.CheckConstraint(
            "result in ('created', 'updated', 'unchanged', 'draft', 'skipped', 'refused')",
            name=op.f("ck_catalog_import_rows_result"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["catalog_imports.id"], name=op.f("fk_catalog_import_rows_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_catalog_import_rows")),
        sqlite_strict=True,
    )
    op.create_table(
        "catalog_import_steps",
        sa.Column("import_id", schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "row_count", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", schema.Json(), nullable=False),
        sa.Column("before", schema.Json(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'done', 'refused', 'undone', 'kept')",
            name=op.f("ck_catalog_import_steps_state"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["catalog_imports.id"], name=op.f("fk_catalog_import_steps_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_catalog_import_steps")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_import_steps_import_id_state_position"),
        "catalog_import_steps",
        ["import_id", "state", "position"],
        unique=False,
    )
    op.create_table(
        "catalog_members",
        sa.Column("collection_id", schema.Id(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["catalog_collections.id"],
            name=op.f("fk_catalog_members_collection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog_products.id"], name=op.f("fk_catalog_members_product_id")
        ),
        sa.PrimaryKeyConstraint("collection_id", "product_id", name=op.f("pk_catalog_members")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_members_product_id"), "catalog_members", ["product_id"], unique=False
    )
    op.create_table(
        "catalog_slugs",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog_products.id"], name=op.f("fk_catalog_slugs_product_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "slug", name=op.f("pk_catalog_slugs")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_slugs_product_id"), "catalog_slugs", ["product_id"], unique=False
    )
    op.create_table(
        "catalog_source_keys",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=True),
        sa.Column("variant_id", schema.Id(), nullable=True),
        sa.Column("collection_id", schema.Id(), nullable=True),
        sa.Column("import_id", schema.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_catalog_source_keys_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["catalog_imports.id"], name=op.f("fk_catalog_source_keys_import_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "key", name=op.f("pk_catalog_source_keys")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_source_keys_import_id"), "catalog_source_keys", ["import_id"], unique=False
    )
    op.create_table(
        "catalog_tags",
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog_products.id"], name=op.f("fk_catalog_tags_product_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "tag", name=op.f("pk_catalog_tags")),
        sqlite_strict=True,
    )
    op.create_table(
        "catalog_variants",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "retired_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("option_values", schema.Json(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("sku_key", sa.Text(), nullable=True),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column(
            "price_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "sale_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "sale_starts_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "sale_ends_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("other_prices", schema.Json(), nullable=False),
        sa.Column("weight_g", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.Column("tracked", schema.Bool(), nullable=False),
        sa.Column("sell_beyond", schema.Bool(), nullable=False),
        sa.Column("backorder_text", sa.Text(), nullable=False),
        sa.Column("low_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("on_hand", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("held", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("moves", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(price_minor is null) = (currency is null)",
            name=op.f("ck_catalog_variants_price_has_currency"),
        ),
        sa.CheckConstraint(
            "on_hand >= 0 and held >= 0", name=op.f("ck_catalog_variants_counters_are_not_negative")
        ),
        sa.CheckConstraint(
            "price_minor >= 0 and sale_minor >= 0",
            name=op.f("ck_catalog_variants_price_is_not_negative"),
        ),
        sa.CheckConstraint(
            "tracked = FALSE or sell_beyond = TRUE or held <= on_hand",
            name=op.f("ck_catalog_variants_held_is_there"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog_products.id"], name=op.f("fk_catalog_variants_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_variants")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_catalog_variants_business_id_barcode"),
        "catalog_variants",
        ["business_id", "barcode"],
        unique=False,
    )
    op.create_index(
        op.f("ix_catalog_variants_business_id_sku_key"),
        "catalog_variants",
        ["business_id", "sku_key"],
        unique=True,
    )
    op.create_index(
        op.f("ix_catalog_variants_product_id_position"),
        "catalog_variants",
        ["product_id", "position"],
        unique=False,
    )
    op.create_table(
        "money_transfers",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("group_id", schema.Id(), nullable=False),
        sa.Column(
            "group_index", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debit_id", schema.Id(), nullable=True),
        sa.Column("credit_id", schema.Id(), nullable=True),
        sa.Column("ledger_id", sa.Text(), nullable=True),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("hold_id", schema.Id(), nullable=True),
        sa.Column("timeout_s", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column("reverses_id", schema.Id(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ref_kind", sa.Text(), nullable=True),
        sa.Column("ref_id", schema.Id(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column(
            "effective_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'refused') = (problem IS NOT NULL)",
            name=op.f("ck_money_transfers_refused_says_why"),
        ),
        sa.CheckConstraint(
            "kind = 'refused' OR (debit_id IS NOT NULL AND credit_id IS NOT NULL AND ledger_id IS NOT NULL AND amount_minor IS NOT NULL)",
            name=op.f("ck_money_transfers_moves_money"),
        ),
        sa.CheckConstraint(
            "kind IN ('posted', 'pending', 'post', 'void', 'expire', 'refused')",
            name=op.f("ck_money_transfers_kind"),
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_transfers_amount_minor"),
        ),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_money_transfers_two_accounts")),
        sa.CheckConstraint("length(fp) = 16", name=op.f("ck_money_transfers_fp")),
        sa.ForeignKeyConstraint(
            ["credit_id", "ledger_id"],
            ["money_accounts.id", "money_accounts.ledger_id"],
            name=op.f("fk_money_transfers_credit_id_ledger_id"),
        ),
        sa.ForeignKeyConstraint(
            ["debit_id", "ledger_id"],
            ["money_accounts.id", "money_accounts.ledger_id"],
            name=op.f("fk_money_transfers_debit_id_ledger_id"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_money_transfers")),
        sa.UniqueConstraint("id", name=op.f("uq_money_transfers_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_transfers_ref",
        "money_transfers",
        ["ref_id", "seq"],
        unique=False,
        sqlite_where=sa.text("ref_id IS NOT NULL"),
        postgresql_where=sa.text("ref_id IS NOT NULL"),
    )
    op.create_index(
        "uq_money_transfers_hold_id",
        "money_transfers",
        ["hold_id"],
        unique=True,
        sqlite_where=sa.text("kind IN ('post', 'void', 'expire')"),
        postgresql_where=sa.text("kind IN ('post', 'void', 'expire')"),
    )
    op.create_table(
        "orders_cart_lines",
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("buyer_id", schema.Id(), nullable=False),
        sa.Column("variant_id", schema.Id(), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "seen_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("added_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 9999", name=op.f("ck_orders_cart_lines_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "buyer_id"],
            ["orders_carts.business_id", "orders_carts.buyer_id"],
            name=op.f("fk_orders_cart_lines_business_id_buyer_id"),
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "buyer_id", "variant_id", name=op.f("pk_orders_cart_lines")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "orders_lines",
        sa.Column("order_id", schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("variant_id", schema.Id(), nullable=False),
        sa.Column("product_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", schema.Json(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.Column(
            "unit_price_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "discount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "tax_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "paid_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("returned", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_lines_quantity")),
        sa.CheckConstraint(
            "returned BETWEEN 0 AND quantity", name=op.f("ck_orders_lines_returned")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_orders_lines_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_orders_lines")),
        sa.UniqueConstraint(
            "order_id", "variant_id", name=op.f("uq_orders_lines_order_id_variant_id")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "orders_refunds",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("order_id", schema.Id(), nullable=False),
        sa.Column("business_id", schema.Id(), nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("lines", schema.Json(), nullable=False),
        sa.Column("has_delivery", schema.Bool(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("credit_note", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_orders_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_orders_refunds_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_refunds")),
        sa.UniqueConstraint(
            "business_id", "credit_note", name=op.f("uq_orders_refunds_business_id_credit_note")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_orders_refunds_order_id"), "orders_refunds", ["order_id"], unique=False
    )
    op.create_index(
        "uq_orders_refunds_delivery",
        "orders_refunds",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("has_delivery IS 1"),
        postgresql_where=sa.text("has_delivery IS true"),
    )
    op.create_table(
        "orders_steps",
        sa.Column("order_id", schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_orders_steps_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_orders_steps")),
        sqlite_strict=True,
    )
    op.create_table(
        "catalog_holds",
        sa.Column("order_id", schema.Id(), nullable=False),
        sa.Column("variant_id", schema.Id(), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("until_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_catalog_holds_quantity")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["catalog_variants.id"], name=op.f("fk_catalog_holds_variant_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "variant_id", name=op.f("pk_catalog_holds")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_catalog_holds_until_at"), "catalog_holds", ["until_at"], unique=False)
    op.create_index(
        op.f("ix_catalog_holds_variant_id_until_at"),
        "catalog_holds",
        ["variant_id", "until_at"],
        unique=False,
    )
    op.create_table(
        "catalog_stock_moves",
        sa.Column("variant_id", schema.Id(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column(
            "on_hand_delta", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "held_delta", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", schema.Id(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("moved_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "reason in ('counted', 'reserved', 'released', 'expired', 'taken', 'returned')",
            name=op.f("ck_catalog_stock_moves_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["catalog_variants.id"], name=op.f("fk_catalog_stock_moves_variant_id")
        ),
        sa.PrimaryKeyConstraint("variant_id", "number", name=op.f("pk_catalog_stock_moves")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_holds",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "captured_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "(state = 'posted') = (captured_minor > 0)",
            name=op.f("ck_money_holds_captured_when_posted"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'posted', 'voided', 'expired')", name=op.f("ck_money_holds_state")
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991", name=op.f("ck_money_holds_amount_minor")
        ),
        sa.CheckConstraint(
            "captured_minor BETWEEN 0 AND amount_minor", name=op.f("ck_money_holds_captured_minor")
        ),
        sa.ForeignKeyConstraint(["id"], ["money_transfers.id"], name=op.f("fk_money_holds_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_holds")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_holds_due",
        "money_holds",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "money_request_ends",
        sa.Column("request_id", schema.Id(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("transfer_id", schema.Id(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(how = 'paid') = (transfer_id IS NOT NULL)",
            name=op.f("ck_money_request_ends_paid_by_a_transfer"),
        ),
        sa.CheckConstraint(
            "how IN ('paid', 'declined', 'canceled', 'expired')",
            name=op.f("ck_money_request_ends_how"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["money_requests.id"], name=op.f("fk_money_request_ends_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_request_ends_transfer_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_money_request_ends")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_money_request_ends_transfer_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_reversals",
        sa.Column("original_id", schema.Id(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.Column(
            "reversed_minor", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_reversals_amount_minor"),
        ),
        sa.CheckConstraint(
            "reversed_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_money_reversals_reversed_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["money_transfers.id"], name=op.f("fk_money_reversals_original_id")
        ),
        sa.PrimaryKeyConstraint("original_id", name=op.f("pk_money_reversals")),
        sqlite_strict=True,
    )
