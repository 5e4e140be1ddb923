"""Pictures of the demo town: an emoji, set on a table in the shop's own tint.

The emoji are the MIT-licensed Fluent set; the build copies the few that are used from its npm
package. Without them the town has no pictures, and shops show their generated tiles.
"""

import colorsys
import io
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FOLDER = Path(__file__).parent / "emoji"
SIDE = 640


def file_for(emoji: str) -> Path | None:
    """The picture of an emoji, with or without its variation selector."""
    for text in (emoji, emoji.replace("\ufe0f", "")):
        file = FOLDER / ("-".join(f"{ord(c):x}" for c in text) + ".webp")
        if file.exists():
            return file
    return None


def draw_product(emoji: str, tint: int, name: str) -> bytes | None:
    """A still life as PNG: the thing once or a few times, its shadow, and a wall and table."""
    from PIL import Image, ImageDraw, ImageFilter

    file = file_for(emoji)
    if file is None:
        return None
    dice = sha256(name.encode()).digest()
    wall, table = _color(tint, 0.30, 0.965 - dice[0] / 255 * 0.03), _color(tint, 0.38, 0.885)
    picture = Image.new("RGB", (SIDE, SIDE), wall)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, int(SIDE * 0.66), SIDE, SIDE), fill=table)
    glow = Image.new("L", (64, 64), 0)
    ImageDraw.Draw(glow).ellipse((-8, -16, 48, 38), fill=90)
    light = glow.filter(ImageFilter.GaussianBlur(9)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    picture.paste(_color(tint, 0.10, 0.995), mask=light)
    with Image.open(file) as opened:
        thing = opened.convert("RGBA")
    for x, y, size in _places(dice[1]):
        _put(picture, thing, x, y, size, _color(tint, 0.55, 0.45))
    return _png(picture)


def draw_cover(emojis: list[str], tint: int) -> bytes | None:
    """A row of the shop's things on its counter, for the head of its page."""
    from PIL import Image, ImageDraw

    files = [file for emoji in emojis if (file := file_for(emoji))]
    if not files:
        return None
    width, height = 1280, 480
    picture = Image.new("RGB", (width, height), _color(tint, 0.34, 0.95))
    ImageDraw.Draw(picture).rectangle(
        (0, int(height * 0.72), width, height), fill=_color(tint, 0.42, 0.84)
    )
    for number, file in enumerate(files[:6]):
        with Image.open(file) as opened:
            x = int((number + 0.5) * width / min(6, len(files)))
            _put(
                picture, opened.convert("RGBA"), x, int(height * 0.88), 210, _color(tint, 0.55, 0.4)
            )
    return _png(picture)


def draw_face(emoji: str, name: str) -> bytes | None:
    """A portrait on a ground of the person's own color."""
    from PIL import Image

    file = file_for(emoji)
    if file is None:
        return None
    tint = sha256(name.encode()).digest()[0] * 360 // 256
    picture = Image.new("RGB", (SIDE, SIDE), _color(tint, 0.45, 0.88))
    with Image.open(file) as opened:
        face = opened.convert("RGBA").resize((500, 500), Image.Resampling.LANCZOS)
    picture.paste(face, (70, 90), face)
    return _png(picture)


def draw_logo(emoji: str, tint: int) -> bytes | None:
    """The shop's sign."""
    from PIL import Image

    file = file_for(emoji)
    if file is None:
        return None
    picture = Image.new("RGB", (SIDE, SIDE), _color(tint, 0.5, 0.86))
    with Image.open(file) as opened:
        sign = opened.convert("RGBA").resize((420, 420), Image.Resampling.LANCZOS)
    picture.paste(sign, (110, 110), sign)
    return _png(picture)


def _places(chance: int) -> list[tuple[int, int, int]]:
    """Foot points and sizes, back to front."""
    if chance < 150:
        return [(SIDE // 2, 555, 440)]
    if chance < 205:
        return [(445, 500, 280), (250, 565, 370)]
    return [(180, 490, 260), (460, 490, 260), (SIDE // 2, 580, 340)]


def _put(
    picture: "Picture", thing: "Picture", x: int, y: int, size: int, shade: tuple[int, int, int]
) -> None:
    from PIL import Image, ImageDraw, ImageFilter

    width, height = picture.width // 4, picture.height // 4
    half = int(size * 0.40)
    shadow = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shadow).ellipse(
        ((x - half) / 4, (y - 26) / 4, (x + half) / 4, (y + 18) / 4), fill=120
    )
    soft = shadow.filter(ImageFilter.GaussianBlur(3.5))
    picture.paste(shade, mask=soft.resize(picture.size, Image.Resampling.BICUBIC))
    scaled = thing.resize((size, size), Image.Resampling.LANCZOS)
    picture.paste(scaled, (x - size // 2, y - int(size * 0.97)), scaled)


def _color(tint: int, saturation: float, lightness: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(tint / 360, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _png(picture: "Picture") -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "PNG", compress_level=1)
    return kept.getvalue()
