"""The drawn kitchen of the synthetic camera: flat colours, a slow pan, steam, a big clock and a soft tone."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from struct import pack
from typing import Protocol
from zoneinfo import ZoneInfo

import av
from PIL import Image, ImageDraw, ImageFont

from streaming.camera_film import OPUS_SAMPLES, media_frame, opus_encoder, video_encoder
from streaming.camera_kitchen import HOOD_X, POTS, draw_kitchen
from streaming.media import AUDIO_RATE, VIDEO_RATE, MediaFrame

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)
CHINESE_SIMPLIFIED = 2  # the face inside Noto's collections
LATIN_CAPTION = "Demonstration · Chengming (a fictional city)"
PAN_SECONDS = 40.0
TONE_SECONDS = 4  # the loop of sound; every pitch below makes whole turns in it
TONES = ((220.0, 0.030), (330.0, 0.018), (440.25, 0.012))
ZONE = ZoneInfo("Asia/Shanghai")


class Picture(Protocol):
    """Size, pace and caption of the picture."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def rate(self) -> int: ...
    @property
    def bit_rate(self) -> int: ...
    @property
    def caption(self) -> str: ...


def scene_frames(picture: Picture, take_keyframe: Callable[[], bool]) -> Iterator[MediaFrame]:
    """Picture and sound of the kitchen, timed from zero, without end."""
    encoder = video_encoder(picture.width, picture.height, picture.rate, picture.bit_rate)
    scene = Scene(picture)
    sound = _tone()
    packets = 0
    index = 0
    while True:
        seconds = index / picture.rate
        image = scene.at(seconds, datetime.now(ZONE))
        rgb = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]  # av types it not
        frame = rgb.reformat(format="yuv420p")
        frame.pts, frame.time_base = index * VIDEO_RATE // picture.rate, Fraction(1, VIDEO_RATE)
        frame.pict_type = 1 if take_keyframe() else 0  # 1 is an intra picture
        for packet in encoder.encode(frame):
            yield media_frame("video", bytes(packet), packet.pts or 0)
        index += 1
        while packets * OPUS_SAMPLES <= seconds * AUDIO_RATE:
            yield media_frame("audio", sound[packets % len(sound)], packets * OPUS_SAMPLES)
            packets += 1


class Scene:
    """Draws the kitchen at a moment: everything that stands still is drawn once."""

    def __init__(self, picture: Picture) -> None:
        self._size = (picture.width, picture.height)
        self._scale = picture.height / 720
        self._kitchen = draw_kitchen(picture.height)
        self._puffs = [_puff(round(radius * self._scale)) for radius in range(16, 64, 6)]
        self._caption = self._plate(picture.caption if has_chinese_font() else LATIN_CAPTION)
        self._large = font(round(46 * self._scale))
        self._small = font(round(21 * self._scale))

    def at(self, seconds: float, now: datetime) -> Image.Image:
        """The picture `seconds` after the start, its clock showing `now`."""
        room = self._kitchen.width - self._size[0]
        left = round(room * (0.5 - 0.5 * math.cos(seconds / PAN_SECONDS * math.tau)))
        image = self._kitchen.crop((left, 0, left + self._size[0], self._size[1]))
        draw = ImageDraw.Draw(image)
        self._steam(image, seconds, left)
        self._fan(draw, seconds, left)
        self._clock(draw, now)
        margin = round(24 * self._scale)
        image.paste(self._caption, (margin, self._size[1] - self._caption.height - margin), self._caption)
        return image

    def _steam(self, image: Image.Image, seconds: float, left: int) -> None:
        for pot, (pot_x, pot_y) in enumerate(POTS):
            for puff in range(6):
                age = (seconds * 0.28 + puff / 6 + pot * 0.13) % 1.0
                shape = self._puffs[int(age * len(self._puffs))]
                sway = math.sin(seconds * 1.3 + puff * 2.1 + pot) * 16 * age
                x = round((pot_x + sway) * self._scale) - left - shape.width // 2
                y = round((pot_y - 190 * age) * self._scale) - shape.height // 2
                image.paste(shape, (x, y), shape)

    def _fan(self, draw: ImageDraw.ImageDraw, seconds: float, left: int) -> None:
        centre_x, centre_y = HOOD_X * self._scale - left, 92 * self._scale
        radius = 24 * self._scale
        for blade in range(4):
            angle = seconds * 5 + blade * math.tau / 4
            tip = (centre_x + radius * math.cos(angle), centre_y + radius * math.sin(angle))
            draw.line([(centre_x, centre_y), tip], fill="#5c6b73", width=max(2, round(7 * self._scale)))

    def _clock(self, draw: ImageDraw.ImageDraw, now: datetime) -> None:
        right, top = self._size[0] - round(24 * self._scale), round(22 * self._scale)
        width, height = round(262 * self._scale), round(100 * self._scale)
        draw.rounded_rectangle((right - width, top, right, top + height), round(12 * self._scale), "#14232b")
        middle = right - width // 2
        time_text = f"{now:%H:%M:%S}.{now.microsecond // 100_000}"
        draw.text((middle, top + height * 0.36), time_text, "#f7f3e8", self._large, "mm")
        draw.text((middle, top + height * 0.78), f"{now:%Y-%m-%d}  UTC+8", "#9fb4bd", self._small, "mm")

    def _plate(self, text: str) -> Image.Image:
        letters = font(round(25 * self._scale))
        _, _, width, height = letters.getbbox(text)
        pad = round(14 * self._scale)
        plate = Image.new("RGBA", (round(width) + 2 * pad, round(height) + 2 * pad), (0, 0, 0, 0))
        draw = ImageDraw.Draw(plate)
        draw.rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), pad, (20, 35, 43, 215))
        draw.text((pad, pad), text, "#f7f3e8", letters)
        return plate


def has_chinese_font() -> bool:
    """Whether a font with Chinese characters was found."""
    return any(Path(path).exists() for path in FONTS)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The first of the known fonts in this size, else Pillow's own Latin one."""
    for path in FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, size, index=CHINESE_SIMPLIFIED if "Noto" in path else 0)
    return ImageFont.load_default(size)


def _puff(radius: int) -> Image.Image:
    puff = Image.new("RGBA", (2 * radius, 2 * radius), (255, 255, 255, 0))
    alpha = max(18, 92 - radius)
    ImageDraw.Draw(puff).ellipse((0, 0, 2 * radius - 1, 2 * radius - 1), fill=(255, 255, 255, alpha))
    return puff


def _tone() -> list[bytes]:
    """Packets of a loop of quiet, slowly swelling tones."""
    encoder = opus_encoder(32_000)
    packets = []
    for start in range(0, TONE_SECONDS * AUDIO_RATE, OPUS_SAMPLES):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=OPUS_SAMPLES)
        values = (_level((start + offset) / AUDIO_RATE) for offset in range(OPUS_SAMPLES))
        frame.planes[0].update(b"".join(pack("<hh", value, value) for value in values))
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, start, Fraction(1, AUDIO_RATE)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def _level(seconds: float) -> int:
    swell = 0.6 + 0.4 * math.sin(seconds / TONE_SECONDS * math.tau)
    return round(32_767 * swell * sum(loud * math.sin(pitch * seconds * math.tau) for pitch, loud in TONES))
