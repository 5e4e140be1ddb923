"""What the catalog announces."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import BusinessId, ProductId, VariantId


@dataclass(frozen=True, slots=True)
class ProductPublished(Event):
    name: ClassVar[str] = "product.published"
    product_id: ProductId
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class ProductChanged(Event):
    name: ClassVar[str] = "product.changed"
    product_id: ProductId
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class ProductHidden(Event):
    """Out of sight: hidden, back to draft, or deleted."""

    name: ClassVar[str] = "product.hidden"
    product_id: ProductId
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class StockLow(Event):
    """Told once each time when the threshold is crossed downwards."""

    name: ClassVar[str] = "stock.low"
    variant_id: VariantId
    product_id: ProductId
    business_id: BusinessId
    available: int


@dataclass(frozen=True, slots=True)
class StockRanOut(Event):
    name: ClassVar[str] = "stock.ran_out"
    variant_id: VariantId
    product_id: ProductId
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class StockReturned(Event):
    """There is some again, after there was none."""

    name: ClassVar[str] = "stock.returned"
    variant_id: VariantId
    product_id: ProductId
    business_id: BusinessId
