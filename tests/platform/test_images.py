import asyncio
import base64
import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from kirana.platform.images import (
    MASTER,
    MAX_BYTES,
    SIZES,
    ImageWorker,
    PictureTooLarge,
    PictureUnreadable,
    Rendered,
    render,
    sniff,
)

SAMPLES = Path(__file__).parents[3] / "shared/data/catalogs/saleor/images"

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAACUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34"
    "+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5"
    "uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAA"
    "AAAoY2xhcAAAAEAAAAABAAAAIAAAAAEAAAAAAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAA"
    "AAAAAAEAAQWBAgMFhAAAAC1tZGF0AAAAISgBrxmA70mlv//q35/35a/5fshf/8NPHfaXp/xZYNtbwA=="
)
"""64 by 32: the left half red, the right half blue, as an iPhone would store it."""


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(rendered: Rendered, size: int = MASTER) -> Image.Image:
    return Image.open(io.BytesIO(rendered.files[size]))


def photo(width: int = 1600, height: int = 900) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    image.paste((0, 0, 200), (width // 2, 0, width, height))
    return image


def test_a_picture_comes_in_all_sizes_as_webp() -> None:
    rendered = render(encoded(photo(3000, 1500), "JPEG"))

    assert (rendered.width, rendered.height) == (2400, 1200)
    assert {size: opened(rendered, size).size for size in rendered.files} == {
        2400: (2400, 1200),
        1280: (1280, 640),
        640: (640, 320),
        320: (320, 160),
    }
    assert {opened(rendered, size).format for size in rendered.files} == {"WEBP"}


def test_a_small_picture_is_not_enlarged() -> None:
    rendered = render(encoded(photo(100, 50)))

    assert (rendered.width, rendered.height) == (100, 50)
    assert {opened(rendered, size).size for size in SIZES} == {(100, 50)}


def test_a_tall_picture_keeps_its_width() -> None:
    rendered = render(encoded(photo(1000, 2000)))

    assert opened(rendered, 320).size == (320, 640)


def test_a_turned_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright
    content = encoded(photo(800, 400), "JPEG", exif=exif)

    rendered = render(content)

    upright = opened(rendered).convert("RGB")
    assert upright.size == (400, 800)
    top, bottom = upright.getpixel((200, 100)), upright.getpixel((200, 700))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 150 > top[2]
    assert bottom[2] > 150 > bottom[0]


def test_nothing_the_camera_wrote_is_left() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (12.0, 58.0, 17.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(photo(), "JPEG", exif=exif, icc_profile=profile, comment=b"SecretComment")
    assert b"SecretCamera" in content
    assert b"SecretComment" in content

    rendered = render(content)

    for size, file in rendered.files.items():
        assert b"Secret" not in file
        assert not opened(rendered, size).getexif()
        assert not {"exif", "icc_profile", "xmp"} & opened(rendered, size).info.keys()


def test_transparent_parts_stay_transparent() -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((0, 128, 0, 255), (100, 100, 300, 300))

    rendered = render(encoded(image))

    for size in rendered.files:
        result = opened(rendered, size)
        assert result.mode == "RGBA"
        corner = result.getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert corner[3] == 0


def test_the_average_color_ignores_what_is_transparent() -> None:
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    image.paste((0, 128, 0, 255), (100, 100, 300, 300))

    assert render(encoded(image)).color == "#008000"


def test_a_color_profile_that_does_not_fit_is_left_aside() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

    rendered = render(encoded(photo(), icc_profile=lab))

    assert rendered.color == render(encoded(photo())).color


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK", "YCbCr"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (60, 40), 0xFFFF)
    else:
        image = Image.new("RGB", (60, 40), (255, 255, 255)).convert(mode)
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"

    rendered = render(encoded(image, kind))

    assert (rendered.width, rendered.height) == (60, 40)
    assert rendered.color in ("#ffffff", "#fefefe")


def test_a_photo_from_an_iphone_is_read() -> None:
    rendered = render(HEIC)

    left = opened(rendered).convert("RGB").getpixel((10, 16))
    assert (rendered.width, rendered.height) == (64, 32)
    assert isinstance(left, tuple)
    assert left[0] > 150 > left[2]


def test_the_type_is_told_by_the_content() -> None:
    assert sniff(encoded(photo(8, 8), "JPEG")) == "jpeg"
    assert sniff(encoded(photo(8, 8), "PNG")) == "png"
    assert sniff(encoded(photo(8, 8), "WEBP")) == "webp"
    assert sniff(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "heic"
    assert sniff(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic") == "heic"
    assert sniff(encoded(photo(8, 8), "GIF")) is None
    assert sniff(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert sniff(b"") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff" + b"x" * 100,
        b"\x89PNG\r\n\x1a\n" + b"x" * 100,
        b"RIFF\x10\0\0\0WEBPVP8 " + b"x" * 100,
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"x" * 100,
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        render(content)


def test_a_picture_that_breaks_off_is_refused() -> None:
    content = encoded(photo(), "JPEG")

    with pytest.raises(PictureUnreadable):
        render(content[: len(content) // 2])


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(PictureTooLarge):
        render(b"\xff\xd8\xff" + bytes(MAX_BYTES))


def test_a_bomb_of_pixels_is_refused_before_it_unfolds() -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    content = encoded(photo(8, 8))
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    bomb = content[:16] + header + checksum + content[33:]

    with pytest.raises(PictureTooLarge):
        render(bomb)


@pytest.fixture
async def worker() -> AsyncIterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    assert not worker.is_running


async def test_pictures_are_rendered_in_a_process_that_ends_with_the_last(
    worker: ImageWorker,
) -> None:
    contents = [encoded(photo(400, 200 + i), "JPEG") for i in range(3)]

    results = await asyncio.gather(*(worker.render(content) for content in contents))

    assert [result.height for result in results] == [200, 201, 202]
    assert not worker.is_running


async def test_a_refusal_reaches_the_caller_and_spares_the_others(worker: ImageWorker) -> None:
    broken = encoded(photo(), "JPEG")[:2000]

    bad, good = await asyncio.gather(
        worker.render(broken), worker.render(encoded(photo(50, 20))), return_exceptions=True
    )

    assert isinstance(bad, PictureUnreadable)
    assert isinstance(good, Rendered)


async def test_a_picture_that_takes_too_long_is_refused() -> None:
    worker = ImageWorker(time_limit_s=0.01)

    with pytest.raises(PictureUnreadable):
        await worker.render(encoded(photo(2000, 2000)))

    assert not worker.is_running


async def test_a_caller_who_goes_away_breaks_nothing(worker: ImageWorker) -> None:
    gone = asyncio.create_task(worker.render(encoded(photo(800, 400))))
    await asyncio.sleep(0)
    gone.cancel()

    rendered = await worker.render(encoded(photo(50, 20)))

    assert (rendered.width, rendered.height) == (50, 20)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared sample files are not here")
async def test_real_product_pictures_come_in_all_sizes(worker: ImageWorker) -> None:
    files = sorted(SAMPLES.iterdir())[::4]
    contents = [file.read_bytes() for file in files]

    results = await asyncio.gather(*(worker.render(content) for content in contents))

    for content, result in zip(contents, results, strict=True):
        had_alpha = Image.open(io.BytesIO(content)).mode == "RGBA"
        assert set(result.files) == {320, 640, 1280, 2400}
        assert not had_alpha or opened(result, 320).mode in ("RGBA", "RGB")
