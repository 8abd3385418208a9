"""Keeps HLS segments on disk so that a playlist continues after any crash: files, and one append-only index.

A segment is synced to disk before its line in the index is, and its line before anyone may list it; what a crash
leaves half-written is removed on opening. The index, JSON lines, is the only truth about the folder.
"""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

INDEX = "index.jsonl"
SEGMENT_FILE = re.compile(r"([0-9]{1,9})\.m4s")
INIT_FILE = re.compile(r"init-([0-9]{1,9})\.mp4")


@dataclass(frozen=True)
class StoredInit:
    """An initialization section: the codec string and picture size it is for."""

    number: int
    codecs: str
    width: int
    height: int

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return f"init-{self.number}.mp4"


@dataclass(frozen=True)
class StoredSegment:
    """A media segment; moments are seconds since 1970, by the server's clock."""

    number: int
    init: int
    duration: float
    began_at: float
    written_at: float
    discontinuity: bool
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return f"{self.number}.m4s"


@dataclass(frozen=True)
class Cut:
    """The public picture was cut: segments after `shown` so far were not and will not be listed."""

    shown: int
    at: float


@dataclass(frozen=True)
class End:
    """The broadcast ended."""

    at: float


Record = StoredInit | StoredSegment | Cut | End
RECORDS: dict[str, type[Any]] = {"init": StoredInit, "segment": StoredSegment, "cut": Cut, "end": End}


class HlsStore:
    """One channel's folder. `write_*` do the I/O and may run in a thread; `apply` runs where readers read."""

    def __init__(self, folder: Path, *, delay_seconds: float = 0, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.delay_seconds = delay_seconds
        self.clock = clock
        self.segments: list[StoredSegment] = []  # all that were not cut away, in order
        self.inits: dict[int, StoredInit] = {}
        self.ended = False
        self.next_number = 0
        self.began = False  # whether there ever was a segment, cut away or not
        folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def apply(self, record: Record) -> None:
        """Let a record that is on disk count from now on."""
        match record:
            case StoredInit():
                self.inits[record.number] = record
                self.next_number = max(self.next_number, record.number + 1)
            case StoredSegment():
                self.segments.append(record)
                self.next_number = max(self.next_number, record.number + 1)
                self.began, self.ended = True, False
            case Cut():
                self.segments = [segment for segment in self.segments if segment.number <= record.shown]
            case End():
                self.ended = True

    def listed(self) -> list[StoredSegment]:
        """The segments the public may see now: those older than the delay."""
        newest, limit = len(self.segments), self.clock() - self.delay_seconds
        while newest > 0 and self.segments[newest - 1].written_at > limit:
            newest -= 1
        return self.segments[:newest]

    def is_listed(self, file: str) -> bool:
        """Whether this file belongs to what the public may see now."""
        listed = self.listed()
        if match := SEGMENT_FILE.fullmatch(file):
            return any(segment.number == int(match[1]) for segment in reversed(listed))
        if match := INIT_FILE.fullmatch(file):
            return any(segment.init == int(match[1]) for segment in reversed(listed))
        return False

    def write_init(self, record: StoredInit, content: bytes) -> StoredInit:
        """Put an init segment on disk for good."""
        self._write(record.file, content)
        self._append("init", record)
        return record

    def write_segment(
        self, number: int, content: bytes, *, init: int, duration: float, began_at: float, discontinuity: bool
    ) -> StoredSegment:
        """Put a media segment on disk for good."""
        digest = hashlib.sha256(content).hexdigest()
        record = StoredSegment(number, init, duration, began_at, self.clock(), discontinuity, len(content), digest)
        self._write(record.file, content)
        self._append("segment", record)
        return record

    def write_cut(self, shown: int) -> Cut:
        """Record that nothing after `shown` so far may be listed."""
        record = Cut(shown, self.clock())
        self._append("cut", record)
        return record

    def write_end(self) -> End:
        """Record that the broadcast ended."""
        record = End(self.clock())
        self._append("end", record)
        return record

    def _write(self, name: str, content: bytes) -> None:
        with (self.folder / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()

    def _append(self, kind: str, record: Record) -> None:
        line = json.dumps({kind: asdict(record)}, separators=(",", ":")) + "\n"
        with (self.folder / INDEX).open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def _sync_folder(self) -> None:
        # A new file's name is durable only once its folder is synced.
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _load(self) -> None:
        index = self.folder / INDEX
        index.touch()
        content = index.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with index.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        kept, damaged = {INDEX}, 0
        for line in whole.splitlines():
            record = _record(line)
            if record is None:
                damaged += 1
                self.segments = []  # The lost line may have been a cut: what came before it is not shown again.
                continue
            self.apply(record)
            if isinstance(record, StoredInit | StoredSegment):
                kept.add(record.file)
        if damaged:
            self._keep_all(damaged)
        else:
            self._delete_all_but(kept)
        self._sync_folder()

    def _delete_all_but(self, kept: set[str]) -> None:
        """Half-written files of a process that died."""
        for path in self.folder.iterdir():
            if path.name not in kept and (SEGMENT_FILE.fullmatch(path.name) or INIT_FILE.fullmatch(path.name)):
                path.unlink()

    def _keep_all(self, damaged: int) -> None:
        """Files are evidence: with a damaged index nothing is deleted, and no number is used twice."""
        logger.error("%s has %d damaged lines; what came before is kept but not shown.", self.folder / INDEX, damaged)
        names = [path.name for path in self.folder.iterdir()]
        matches = [SEGMENT_FILE.fullmatch(name) or INIT_FILE.fullmatch(name) for name in names]
        self.next_number = max([self.next_number, *(int(match[1]) + 1 for match in matches if match)])


def _record(line: bytes) -> "Record | None":
    """One line of the index; None when it is damaged."""
    try:
        ((kind, fields),) = json.loads(line).items()
        record: Record = RECORDS[kind](**fields)
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return None
    return record
