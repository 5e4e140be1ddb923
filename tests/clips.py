"""Small videos for tests: a WebM of still pictures, each a key frame, so any moment can be entered.

A lossy WebP holds one key frame of VP8, which is a frame of a WebM as well.
Source: RFC 9649 section 2.5, RFC 9559.
"""

import io
import random
import struct

from PIL import Image, ImageDraw


def webm(seconds: int = 3, *, size: tuple[int, int] = (320, 180), noise: int = 0) -> bytes:
    """A video with the number of the second in each frame, of which there are four a second.

    With `noise`, a percentage, it is as large as real ones are.
    """
    frames = [_frame(n, size, noise) for n in range(seconds * 4)]
    info = _element(
        0x1549A966,
        _number(0x2AD7B1, 1_000_000),
        _element(0x4489, struct.pack(">d", seconds * 1000.0)),
        _element(0x4D80, b"tests"),
        _element(0x5741, b"tests"),
    )
    picture = _element(0xE0, _number(0xB0, size[0]), _number(0xBA, size[1]))
    track = _element(
        0xAE,
        _number(0xD7, 1),
        _number(0x73C5, 1),
        _number(0x83, 1),
        _element(0x86, b"V_VP8"),
        picture,
    )
    tracks = _element(0x1654AE6B, track)
    clusters = [
        _element(
            0x1F43B675,
            _number(0xE7, second * 1000),
            *(
                _element(0xA3, struct.pack(">BhB", 0x81, n * 250, 0x80), frame)
                for n, frame in enumerate(frames[second * 4 : second * 4 + 4])
            ),
        )
        for second in range(seconds)
    ]
    before = len(info) + len(tracks) + len(_cues([0] * seconds))
    places = [before + sum(map(len, clusters[:n])) for n in range(seconds)]
    segment = _element(0x18538067, info, tracks, _cues(places), *clusters)
    head = _element(
        0x1A45DFA3,
        _number(0x4286, 1),
        _number(0x42F7, 1),
        _number(0x42F2, 4),
        _number(0x42F3, 8),
        _element(0x4282, b"webm"),
        _number(0x4287, 2),
        _number(0x4285, 2),
    )
    return head + segment


def _frame(n: int, size: tuple[int, int], noise: int) -> bytes:
    image = Image.new("RGB", size, f"hsl({n * 30 % 360}, 70%, 45%)")
    ImageDraw.Draw(image).text((20, 20), str(n // 4), fill="white")
    if noise:
        grain = Image.frombytes("RGB", size, random.Random(n).randbytes(size[0] * size[1] * 3))
        image = Image.blend(image, grain, noise / 100)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=90 if noise else 60)
    content = file.getvalue()
    assert content[12:16] == b"VP8 ", "It is lossy and has no alpha."
    length = int.from_bytes(content[16:20], "little")
    return content[20 : 20 + length]


def _cues(places: list[int]) -> bytes:
    points = (
        _element(
            0xBB,
            _number(0xB3, second * 1000),
            _element(0xB7, _number(0xF7, 1), _number(0xF1, place)),
        )
        for second, place in enumerate(places)
    )
    return _element(0x1C53BB6B, *points)


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(8, "big"))


def _element(name: int, *content: bytes) -> bytes:
    body = b"".join(content)
    size = (1 << 56 | len(body)).to_bytes(8, "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + size + body
