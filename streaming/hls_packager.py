"""Packages a channel as HLS: H.264 copied, sound made AAC, two-second fMP4 segments that survive a crash."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from streaming.aac import AacTrack
from streaming.feed import Ending, Feed, FeedEnded
from streaming.fmp4 import VIDEO_TRACK, Sample, TrackRun, VideoConfig, init_segment, media_segment
from streaming.h264 import picture_size, sample
from streaming.hls_store import HlsStore, Record, StoredInit
from streaming.media import AUDIO_RATE, VIDEO_RATE
from streaming.segmenter import RawSegment, Segmenter

logger = logging.getLogger(__name__)


class HlsPackager:
    """The output of one channel. Encoding and disk I/O happen in one thread of its own, in order."""

    public = True

    def __init__(self, store: HlsStore) -> None:
        self._store = store
        self._state = "waiting"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"hls {store.folder.name}")
        # Used in the thread only: the sound and the init segment of the unbroken run being written.
        self._sound: AacTrack | None = None
        self._init: StoredInit | None = None
        self._number = store.next_number

    @property
    def state(self) -> str:
        """One word for people."""
        return self._state

    async def run(self, feed: Feed) -> None:
        """Package until the feed ends."""
        complete: list[RawSegment] = []
        segmenter = Segmenter(complete.append, discontinuity=self._store.began)
        self._state = "packaging"
        try:
            await self._package(feed, segmenter, complete)
        except FeedEnded as ended:
            await self._finish(ended.ending, segmenter, complete)
            self._state = ended.ending
        except Exception as error:
            self._state = f"failed: {error}"
            raise

    async def close(self) -> None:
        """Wait for the thread to finish what it has."""
        await asyncio.to_thread(self._thread.shutdown)

    async def _package(self, feed: Feed, segmenter: Segmenter, complete: list[RawSegment]) -> None:
        while True:
            frame = await feed.next()
            if frame is None:
                segmenter.flush()
            else:
                segmenter.add(frame)
                if segmenter.keyframe_due():
                    feed.request_keyframe()
            await self._keep(complete)

    async def _finish(self, ending: Ending, segmenter: Segmenter, complete: list[RawSegment]) -> None:
        if ending is Ending.CUT:
            listed = self._store.listed()
            shown = listed[-1].number if listed else -1
            await self._do(lambda: [self._store.write_cut(shown)])
            return
        segmenter.flush()
        await self._keep(complete)
        if ending is Ending.ENDED and self._store.began:
            await self._do(lambda: [self._store.write_end()])

    async def _keep(self, complete: list[RawSegment]) -> None:
        while complete:
            segment = complete.pop(0)
            await self._do(lambda segment=segment: self._write(segment))  # type: ignore[misc]

    async def _do(self, write: Callable[[], list[Record]]) -> None:
        records = await asyncio.get_running_loop().run_in_executor(self._thread, write)
        for record in records:
            self._store.apply(record)

    # In the thread

    def _write(self, segment: RawSegment) -> list[Record]:
        records: list[Record] = []
        if segment.discontinuity or self._sound is None or self._init is None:
            self._sound = AacTrack(_sound_ticks(segment.start))
            self._init = self._write_init(VideoConfig(segment.sps, segment.pps), self._sound)
            records.append(self._init)
        pictures = TrackRun(VIDEO_TRACK, segment.start, _samples(segment))
        sound = self._sound.encode(segment.audio, _sound_ticks(segment.end))
        number = self._take_number()
        records.append(
            self._store.write_segment(
                number,
                media_segment(number, [pictures, sound]),
                init=self._init.number,
                duration=segment.duration,
                began_at=segment.began_at,
                discontinuity=segment.discontinuity,
            )
        )
        return records

    def _write_init(self, video: VideoConfig, sound: AacTrack) -> StoredInit:
        width, height = picture_size(video.sps)
        codecs = f"{video.codec},{sound.config.codec}"
        record = StoredInit(self._take_number(), codecs, width, height)
        return self._store.write_init(record, init_segment(video, sound.config))

    def _take_number(self) -> int:
        self._number += 1
        return self._number - 1


def _samples(segment: RawSegment) -> list[Sample]:
    ends = [frame.time for frame in segment.video[1:]] + [segment.end]
    return [
        Sample(sample(frame.nals), end - frame.time, frame.keyframe)
        for frame, end in zip(segment.video, ends, strict=True)
    ]


def _sound_ticks(video_ticks: int) -> int:
    return video_ticks * AUDIO_RATE // VIDEO_RATE
