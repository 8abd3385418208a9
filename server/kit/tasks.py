"""The owner of everything that runs in the background: it keeps the reference, names it and logs how it died.

The only place where a bare task is made. An `asyncio.TaskGroup` held open across a yield would not do: one failing
child would take the whole server down.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

CLOSE_SECONDS = 10.0


class Tasks:
    """Background tasks with one owner; `close` ends them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = False

    def start(self, name: str, work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
        """Run `work` once; if it fails, the log says how."""
        if self._closing:
            work.close()
            raise RuntimeError(f"The background is closing; {name} was not started.")
        task = asyncio.create_task(work, name=name)  # noqa: TID251  this is the owner that the message names
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def keep(self, name: str, factory: Callable[[], Awaitable[object]], pause: float = 1.0) -> "asyncio.Task[object]":
        """Keep the work of `factory` running: whenever it ends, run it again after `pause` seconds."""
        return self.start(name, self._again_and_again(name, factory, pause))

    async def _again_and_again(self, name: str, factory: Callable[[], Awaitable[object]], pause: float) -> None:
        while True:
            try:
                await factory()
                log.warning("%s ended by itself; it starts again in %g s.", name, pause)
            except Exception:
                log.exception("%s failed; it starts again in %g s.", name, pause)
            await asyncio.sleep(pause)

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed.", task.get_name(), exc_info=error)

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Cancel all and wait for them, at most `seconds`; the log names those that did not end."""
        self._closing = True
        waiting = set(self._tasks)
        for task in waiting:
            task.cancel()
        if waiting:
            # asyncio.wait neither raises what a task raised nor hides a cancellation of the closer itself.
            _, waiting = await asyncio.wait(waiting, timeout=seconds)
        for task in waiting:
            log.error("%s did not end within %g s of being cancelled.", task.get_name(), seconds)
