"""The public keys of people and their devices, and who vouches for them.

The server checks every signature before it keeps a key, so that nobody can put keys into another's
mouth; whether to trust a key is decided by the devices alone.
"""

from .cross_signing import current_key
from .device_keys import (
    DeviceKeys,
    find_own_keys,
    keys_in,
    read_device_keys,
    read_signed_key,
    require_device,
    save_device_keys,
)
from .lists import KeyLists, list_keys, live_devices
from .signed import JsonObject, require_small

__all__ = [
    "DeviceKeys",
    "JsonObject",
    "KeyLists",
    "current_key",
    "find_own_keys",
    "keys_in",
    "list_keys",
    "live_devices",
    "read_device_keys",
    "read_signed_key",
    "require_device",
    "require_small",
    "save_device_keys",
]
