"""The one place where any error at all is caught: a task whose error ends the process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def spawn(work: Coroutine[Any, Any, None], crash: Callable[[BaseException], None]) -> "asyncio.Task[None]":
    """Start a task; give any error in it to `crash`. Being cancelled is no error."""

    async def guarded() -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 (a panic in Rust code is no Exception)
            crash(error)

    return asyncio.get_running_loop().create_task(guarded())
