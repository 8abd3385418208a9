import hashlib
import io
import stat

import pytest
from PIL import Image

from server.inspections.evidence import EvidenceStore, NotAPhoto, stripped
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


def test_a_large_picture_becomes_as_large_as_is_kept() -> None:
    _, width, height = stripped(photo(4000, 2000), 1920)
    assert (width, height) == (1920, 960)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(form) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 128)).save(out, form)
    jpeg, _, _ = stripped(out.getvalue(), 1920)
    assert jpeg[:2] == b"\xff\xd8"


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo()[:200],
        b"GIF89a" + b"\0" * 100,
        bomb(),
    ],
    ids=["empty", "text", "svg", "truncated", "gif", "bomb"],
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
