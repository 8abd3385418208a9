"""Runs every bench, one after another, each in a process of its own: `python -m bench [NAME …] [--seconds N]`.

A bench is a file beside this one that runs by itself. Ctrl-C ends the one that runs and prints what there is.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = 180.0  # for each
GRACE_SECONDS = 15.0  # to end its servers, when it is told to stop
STOPPED = 130
RUNS_ALONE = 'if __name__ == "__main__":'


@dataclass(frozen=True)
class Outcome:
    """How one bench ended, and what it printed."""

    name: str
    seconds: float
    end: str
    figures: tuple[str, ...]


def names() -> list[str]:
    """Every bench there is."""
    return sorted(
        path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_") and RUNS_ALONE in path.read_text()
    )


def run(name: str, seconds: float) -> Outcome:
    """One bench in a group of processes of its own; none of them is left when this returns."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", f"bench.{name}"],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=seconds)
        end = "done" if process.returncode == 0 else f"failed ({process.returncode})"
    except subprocess.TimeoutExpired:
        printed, end = stop(process), f"stopped after {seconds:g} s"
    except KeyboardInterrupt:
        printed, end = stop(process), "stopped by you"
    return Outcome(name, time.monotonic() - began, end, figures(printed))


def stop(process: "subprocess.Popen[str]") -> str:
    """Lets a bench end what it started, then ends what is left; returns what it had printed."""
    patience = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave servers behind
    try:
        for ending in (signal.SIGINT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, ending)
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=GRACE_SECONDS)[0].partition("Traceback (most recent")[0]
        return ""
    finally:
        signal.signal(signal.SIGINT, patience)


def figures(printed: str) -> tuple[str, ...]:
    """The lines that say something: rows of a table lose their bars, rules between them are dropped."""
    lines = (" ".join(line.replace("|", " ").split()) for line in printed.splitlines())
    return tuple(line for line in lines if line.strip("- "))


def show(outcomes: list[Outcome]) -> None:
    """One table of everything."""
    width = max(len(outcome.name) for outcome in outcomes)
    print(f"\n{'bench':<{width}} | {'took':>7} | figures\n{'-' * width}-|---------|--------")
    for outcome in outcomes:
        told = outcome.figures if outcome.end == "done" else (*outcome.figures[-12:], outcome.end.upper())
        for number, figure in enumerate(told or ("(it printed nothing)",)):
            first = number == 0
            took = f"{outcome.seconds:.0f} s" if first else ""
            print(f"{outcome.name if first else '':<{width}} | {took:>7} | {figure}")


def main(words: list[str]) -> int:
    """0 when every bench reached its goals, 1 when one did not, 130 when it was stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; all by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="at most, for each (default %(default)g)")
    asked = parser.parse_args(words)
    if unknown := set(asked.names) - set(names()):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    for stopping in (signal.SIGINT, signal.SIGTERM):  # also when we were started in the background
        signal.signal(stopping, signal.default_int_handler)
    outcomes: list[Outcome] = []
    for name in asked.names or names():
        print(f"{name} …", flush=True)
        outcomes.append(run(name, asked.seconds))
        if outcomes[-1].end == "stopped by you":
            break
    show(outcomes)
    if outcomes[-1].end == "stopped by you":
        return STOPPED
    return 0 if all(outcome.end == "done" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
