import pytest

from streaming.h264 import is_keyframe, join_nals, parameter_sets, picture_size, sample, split_nals

SPS, PPS, IDR, DELTA = b"\x67\x42\xc0\x1f\x01", b"\x68\xce\x3c\x80", b"\x65\x88\x84", b"\x41\x9a\x02"


@pytest.mark.parametrize(
    ("stream", "nals"),
    [
        (b"", []),
        (b"\x00\x00\x01" + IDR, [IDR]),
        (b"\x00\x00\x00\x01" + SPS + b"\x00\x00\x00\x01" + PPS + b"\x00\x00\x01" + IDR, [SPS, PPS, IDR]),
    ],
)
def test_a_byte_stream_is_split_at_short_and_long_start_codes(stream, nals):
    assert split_nals(stream) == nals


def test_splitting_undoes_joining():
    assert split_nals(join_nals([SPS, PPS, IDR])) == [SPS, PPS, IDR]


def test_only_an_idr_picture_is_a_keyframe():
    assert is_keyframe([SPS, PPS, IDR])
    assert not is_keyframe([DELTA])
    assert not is_keyframe([SPS, PPS])


def test_a_sample_leaves_parameter_sets_out():
    assert sample([b"\x09\xf0", SPS, PPS, IDR]) == b"\x00\x00\x00\x03" + IDR


def test_parameter_sets_come_in_pairs():
    assert parameter_sets([SPS, PPS, IDR]) == (SPS, PPS)
    assert parameter_sets([SPS, IDR]) is None


@pytest.mark.parametrize(
    ("sps", "size"),
    [
        ("6742c01fda014016e840000003004000000a23c60ca8", (1280, 720)),
        ("6742c028da01e0089f961000000300100000030288f1832a", (1920, 1080)),  # cropped below
        ("6742c00dda05467889a1000003000100000300288f142aa0", (322, 182)),  # cropped on two sides
        ("67640028acd940780227a9b011000003000100000300320f183196", (1918, 1078)),  # high profile
        ("677a001ebcd940b424d8088000000300800000190f8a14cb", (720, 576)),  # 4:2:2, interlaced
    ],
)
def test_the_picture_size_is_read_after_cropping(sps, size):
    assert picture_size(bytes.fromhex(sps)) == size


def test_the_picture_size_of_an_encoded_picture_is_its_own(shot):
    sps, _ = parameter_sets(shot[0].nals)
    assert picture_size(sps) == (320, 180)  # 180 is no multiple of 16: cropped


def test_a_torn_parameter_set_is_an_error():
    with pytest.raises(ValueError, match="ends too early"):
        picture_size(b"\x67\x42\xc0\x1f")
