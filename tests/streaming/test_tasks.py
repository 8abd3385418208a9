import asyncio
import logging

from streaming.tasks import Tasks


async def test_closing_cancels_and_waits():
    tasks, ended = Tasks(), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    tasks.start(work(), "work")
    await asyncio.sleep(0)
    await tasks.close()
    assert ended == [True]


async def test_how_a_task_died_is_logged_with_its_name(caplog, until):
    tasks = Tasks()

    async def work():
        raise ValueError("no disk")

    with caplog.at_level(logging.ERROR):
        tasks.start(work(), "kitchen packager")
        await until(lambda: caplog.records)
    assert "kitchen packager died" in caplog.text
    assert "no disk" in caplog.text


async def test_a_task_may_close_its_own_owner():
    tasks, ended = Tasks(), asyncio.Event()

    async def work():
        await tasks.close()
        ended.set()

    tasks.start(work(), "work")
    await asyncio.wait_for(ended.wait(), 1)
