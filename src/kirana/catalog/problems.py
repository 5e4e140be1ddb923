"""What the catalog refuses."""

from typing import ClassVar

from kirana.values import Problem


class NotForSale(Problem):
    """This is not sold here now."""


class OutOfStock(Problem):
    """Fewer are left than were asked for."""


class StockIsPromised(Problem):
    """More than that is promised to orders. Cancel one of them first."""


class InvalidProduct(Problem):
    """Something about this product does not fit yet."""

    status: ClassVar[int] = 422


class InvalidCollection(Problem):
    """Something about this collection does not fit yet."""

    status: ClassVar[int] = 422


class ProductGone(Problem):
    """This product is no longer sold."""

    status: ClassVar[int] = 410
