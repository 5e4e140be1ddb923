"""Every table there is: importing the rooms fills the one `metadata`."""

from kirana import business, catalog, chat, crm, identity, money, notices, orders
from kirana.catalog import files
from kirana.platform import jobs, pictures, search, stream, web_push
from kirana.platform.db import metadata

ROOMS = (identity, notices, money, chat, business, catalog, files, orders, crm)
PLATFORM = (jobs, pictures, search, stream, web_push)

__all__ = ["PLATFORM", "ROOMS", "metadata"]
