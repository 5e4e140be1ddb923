"""What devices need to encrypt for each other: one-time keys, mailboxes, backups.

The server hands out, delivers and keeps; it can open none of it.
"""

from .dehydrated import delete_dehydrated_device, get_dehydrated_device, put_dehydrated_device
from .mailboxes import (
    DeviceMessage,
    DeviceMessages,
    acknowledge_device_messages,
    expire_device_messages,
    find_device_messages,
    find_with_mail,
    list_device_messages,
    read_batch,
    send_device_messages,
)
from .ownership import KeysExport, erase_keys, export_keys, forget_device
from .people import Reach, reach, tell_devices
from .prekeys import claim_keys, forget_used_keys, read_upload, upload_keys

__all__ = [
    "DeviceMessage",
    "DeviceMessages",
    "KeysExport",
    "Reach",
    "acknowledge_device_messages",
    "claim_keys",
    "delete_dehydrated_device",
    "erase_keys",
    "expire_device_messages",
    "export_keys",
    "find_device_messages",
    "find_with_mail",
    "forget_device",
    "forget_used_keys",
    "get_dehydrated_device",
    "list_device_messages",
    "put_dehydrated_device",
    "reach",
    "read_batch",
    "read_upload",
    "send_device_messages",
    "tell_devices",
    "upload_keys",
]
