"""Pictures that people upload, made safe and small.

What was uploaded is never kept or shown: it is decoded in a process of its own, turned upright,
brought to sRGB, freed of all metadata (place, camera, name) and written anew in a few sizes.
One picture at a time; the process starts when the first one comes and ends with the last, so that
an idle server stays small.
"""

import asyncio
import io
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, ClassVar, Literal

import msgspec

from kirana.values import Problem

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
SIZES = (320, 640, 1280)
"""Widths in pixels; nothing is enlarged."""
MASTER = 2400
"""The largest side of the largest version that is kept."""
TIME_LIMIT_S = 60
_MEMORY_LIMIT = 3 * 1024**3

Format = Literal["jpeg", "png", "webp", "heic"]


class PictureUnreadable(Problem):
    """This is no picture that can be read. Send a JPEG, PNG, WebP or HEIC file."""

    status: ClassVar[int] = 422


class PictureTooLarge(Problem):
    """This picture is too large: 20 MB and 50 megapixels are the most."""

    status: ClassVar[int] = 413


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture in WebP. `files` are by size: each of `SIZES`, and `MASTER`."""

    width: int
    height: int
    """Of the master."""
    color: str
    """The average, `#rrggbb`, to show until the picture is there."""
    files: dict[int, bytes]


def sniff(content: bytes) -> Format | None:
    """What the bytes say they are, whatever the name says."""
    if content[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp":
        brands = {content[8:12], *(content[i : i + 4] for i in range(16, 40, 4))}
        if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"}:
            return "heic"
    return None


def check(content: bytes) -> Format:
    """Raises: PictureUnreadable, PictureTooLarge."""
    if len(content) > MAX_BYTES:
        raise PictureTooLarge(size_bytes=len(content))
    if (kind := sniff(content)) is None:
        raise PictureUnreadable()
    return kind


def render(content: bytes) -> Rendered:
    """All sizes of a picture. Takes long and decodes what strangers sent: see `ImageWorker`.

    Raises: PictureUnreadable, PictureTooLarge.
    """
    from PIL import Image, ImageOps  # only the worker pays for these

    kind = check(content)
    if kind == "heic":
        import pi_heif

        pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # checked here, with an answer that people understand
    try:
        with Image.open(io.BytesIO(content), formats=[kind.upper().replace("HEIC", "HEIF")]) as raw:
            if raw.width * raw.height > MAX_PIXELS:
                raise PictureTooLarge(width=raw.width, height=raw.height)
            raw.draft(None, (MASTER, MASTER))
            image = _to_srgb(ImageOps.exif_transpose(raw), raw.info.get("icc_profile"))
    except PictureTooLarge:
        raise
    except Exception as error:  # decoders break in more ways than can be named
        raise PictureUnreadable() from error

    image.thumbnail((MASTER, MASTER), Image.Resampling.LANCZOS, reducing_gap=2.0)
    files = {MASTER: _webp(image, quality=82)}
    width, height = image.size
    smallest = files[MASTER]
    for size in reversed(SIZES):
        before = image.size
        image.thumbnail((size, size * 2), Image.Resampling.LANCZOS, reducing_gap=3.0)
        # A picture that is small enough already serves in several sizes.
        smallest = files[size] = smallest if image.size == before else _webp(image, quality=78)
    return Rendered(width, height, _average(image), files)


class ImageWorker:
    """Renders pictures, one at a time, in a process that lives only while there are any."""

    def __init__(self, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._time_limit_s = time_limit_s
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks: set[asyncio.Task[Rendered]] = set()

    @property
    def is_running(self) -> bool:
        return self._process is not None

    async def render(self, content: bytes) -> Rendered:
        """Raises: PictureUnreadable, PictureTooLarge."""
        check(content)
        # A caller who goes away does not stop a picture in work: the next one waits its turn.
        task = asyncio.create_task(self._render(content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _render(self, content: bytes) -> Rendered:
        self._waiting += 1
        try:
            async with self._turn:
                try:
                    answer = await asyncio.wait_for(
                        asyncio.to_thread(self._ask, content), self._time_limit_s
                    )
                except (TimeoutError, OSError, EOFError):
                    # It ran out of time or memory, or the decoder broke: so does the picture.
                    await asyncio.to_thread(self._end, kill=True)
                    raise PictureUnreadable() from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                await asyncio.to_thread(self._end)
        match answer:
            case _Refused(problem="picture-too-large"):
                raise PictureTooLarge(**answer.facts)
            case _Refused():
                raise PictureUnreadable()
        return answer.rendered

    def _ask(self, content: bytes) -> "_Answer":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kirana.platform.images"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # and no secrets
            )
        process = self._process
        assert process.stdin
        assert process.stdout
        _write(process.stdin, content)
        answer: _Answer = msgspec.msgpack.decode(_read(process.stdout), type=_Answer)
        return answer

    def _end(self, *, kill: bool = False) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        with process:  # closes the pipes, which is how the worker hears of the end, and waits
            pass


class _Refused(msgspec.Struct, frozen=True, tag="refused"):
    problem: str
    facts: dict[str, int]


class _Done(msgspec.Struct, frozen=True, tag="done"):
    rendered: Rendered


_Answer = _Refused | _Done


def _serve() -> None:
    """The worker's side: pictures in, answers out, until the pipe is closed."""
    import resource

    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    while content := _read(sys.stdin.buffer, may_end=True):
        answer: _Answer
        try:
            answer = _Done(render(content))
        except (PictureUnreadable, PictureTooLarge) as problem:
            answer = _Refused(problem.slug, problem.facts)
        _write(sys.stdout.buffer, msgspec.msgpack.encode(answer))


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(struct.pack(">I", len(message)) + message)
    pipe.flush()


def _read(pipe: IO[bytes], *, may_end: bool = False) -> bytes:
    head = pipe.read(4)
    if len(head) < 4:
        if may_end:
            return b""
        raise EOFError("The image worker is gone.")
    size = struct.unpack(">I", head)[0]
    message = pipe.read(size)
    if len(message) < size:
        raise EOFError("The image worker is gone.")
    return message


def _to_srgb(image: "Image", profile: bytes | None) -> "Image":
    """RGB or RGBA, in sRGB, carrying nothing else."""
    from PIL import Image, ImageCms

    if image.mode.startswith("I;16") or image.mode == "I":
        image = image.point(lambda value: value / 256).convert("L")
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if has_alpha else None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if has_alpha or image.mode == "P":
                image = image.convert("RGB")
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile: its numbers are taken for sRGB
    clean = Image.new("RGB", image.size)
    clean.paste(image.convert("RGB"))
    if alpha is not None and alpha.getextrema() != (255, 255):
        clean.putalpha(alpha)
    return clean


def _webp(image: "Image", *, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()


def _average(image: "Image") -> str:
    """Of what is not transparent."""
    from PIL import ImageStat

    mask = image.getchannel("A") if image.mode == "RGBA" else None
    if mask is not None and mask.getbbox() is None:
        return "#ffffff"
    mean = ImageStat.Stat(image.convert("RGB"), mask).mean
    return "#" + "".join(f"{round(channel):02x}" for channel in mean)


if __name__ == "__main__":
    _serve()
