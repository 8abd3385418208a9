import asyncio
import hashlib
import io
import random
import stat

import pytest
from PIL import Image, ImageChops, ImageOps

from server.inspections.evidence import MAX_PIXELS, EvidenceStore, NotAPhoto, stripped
from server.kit.errors import NotFound, Unavailable
from tests.makers import photo


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence", 1920)


def exif_of_a_phone() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010F] = "Maker"
    exif[0x8825] = {1: "N", 2: (30.0, 15.0, 0.0)}
    return exif


async def test_a_photo_is_kept_under_its_digest(store) -> None:
    kept = await store.keep(photo())
    path = store.path(kept.sha256)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
    assert (kept.width, kept.height) == (64, 48)
    assert stat.S_ISREG(path.stat().st_mode)


async def test_the_same_photo_twice_is_one_file(store, tmp_path) -> None:
    assert await store.keep(photo()) == await store.keep(photo())
    assert len([p for p in (tmp_path / "evidence").rglob("*") if p.is_file()]) == 1


def test_nothing_but_the_picture_remains_and_it_stands_upright() -> None:
    jpeg, width, height = stripped(photo(64, 48, exif=exif_of_a_phone(), comment=b"who took it"), 1920)
    assert (width, height) == (48, 64)
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert not picture.getexif()
        assert "comment" not in picture.info
        assert "icc_profile" not in picture.info


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_however_the_phone_was_held(orientation) -> None:
    """Against the imaging library's own way of doing it, which chokes on damaged EXIF."""
    exif, sent = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.linear_gradient("L").resize((80, 40)).rotate(30).save(sent, "JPEG", exif=exif, quality=95)
    with Image.open(io.BytesIO(stripped(sent.getvalue(), 1920)[0])) as kept, Image.open(sent) as original:
        upright = ImageOps.exif_transpose(original).convert("RGB")
        assert kept.size == upright.size
        assert max(high for _, high in ImageChops.difference(kept, upright).getextrema()) < 40


def test_a_photo_whose_exif_is_damaged_is_a_photo_all_the_same() -> None:
    sent = photo(64, 48, exif=exif_of_a_phone())
    damaged = sent.replace(b"Maker", b"\xff\xfe\0\xd9!").replace(b"Exif\0\0II", b"Exif\0\0XX")
    assert damaged != sent
    assert stripped(damaged, 1920)[1:] in ((64, 48), (48, 64))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_file_is_a_photo_or_refused_and_never_an_accident(form) -> None:
    chance, out = random.Random(form), io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(out, form, exif=exif_of_a_phone())
    for _ in range(500):
        data = bytearray(out.getvalue())
        for _ in range(chance.choice((1, 2, 5, 20))):
            data[chance.randrange(min(len(data), chance.choice((60, 300, 10_000))))] = chance.randrange(256)
        try:
            jpeg, _, _ = stripped(bytes(data), 1920)
        except NotAPhoto:
            continue
        assert jpeg[:2] == b"\xff\xd8"


def test_a_large_picture_becomes_as_large_as_is_kept() -> None:
    _, width, height = stripped(photo(4000, 2000), 1920)
    assert (width, height) == (1920, 960)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(form) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 128)).save(out, form)
    jpeg, _, _ = stripped(out.getvalue(), 1920)
    assert jpeg[:2] == b"\xff\xd8"


def bomb(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo()[:200],
        b"GIF89a" + b"\0" * 100,
        bomb(20_000, 20_000),
        bomb(10_000, MAX_PIXELS // 10_000 + 1),
    ],
    ids=["empty", "text", "svg", "truncated", "gif", "bomb", "just too large"],
)
def test_what_is_no_photo_is_refused_with_its_field(data) -> None:
    with pytest.raises(NotAPhoto) as refused:
        stripped(data, 1920)
    assert refused.value.where == "photo"


@pytest.mark.parametrize("name", ["", "..", "../../ledger.key", "0" * 63, "g" * 64, "0" * 64])
def test_what_is_no_digest_or_not_there_is_not_found(store, name) -> None:
    with pytest.raises(NotFound):
        store.path(name)


async def test_a_disk_that_takes_nothing_says_so(tmp_path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="nothing was published"):
        await EvidenceStore(tmp_path / "evidence", 1920).keep(photo())


async def test_the_same_photo_from_many_at_once_is_one_whole_file(store, tmp_path) -> None:
    kept = await asyncio.gather(*(store.keep(photo()) for _ in range(8)))
    assert len(set(kept)) == 1
    (file,) = (p for p in (tmp_path / "evidence").rglob("*") if p.is_file())
    assert hashlib.sha256(file.read_bytes()).hexdigest() == kept[0].sha256
