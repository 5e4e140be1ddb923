"""Where imports are kept: their plans, what came of each row, and what came from where."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Id, Int, Json, Text, table

imports = table(
    "catalog_imports",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("delimiter", Text, nullable=False),
    Column("decimal_sign", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("unused_columns", Json, nullable=False),
    Column("gone", Json, nullable=False),
    Column("row_count", Int, nullable=False),
    Column("rows_done", Int, nullable=False),
    # Who applies it; jobs act in their name.
    Column("by_user_id", Id),
    Column("by_person_id", Id),
    Column("by_kind", Text),
    Column("created_at", Int, nullable=False),
    Column("ended_at", Int),
    CheckConstraint(
        "state in ('planned', 'applying', 'applied', 'undoing', 'undone')", name="state"
    ),
    Index(None, "business_id", "created_at"),
)

steps = table(
    "catalog_import_steps",
    Column("import_id", Id, ForeignKey("catalog_imports.id"), nullable=False),
    Column("position", Int, nullable=False),
    Column("row_count", Int, nullable=False),
    Column("state", Text, nullable=False),
    # What to do; then what was there before, and a fingerprint of what came of it.
    Column("content", Json, nullable=False),
    Column("before", Json),
    Column("after", Text),
    PrimaryKeyConstraint("import_id", "position"),
    CheckConstraint("state in ('waiting', 'done', 'refused', 'undone', 'kept')", name="state"),
    Index(None, "import_id", "state", "position"),
)

rows = table(
    "catalog_import_rows",
    Column("import_id", Id, ForeignKey("catalog_imports.id"), nullable=False),
    # As the spreadsheet shows it.
    Column("row", Int, nullable=False),
    Column("result", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("product_id", Id),
    Column("changes", Json, nullable=False),
    Column("notes", Json, nullable=False),
    PrimaryKeyConstraint("import_id", "row"),
    CheckConstraint(
        "result in ('created', 'updated', 'unchanged', 'draft', 'skipped', 'refused')",
        name="result",
    ),
)

keys = table(
    "catalog_source_keys",
    # What a file's format calls something that the shop has: how the next file finds it.
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("product_id", Id),
    Column("variant_id", Id),
    Column("collection_id", Id),
    Column("import_id", Id, ForeignKey("catalog_imports.id"), nullable=False),
    PrimaryKeyConstraint("business_id", "key"),
    Index(None, "import_id"),
)

pictures = table(
    "catalog_import_pictures",
    # Each address that pictures were or will be fetched from, for a product or a variant.
    Column("target_id", Id, nullable=False),
    Column("url", Text, nullable=False),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("product_id", Id, nullable=False),
    Column("import_id", Id, ForeignKey("catalog_imports.id"), nullable=False),
    Column("row", Int, nullable=False),
    Column("position", Int, nullable=False),
    Column("picture_id", Text),
    Column("refused", Text),
    PrimaryKeyConstraint("target_id", "url"),
    Index(None, "business_id"),
)
