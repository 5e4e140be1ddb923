"""What a message can say, in one schema for every kind of conversation.

Each type is a tagged JSON object: `{"type": "text", "text": "Do you have saffron?"}`. What is not
written here is refused at the edge. Nothing in here is ever proof that money moved: that is said
by facts, which only the server writes (`facts.py`).
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, ValidationError, convert, json

from kirana.values import MediaId, MessageId, Money, ProductId, UserId, VariantId

from .problems import invalid

MAX_BODY_BYTES = 64 * 1024
MAX_TEXT_LENGTH = 10_000

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Words = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_LENGTH)]
Thumb = Annotated[str, Meta(max_length=4_096)]
Pixels = Annotated[int, Meta(ge=1, le=100_000)]
Bytes = Annotated[int, Meta(ge=0, le=2**53)]


class Quote(Struct, frozen=True, omit_defaults=True):
    """The message that is answered. The quote is the answerer's copy of it."""

    id: MessageId
    quote: Annotated[str, Meta(max_length=200)] = ""


class Part(Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """What every type has in common."""


class Saying(Part, frozen=True, omit_defaults=True, tag_field="type"):
    """Something that a person says; it may answer another message."""

    reply_to: Quote | None = None
    forwarded: bool = False
    """It was said elsewhere before; by whom is not told."""


class Text(Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="text"):
    """Plain words; *bold*, _italic_, ~strike~ and `code` by marks in the text."""

    text: Words


class Photo(Struct, frozen=True, omit_defaults=True):
    """One photo of a message."""

    media: MediaId
    width: Pixels
    height: Pixels
    thumb: Thumb | None = None
    """A tiny picture as a data URL, shown until the real one is there."""


class Image(Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="image"):
    """One to thirty photos under one caption."""

    items: Annotated[list[Photo], Meta(min_length=1, max_length=30)]
    caption: Words | None = None


class Clip(Photo, frozen=True, omit_defaults=True):
    """One video of a message, or a photo beside it, which has no duration."""

    duration_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None


class Video(Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="video"):
    """Videos, or videos and photos, under one caption."""

    items: Annotated[list[Clip], Meta(min_length=1, max_length=30)]
    caption: Words | None = None


class Voice(Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="voice"):
    """A voice note; `waveform` is up to 64 levels from 0 to 100."""

    media: MediaId
    duration_s: Annotated[float, Meta(ge=0, le=86_400)]
    waveform: Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(max_length=64)] = []


class Document(
    Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="document"
):
    """A file, offered for download."""

    media: MediaId
    name: Name
    size_bytes: Bytes
    pages: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    caption: Words | None = None


class Location(
    Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="location"
):
    """One point on the map."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    name: Name | None = None
    address: Annotated[str, Meta(max_length=500)] | None = None


class Person(Struct, frozen=True, omit_defaults=True):
    """Somebody from the sender's address book."""

    name: Name
    phones: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=10)] = []
    user_id: UserId | None = None


class Contact(
    Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="contact"
):
    """People to get in touch with."""

    people: Annotated[list[Person], Meta(min_length=1, max_length=20)]


class ProductSnapshot(Struct, frozen=True, omit_defaults=True):
    """What the sender saw; shown only until the catalog answers. The price is the catalog's."""

    title: Name
    price: Money | None = None
    image: Annotated[str, Meta(max_length=200)] | None = None


class Product(
    Saying, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="product"
):
    """Something from the shop's catalog."""

    product_id: ProductId
    snapshot: ProductSnapshot
    variant_id: VariantId | None = None
    text: Words | None = None


class Reaction(
    Part, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="reaction"
):
    """One person's emoji on a message; the last one counts, and an empty one takes it back."""

    target_id: MessageId
    emoji: Annotated[str, Meta(max_length=32)]


class Edit(Part, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="edit"):
    """New words for an own message: a text, or a caption."""

    target_id: MessageId
    content: Text | Image | Video | Document | Product


Content = Text | Image | Video | Voice | Document | Location | Contact | Product | Reaction | Edit
Quiet = Reaction | Edit
"""What changes another message and is no message of its own: it is never counted as unread."""

_encoder = json.Encoder()
_decoder: json.Decoder[Content] = json.Decoder(Content)


def read_content(stored: bytes | str) -> Content:
    """The content in this JSON. Raises: InvalidInput."""
    if len(stored) > MAX_BODY_BYTES:
        raise invalid("body", "A message has at most 64 KiB.")
    try:
        return _decoder.decode(stored)
    except (ValidationError, ValueError) as wrong:
        raise invalid("body", str(wrong)) from None


def take_content(value: Any) -> Content:
    """The content in a JSON value that is already taken apart. Raises: InvalidInput."""
    try:
        content: Content = convert(value, Content)
        return content
    except ValidationError as wrong:
        raise invalid("body", str(wrong)) from None


def write_content(content: Content) -> str:
    """The one JSON text that is stored, sent and compared. Raises: InvalidInput."""
    encoded = _encoder.encode(content)
    if len(encoded) > MAX_BODY_BYTES:
        raise invalid("body", "A message has at most 64 KiB.")
    return encoded.decode()


def content_hash(stored: str) -> bytes:
    """What makes two sends the same send."""
    return sha256(stored.encode()).digest()


def media_of(content: Content) -> tuple[MediaId, ...]:
    """The files that this content shows, each once."""
    match content:
        case Image() | Video():
            return tuple(dict.fromkeys(item.media for item in content.items))
        case Voice(media=media) | Document(media=media):
            return (media,)
        case _:
            return ()


def words_of(content: Content) -> str:
    """The words in which a search looks for this content."""
    return " ".join(_words(content)).replace("\x00", "")


def target_of(content: Content) -> UUID | None:
    """The message that this content changes."""
    return content.target_id if isinstance(content, Quiet) else None


def may_become(before: Content, after: Content) -> bool:
    """Is this an edit of words only: the same type, the same files, the same product?"""
    match before, after:
        case Text(), Text():
            return True
        case Image(), Image():
            return before.items == after.items
        case Video(), Video():
            return before.items == after.items
        case Document(), Document():
            return (before.media, before.name) == (after.media, after.name)
        case Product(), Product():
            return (before.product_id, before.variant_id) == (after.product_id, after.variant_id)
        case _:
            return False


def _words(content: Content) -> Iterator[str]:
    match content:
        case Text(text=text):
            yield text
        case Image(caption=str(caption)):
            yield caption
        case Video(caption=str(caption)):
            yield caption
        case Document(name=name, caption=caption):
            yield name
            yield caption or ""
        case Location(name=name, address=address):
            yield name or ""
            yield address or ""
        case Contact(people=people):
            for person in people:
                yield person.name
                yield from person.phones
        case Product(snapshot=snapshot, text=text):
            yield snapshot.title
            yield text or ""
        case _:
            pass
