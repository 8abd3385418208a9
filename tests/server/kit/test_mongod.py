"""mongod as a program: where it is found, and its failures in one sentence, from stand-ins that fail in its words."""

import platform
import sys
from pathlib import Path

import pytest

from server.kit import embedded, mongod
from server.kit.embedded import CannotStart, EmbeddedMongo

LOADER = "mongod: error while loading shared libraries: {}: cannot open shared object file: No such file or directory"


def stand_in(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mongod"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(embedded, "find_mongod", lambda: program)


def test_the_bundled_mongod_is_found() -> None:
    assert mongod.find_mongod().name == "mongod"


def test_without_a_bundled_one_the_path_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongod").write_text("")
    (tmp_path / "mongod").chmod(0o755)
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mongod.find_mongod() == tmp_path / "mongod"


def test_a_machine_without_any_mongod_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotStart) as refused:
        mongod.find_mongod()
    assert str(refused.value) == (
        "No mongod is bundled for this machine (Linux riscv64) and none is on the PATH. "
        "Set SEETHROUGH_MONGODB_URI to a MongoDB replica set, or install MongoDB 6 or later."
    )


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (f"echo '{LOADER.format('libcurl.so.4')}' >&2; exit 127", "Install it: apt-get install libcurl4"),
        (f"echo '{LOADER.format('libcrypto.so.3')}' >&2; exit 127", "Install it: apt-get install libssl3"),
        (f"echo '{LOADER.format('liblzma.so.5')}' >&2; exit 127", "Install it: apt-get install liblzma5"),
        (f"echo '{LOADER.format('libfoo.so.1')}' >&2; exit 127", "find its package with: apt-file search libfoo.so.1"),
        ("kill -ILL $$", "This processor lacks the AVX instructions that the bundled MongoDB needs."),
        ("echo \"version 'GLIBC_2.34' not found\" >&2; exit 1", "This Linux is too old for the bundled MongoDB."),
        ("echo 'Address already in use'; exit 48", "on 127.0.0.1 is taken by another program. Stop it"),
        ("echo 'DBPathInUse: Unable to lock the lock file'; exit 100", "Another database already uses"),
        ("echo 'Permission denied'; exit 1", "The database may not write everything in"),
        ("echo 'the moon is full'; exit 9", "The database ended at start (code 9): “the moon is full”. The whole"),
        ("exit 9", "“it said nothing”."),
    ],
)
async def test_each_failure_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    stand_in(tmp_path, script, monkeypatch)
    with pytest.raises(CannotStart) as refused:
        await EmbeddedMongo.start(tmp_path / "data")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_the_real_mongods_own_words_are_quoted(tmp_path: Path) -> None:
    async with EmbeddedMongo.running(tmp_path):
        pass
    (tmp_path / "db" / "WiredTiger.turtle").write_text("nonsense")
    (tmp_path / "db" / "WiredTiger.wt").write_bytes(b"nonsense")
    with pytest.raises(CannotStart, match=r"The database ended at start \(code -?\d+\): “.+”"):
        await EmbeddedMongo.start(tmp_path)


async def test_a_program_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "mongod"
    broken.write_bytes(b"\x7fELFnothing")
    broken.chmod(0o755)
    monkeypatch.setattr(embedded, "find_mongod", lambda: broken)
    with pytest.raises(CannotStart, match=f"cannot execute {broken}: Exec format error"):
        await EmbeddedMongo.start(tmp_path / "data")


def test_mongod_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    line = mongod.command_line(Path("/bin/mongod"), tmp_path, 20_000, 512)
    assert line[:2] == [sys.executable, "-I"]
    assert line[line.index("--wiredTigerCacheSizeGB") + 1] == "0.5"
    assert line[line.index("--bind_ip") + 1] == "127.0.0.1"
    assert "--auth" in line
