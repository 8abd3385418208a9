"""What must be known of an H.264 byte stream to carry it: NAL units, keyframes, picture size. Pure."""

from collections.abc import Iterator, Sequence

START_CODE = b"\x00\x00\x00\x01"
NAL_IDR = 5
NAL_SPS = 7
NAL_PPS = 8
NAL_DELIMITER = 9
# Profiles whose SPS carries chroma and bit-depth fields (ITU-T H.264, 7.3.2.1.1).
HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


def split_nals(annexb: bytes) -> list[bytes]:
    """The NAL units of a byte stream (ITU-T H.264, Annex B), without start codes."""
    nals = []
    start = annexb.find(b"\x00\x00\x01")
    while start != -1:
        start += 3
        end = annexb.find(b"\x00\x00\x01", start)
        nal = annexb[start:] if end == -1 else annexb[start:end].rstrip(b"\x00")
        if nal:
            nals.append(nal)
        start = end
    return nals


def join_nals(nals: Sequence[bytes]) -> bytes:
    """The byte stream of these NAL units (ITU-T H.264, Annex B)."""
    return b"".join(START_CODE + nal for nal in nals)


def is_keyframe(nals: Sequence[bytes]) -> bool:
    """Whether decoding may begin at this access unit."""
    return any(nal[0] & 0x1F == NAL_IDR for nal in nals)


def parameter_sets(nals: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The first SPS and PPS of an access unit, or None when it carries no pair."""
    sps = next((nal for nal in nals if nal[0] & 0x1F == NAL_SPS), None)
    pps = next((nal for nal in nals if nal[0] & 0x1F == NAL_PPS), None)
    return None if sps is None or pps is None else (sps, pps)


def sample(nals: Sequence[bytes]) -> bytes:
    """One access unit as an MP4 sample; parameter sets are left to avcC (ISO/IEC 14496-15, 5.3)."""
    kept = (nal for nal in nals if nal[0] & 0x1F not in (NAL_SPS, NAL_PPS, NAL_DELIMITER))
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in kept)


def picture_size(sps: bytes) -> tuple[int, int]:
    """Width and height in pixels after cropping (ITU-T H.264, 7.3.2.1.1 and 7.4.2.1.1)."""
    bits = _Bits(sps[4:])
    bits.ue()  # seq_parameter_set_id
    chroma = _chroma_format(bits) if sps[1] in HIGH_PROFILES else 1
    bits.ue()  # log2_max_frame_num_minus4
    _skip_order_count(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width, map_units = (bits.ue() + 1) * 16, bits.ue() + 1
    frame_only = bits.u(1)
    if not frame_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    height = map_units * 16 * (2 - frame_only)
    bits.u(1)  # direct_8x8_inference_flag
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
        crop_x = 2 if chroma in (1, 2) else 1
        crop_y = (2 if chroma == 1 else 1) * (2 - frame_only)
        width -= (left + right) * crop_x
        height -= (top + bottom) * crop_y
    return width, height


def _chroma_format(bits: "_Bits") -> int:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)  # separate_colour_plane_flag
    bits.ue()  # bit_depth_luma_minus8
    bits.ue()  # bit_depth_chroma_minus8
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last, following = 8, 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_order_count(bits: "_Bits") -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1)  # delta_pic_order_always_zero_flag
        bits.se()  # offset_for_non_ref_pic
        bits.se()  # offset_for_top_to_bottom_field
        for _ in range(bits.ue()):
            bits.se()  # offset_for_ref_frame


class _Bits:
    """Reads a raw byte sequence payload bit by bit (ITU-T H.264, 7.2 and 9.1)."""

    def __init__(self, payload: bytes) -> None:
        self._bits = self._read(payload.replace(b"\x00\x00\x03", b"\x00\x00"))

    @staticmethod
    def _read(payload: bytes) -> Iterator[int]:
        for byte in payload:
            for shift in range(7, -1, -1):
                yield byte >> shift & 1

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            bit = next(self._bits, None)
            if bit is None:
                raise ValueError("the sequence parameter set ends too early")
            value = value << 1 | bit
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)
