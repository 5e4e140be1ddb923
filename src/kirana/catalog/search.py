"""Finding products by words."""

from kirana.platform.db import Tx
from kirana.platform.search import Field, Index
from kirana.values import ProductId

from .model import Product, plain_text

PRODUCTS = Index(
    "products",
    {
        "code": Field(40, whole=True),
        "name": Field(12, whole=True, spells=True),
        "tags": Field(5, spells=True),
        "facts": Field(3, spells=True),
        "description": Field(1),
    },
)


def index_product(tx: Tx, product: Product) -> None:
    """File it anew, whatever its status: who looks decides what is shown."""
    codes = [code for it in product.variants for code in (it.sku, it.barcode) if code]
    names = [product.name, *(text.name for text in product.texts.values())]
    texts = [product.description, *(text.description for text in product.texts.values())]
    PRODUCTS.put(
        tx,
        product.business_id,
        product.id,
        {
            "code": codes,
            "name": names,
            "tags": product.tags,
            "facts": [
                *(value for option in product.options for value in option.values),
                *(attribute.value for attribute in product.attributes),
            ],
            "description": [plain_text(text) for text in texts],
        },
    )


def forget_product(tx: Tx, product_id: ProductId) -> None:
    PRODUCTS.remove(tx, product_id)
