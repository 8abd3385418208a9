"""Tasks: what runs in the background is named, logged when it dies, restarted if kept, and ended on close."""

import asyncio
import logging

import pytest

from server.kit.tasks import Tasks


async def test_what_fails_is_logged_by_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("no film")

    task = Tasks().start("camera", fail())
    await asyncio.wait([task])
    assert "camera failed." in caplog.text
    assert "no film" in caplog.text


async def test_what_is_kept_runs_again_however_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    tasks, runs, third = Tasks(), [], asyncio.Event()

    async def work() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError("first")
        if len(runs) == 3:
            third.set()

    _ = tasks.keep("sequencer", work, pause=0)
    await asyncio.wait_for(third.wait(), 5)
    await tasks.close()
    assert "sequencer failed; it starts again in 0 s." in caplog.text
    assert "sequencer ended by itself" in caplog.text


async def test_close_cancels_and_waits_for_the_last_words() -> None:
    tasks, began, said = Tasks(), asyncio.Event(), []

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            said.append("goodbye")

    _ = tasks.start("speaker", work())
    await began.wait()
    await tasks.close()
    assert said == ["goodbye"]


async def test_close_is_bounded_and_names_who_did_not_end(caplog: pytest.LogCaptureFixture) -> None:
    tasks, began, free = Tasks(), asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        began.set()
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.start("mule", stubborn())
    await began.wait()
    await tasks.close(seconds=0.01)
    assert "mule did not end within 0.01 s of being cancelled." in caplog.text
    free.set()
    await task


async def test_the_closer_may_be_cancelled_itself() -> None:
    tasks, began, free = Tasks(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await free.wait()

    task = tasks.start("slow", slow())
    await began.wait()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await tasks.close()
    free.set()
    await asyncio.wait([task])


async def test_nothing_starts_while_closing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    tasks = Tasks()
    await tasks.close()

    async def work() -> None:
        raise AssertionError

    with pytest.raises(RuntimeError, match="late was not started"):
        _ = tasks.start("late", work())
