"""Photos as evidence: checked, stripped of everything but the picture, kept under their SHA-256."""

import asyncio
import hashlib
import io
import re
from pathlib import Path

from PIL import Image

from server.inspections.model import Photo
from server.kit.errors import Invalid, NotFound, Unavailable
from server.ledger import durable

MAX_PIXELS = 80_000_000
"""More is no phone's photo but a decompression bomb."""
AT_ONCE = 2
"""Bounds the memory that reading photos takes: 4 bytes for each of MAX_PIXELS, this many times."""
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture of this EXIF orientation stands upright (Exif 2.32, 4.6.4 A)."""
NAME = re.compile(r"[0-9a-f]{64}")


class NotAPhoto(Invalid):
    """The file is no picture that we can read."""


class EvidenceStore:
    """Files `<root>/<first two digits>/<sha256>.jpg`; a file that is there is whole."""

    def __init__(self, root: Path, longest_side: int) -> None:
        self._root = root
        self._longest_side = longest_side
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def keep(self, data: bytes) -> Photo:
        """Strips, re-encodes and keeps a photo; when this returns it survives a power cut."""
        async with self._turns:
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
        try:
            self._write(self._root / digest[:2] / f"{digest}.jpg", jpeg)
        except OSError as problem:
            raise Unavailable(
                "The photo could not be kept ({problem}); nothing was published. Try again, or tell the operator.",
                retry_after=5,
                problem=problem.strerror or problem,
            ) from None
        return Photo(digest, width, height)

    def _write(self, path: Path, jpeg: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            durable.draft(path, jpeg).replace(path)
        # Also when it was there: whoever put it into place may not have come to this yet.
        for folder in (path.parent, self._root, self._root.parent):
            durable.settle(folder)


def stripped(data: bytes, longest_side: int) -> tuple[bytes, int, int]:
    """The picture alone as JPEG, upright, at most `longest_side` pixels: no EXIF, no place, no maker's notes."""
    try:
        picture = _decoded(data, longest_side)
    except NotAPhoto:
        raise
    except Exception:  # A decoder fails in many ways on bytes that somebody made up; what comes after it may not.
        raise NotAPhoto(
            "This file is not a whole JPEG, PNG or WebP picture. Take the photo again.", where="photo"
        ) from None
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), picture.width, picture.height


def _decoded(data: bytes, longest_side: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as original:
        if original.width * original.height > MAX_PIXELS:
            raise NotAPhoto(
                "This picture has {width} × {height} pixels, which is too large. Send a smaller one.",
                where="photo",
                width=original.width,
                height=original.height,
            )
        turn = _turn_of(original)
        # A JPEG is made smaller while it is read; colours by number cannot be mixed before they are colours.
        picture = original.convert("RGB") if original.mode in ("1", "P", "PA") else original
        picture.thumbnail((longest_side, longest_side))
        return (picture.transpose(turn) if turn is not None else picture).convert("RGB")


def _turn_of(picture: Image.Image) -> Image.Transpose | None:
    """What makes it stand upright; a photo whose EXIF is damaged is a photo all the same."""
    try:
        return TURNS.get(picture.getexif().get(ORIENTATION, 1))
    except Exception:
        return None
