"""Rows of conversations. `seq` numbers everything in one conversation, without holes."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Bool, Bytes, Id, Int, Json, Text, table

conversations = table(
    "chat_conversations",
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("pair_key", Text, unique=True),
    Column("business_id", Id, ForeignKey("identity_users.id")),
    Column("seq", Int, nullable=False),
    Column("shown_seq", Int, nullable=False),
    Column("members_rev", Int, nullable=False),
    Column("settings_seq", Int),
    Column("admin_settings_seq", Int),
    Column("writers", Text),
    Column("editors", Text),
    Column("timer_s", Int),
    Column("title", Text),
    Column("photo_id", Text),
    Column("fact_hash", Bytes),
    Column("merged_into", Id),
    Column("created_by", Id),
    Column("created_at", Int, nullable=False),
    Column("active_at", Int, nullable=False),
    Column("spoken_at", Int),
    CheckConstraint("kind IN ('private', 'business')", name="kind"),
    CheckConstraint("form IN ('direct', 'group', 'live')", name="form"),
    CheckConstraint("0 <= shown_seq AND shown_seq <= seq", name="seq"),
    CheckConstraint("(kind = 'business') = (business_id IS NOT NULL)", name="business"),
)
"""`shown_seq` is the last entry that is not quiet, `active_at` its time; `spoken_at` is the time of
the last message by anybody. `members_rev` grows with every change of members; `settings_seq` is
the latest encrypted settings, such as a group's name, and `admin_settings_seq` the latest that an
admin of a group wrote. `writers` may write in a group, `editors` may write its settings; without a
word that is everybody, and the admins. `fact_hash` waits for signed facts. A
conversation that was joined to another one (a guest became somebody known) is empty and
`merged_into` it."""

members = table(
    "chat_members",
    Column("conversation_id", Id, ForeignKey("chat_conversations.id"), nullable=False),
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("joined_seq", Int, nullable=False),
    Column("left_seq", Int),
    Column("delivered_seq", Int, nullable=False),
    Column("read_seq", Int, nullable=False),
    Column("marks_at", Int, nullable=False),
    Column("muted_until", Int),
    Column("archived_at", Int),
    Column("pinned_at", Int),
    PrimaryKeyConstraint("conversation_id", "user_id"),
    CheckConstraint("role IN ('member', 'admin')", name="role"),
    CheckConstraint("state IN ('requested', 'joined', 'left', 'removed')", name="state"),
    CheckConstraint("0 <= read_seq AND read_seq <= delivered_seq", name="marks"),
    Index("ix_chat_members_user_id", "user_id", "conversation_id"),
)
"""A member is served the entries from `joined_seq` to `left_seq`, and nothing else. Who is
`requested` was written to by a stranger, and has not answered yet. Pinned conversations
stand in the order in which they were pinned."""

messages = table(
    "chat_messages",
    Column("conversation_id", Id, ForeignKey("chat_conversations.id"), nullable=False),
    Column("seq", Int, nullable=False),
    Column("id", Id, nullable=False, unique=True),
    Column("k", Text, nullable=False),
    Column("sender_id", Id),
    Column("author_id", Id),
    Column("device_id", Id),
    Column("content", Text),
    Column("content_hash", Bytes),
    Column("words", Text),
    Column("commitment", Bytes),
    Column("target_id", Id),
    Column("is_quiet", Bool, nullable=False),
    Column("is_automatic", Bool, nullable=False),
    Column("expires_at", Int),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("conversation_id", "seq"),
    CheckConstraint("k IN ('message', 'fact', 'deletion', 'change')", name="k"),
)
"""`content` is the JSON that was sent, as text; a deleted message has none, but keeps its number,
id and hash. `words` is what a search looks at (`search.py`). An encrypted message has a
`commitment`, and its `content` is the ciphertext, byte for byte as it was sent. `author_id` is who
of a shop's team wrote."""

Index(
    "ix_chat_messages_target_id",
    messages.c.conversation_id,
    messages.c.target_id,
    sqlite_where=messages.c.target_id.is_not(None),
    postgresql_where=messages.c.target_id.is_not(None),
)

Index(
    "ix_chat_messages_expires_at",
    messages.c.expires_at,
    sqlite_where=messages.c.expires_at.is_not(None) & messages.c.content.is_not(None),
    postgresql_where=messages.c.expires_at.is_not(None) & messages.c.content.is_not(None),
)

hidden = table(
    "chat_hidden",
    Column("user_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("message_id", Id, nullable=False),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "message_id"),
)
"""What somebody deleted for themselves only."""

media = table(
    "chat_media",
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("identity_users.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("mime", Text, nullable=False),
    Column("size_bytes", Int, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("blobs", Json, nullable=False),
    Column("width", Int),
    Column("height", Int),
    Column("parts", Int),
    Column("sizes", Json),
    Column("created_at", Int, nullable=False),
    CheckConstraint("kind IN ('image', 'voice', 'video', 'document', 'sealed')", name="kind"),
    CheckConstraint("(kind IN ('sealed', 'video')) = (parts IS NOT NULL)", name="parts"),
)
"""Files that somebody sent to the server. `source_hash` is of what was sent; `blobs` names what is
kept of it, by width in pixels for a smaller picture, and `full`. A video, and a sealed file, which
the server cannot read, come in `parts`: `blobs` and `sizes` are by the number of the part, and the
file is whole when all have arrived."""

attachments = table(
    "chat_attachments",
    Column("message_id", Id, nullable=False),
    Column("media_id", Id, ForeignKey("chat_media.id"), nullable=False),
    PrimaryKeyConstraint("message_id", "media_id"),
    Index("ix_chat_attachments_media_id", "media_id"),
)

invitations = table(
    "chat_invitations",
    Column("code", Text, primary_key=True),
    Column("conversation_id", Id, ForeignKey("chat_conversations.id"), nullable=False),
    Column("created_by", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("created_at", Int, nullable=False),
    Column("expires_at", Int, nullable=False),
    Column("revoked_at", Int),
    Index(None, "conversation_id"),
)
"""Links into a group. Whoever has the code may join until it expires or is taken back."""

privacy = table(
    "chat_privacy",
    Column("user_id", Id, ForeignKey("identity_users.id"), primary_key=True),
    Column("shares_reads", Bool, nullable=False),
    Column("shares_typing", Bool, nullable=False),
    Column("seen_by", Text, nullable=False),
    CheckConstraint("seen_by IN ('everybody', 'contacts', 'nobody')", name="seen_by"),
)
"""What somebody lets others see of them. Without a row it is everything."""

reports = table(
    "chat_reports",
    Column("reporter_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("message_id", Id, nullable=False),
    Column("conversation_id", Id, ForeignKey("chat_conversations.id"), nullable=False),
    Column("sender_id", Id, ForeignKey("identity_users.id"), nullable=False),
    Column("content", Text, nullable=False),
    Column("sent_at", Int, nullable=False),
    Column("created_at", Int, nullable=False),
    Column("reason", Text),
    Column("closed_at", Int),
    Column("closing_note", Text),
    PrimaryKeyConstraint("reporter_id", "message_id"),
)
"""What somebody showed to the operator: the words of a message, proven by its commitment."""
