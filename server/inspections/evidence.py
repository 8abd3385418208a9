"""Photos as evidence: checked, stripped of everything but the picture, kept under their SHA-256."""

import asyncio
import hashlib
import io
import os
import re
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from server.inspections.model import Photo
from server.kit.errors import Invalid, NotFound, Unavailable

MAX_PIXELS = 80_000_000
"""More is no phone's photo but a decompression bomb."""
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")
NAME = re.compile(r"[0-9a-f]{64}")


class NotAPhoto(Invalid):
    """The file is no picture that we can read."""


class EvidenceStore:
    """Files `<root>/<first two digits>/<sha256>.jpg`; a file that is there is whole and durable."""

    def __init__(self, root: Path, longest_side: int) -> None:
        self._root = root
        self._longest_side = longest_side

    async def keep(self, data: bytes) -> Photo:
        """Strips, re-encodes and keeps a photo; when this returns it survives a power cut."""
        return await asyncio.to_thread(self._keep, data)

    def path(self, sha256: str) -> Path:
        """The file of a digest; NotFound for what is no digest or not there."""
        path = self._root / sha256[:2] / f"{sha256}.jpg"
        if not NAME.fullmatch(sha256) or not path.is_file():
            raise NotFound("There is no such photo.")
        return path

    def _keep(self, data: bytes) -> Photo:
        jpeg, width, height = stripped(data, self._longest_side)
        digest = hashlib.sha256(jpeg).hexdigest()
        path = self._root / digest[:2] / f"{digest}.jpg"
        if not path.exists():
            try:
                _write_durably(path, jpeg)
            except OSError as problem:
                raise Unavailable(
                    "The photo could not be kept ({problem}); nothing was published. Try again, or tell the operator.",
                    retry_after=5,
                    problem=problem.strerror or problem,
                ) from None
        return Photo(digest, width, height)


def stripped(data: bytes, longest_side: int) -> tuple[bytes, int, int]:
    """The picture alone as JPEG, upright, at most `longest_side` pixels: no EXIF, no place, no maker's notes."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as original:
            if original.width * original.height > MAX_PIXELS:
                raise NotAPhoto(
                    "This picture has {width} × {height} pixels, which is too large. Send a smaller one.",
                    where="photo",
                    width=original.width,
                    height=original.height,
                )
            picture = ImageOps.exif_transpose(original).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotAPhoto(
            "This file is not a whole JPEG, PNG or WebP picture. Take the photo again.", where="photo"
        ) from None
    picture.thumbnail((longest_side, longest_side))
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), picture.width, picture.height


def _write_durably(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    for folder in (path.parent, path.parent.parent):  # A new name is durable once its folder is.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
