"""Where the catalog is kept."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint

from kirana.platform.db import Bool, Id, Int, Json, Text, table

products = table(
    "catalog_products",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("picture_ids", Json, nullable=False),
    Column("first_picture_id", Text),
    Column("tags", Json, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("texts", Json, nullable=False),
    Column("tax_class", Text, nullable=False),
    Column("needs_delivery", Bool, nullable=False),
    Column("weight_g", Int),
    Column("created_at", Int, nullable=False),
    Column("updated_at", Int, nullable=False),
    CheckConstraint("status in ('draft', 'published', 'hidden')", name="status"),
    Index(None, "business_id", "created_at", "id"),
)

slugs = table(
    "catalog_slugs",
    # Every address that a product has or had; without a product when that was deleted.
    Column("business_id", Id, nullable=False),
    Column("slug", Text, nullable=False),
    Column("product_id", Id, ForeignKey("catalog_products.id")),
    PrimaryKeyConstraint("business_id", "slug"),
    Index(None, "product_id"),
)

tags = table(
    "catalog_tags",
    Column("product_id", Id, ForeignKey("catalog_products.id"), nullable=False),
    Column("tag", Text, nullable=False),
    PrimaryKeyConstraint("product_id", "tag"),
)

variants = table(
    "catalog_variants",
    Column("id", Id, primary_key=True),
    Column("product_id", Id, ForeignKey("catalog_products.id"), nullable=False),
    Column("business_id", Id, nullable=False),
    Column("position", Int, nullable=False),
    Column("retired_at", Int),
    Column("option_values", Json, nullable=False),
    Column("sku", Text),
    Column("sku_key", Text),
    Column("barcode", Text),
    Column("currency", Text),
    Column("price_minor", Int),
    Column("sale_minor", Int),
    Column("sale_starts_at", Int),
    Column("sale_ends_at", Int),
    Column("other_prices", Json, nullable=False),
    Column("weight_g", Int),
    Column("picture_id", Text),
    Column("tracked", Bool, nullable=False),
    Column("sell_beyond", Bool, nullable=False),
    Column("backorder_text", Text, nullable=False),
    Column("low_at", Int),
    # The three counters below equal the sums and the number of `catalog_stock_moves`.
    Column("on_hand", Int, nullable=False),
    Column("held", Int, nullable=False),
    Column("moves", Int, nullable=False),
    CheckConstraint("(price_minor is null) = (currency is null)", name="price_has_currency"),
    CheckConstraint("price_minor >= 0 and sale_minor >= 0", name="price_is_not_negative"),
    CheckConstraint("on_hand >= 0 and held >= 0", name="counters_are_not_negative"),
    CheckConstraint(
        "tracked = FALSE or sell_beyond = TRUE or held <= on_hand", name="held_is_there"
    ),
    Index(None, "product_id", "position"),
    Index(None, "business_id", "sku_key", unique=True),
    Index(None, "business_id", "barcode"),
)

stock_moves = table(
    "catalog_stock_moves",
    Column("variant_id", Id, ForeignKey("catalog_variants.id"), nullable=False),
    Column("number", Int, nullable=False),
    Column("on_hand_delta", Int, nullable=False),
    Column("held_delta", Int, nullable=False),
    Column("reason", Text, nullable=False),
    Column("order_id", Id),
    Column("by_id", Id, nullable=False),
    Column("moved_at", Int, nullable=False),
    PrimaryKeyConstraint("variant_id", "number"),
    CheckConstraint(
        "reason in ('counted', 'reserved', 'released', 'expired', 'taken', 'returned')",
        name="reason",
    ),
)

holds = table(
    "catalog_holds",
    Column("order_id", Id, nullable=False),
    Column("variant_id", Id, ForeignKey("catalog_variants.id"), nullable=False),
    Column("quantity", Int, nullable=False),
    # None: final; the goods wait for their hand-over.
    Column("until_at", Int),
    PrimaryKeyConstraint("order_id", "variant_id"),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "variant_id", "until_at"),
    Index(None, "until_at"),
)

collections = table(
    "catalog_collections",
    Column("id", Id, primary_key=True),
    Column("business_id", Id, ForeignKey("businesses.id"), nullable=False),
    Column("parent_id", Id, ForeignKey("catalog_collections.id")),
    Column("position", Int, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("picture_id", Text),
    Column("rule", Json),
    Column("is_hidden", Bool, nullable=False),
    Column("created_at", Int, nullable=False),
    Index(None, "business_id", "slug", unique=True),
)

members = table(
    "catalog_members",
    # Which products stand in a collection that is made by hand, and in which order.
    Column("collection_id", Id, ForeignKey("catalog_collections.id"), nullable=False),
    Column("product_id", Id, ForeignKey("catalog_products.id"), nullable=False),
    Column("position", Int, nullable=False),
    PrimaryKeyConstraint("collection_id", "product_id"),
    Index(None, "product_id"),
)
