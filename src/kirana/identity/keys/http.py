"""Routes: the keys by which people know each other again. Device keys are in `chat`."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from litestar import post, put

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    ConfirmationRequired,
    ConfirmationWrong,
    InvalidInput,
    NotAllowed,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor

from ..problems import SignatureWrong
from . import cross_signing, vouching
from .signed import JsonObject
from .vouching import Failure

UPLOADS_PER_DEVICE = Rate(30, 10)


@dataclass(frozen=True, slots=True)
class UploadCrossSigningKeys:
    """The signed JSON of the crypto library, as it is."""

    master_key: JsonObject
    self_signing_key: JsonObject
    user_signing_key: JsonObject


@dataclass(frozen=True, slots=True)
class Done:
    """It is done; there is nothing to say."""


@dataclass(frozen=True, slots=True)
class SignaturesUploaded:
    """What was not taken, by user and key, and why."""

    failures: dict[str, dict[str, Failure]] = field(default_factory=dict)


@put(
    "/v1/cross-signing-keys",
    raises=problems(
        SignatureWrong,
        ConfirmationRequired,
        ConfirmationWrong,
        InvalidInput,
        NotAllowed,
        NotSignedIn,
        RateLimited,
    ),
)
async def upload_cross_signing_keys(
    data: UploadCrossSigningKeys, db: Db, by: Actor, limits: Limits
) -> Done:
    """Publish one's master, self-signing and user-signing key.

    The first time needs no confirmation; replacing the master key needs one, for `challenge`.
    """
    limits.take("identity-keys", by.device_id or by.person_id, UPLOADS_PER_DEVICE)
    devices = await db.read(vouching.device_signing_keys, by=by)
    keys = await asyncio.to_thread(
        cross_signing.read_cross_signing_keys,
        {
            "master": data.master_key,
            "self_signing": data.self_signing_key,
            "user_signing": data.user_signing_key,
        },
        devices=devices,
        by=by,
    )
    await db.write(cross_signing.save_cross_signing_keys, keys, by=by)
    return Done()


@post(
    "/v1/key-signatures",
    status_code=200,
    raises=problems(InvalidInput, NotAllowed, NotSignedIn, RateLimited),
)
async def upload_key_signatures(
    data: dict[str, dict[str, JsonObject]], db: Db, by: Actor, limits: Limits
) -> SignaturesUploaded:
    """Vouch for one's own devices and for the keys of friends.

    The signed JSON by user name and by device or master key. What is not good is not kept, and is
    named in `failures`.
    """
    limits.take("identity-keys", by.device_id or by.person_id, UPLOADS_PER_DEVICE)
    known = await db.read(vouching.known_keys, data, by=by)
    vouched = await asyncio.to_thread(vouching.check_signatures, data, known, by=by)
    if vouched.good:
        await db.write(vouching.save_signatures, vouched, by=by)
    return SignaturesUploaded(vouched.failures)


routes: list[Any] = [upload_cross_signing_keys, upload_key_signatures]
