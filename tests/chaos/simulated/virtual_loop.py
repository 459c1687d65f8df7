"""An event loop on a virtual clock, and processes on it that can be killed or stopped between two steps.

A step is what runs between two await points. Which step belongs to which process is told by its context:
whatever a process starts inherits it.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

_PROCESS: contextvars.ContextVar["Process"] = contextvars.ContextVar("process")


STEP_S = 1e-6  # computing takes time too: who waits for a fraction of a nanosecond gets somewhere


class Deadlock(Exception):  # noqa: N818 (named like what it says)
    """Nobody has anything left to do: what was awaited can never come."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Time passes at once when nothing is ready. The same program takes the same steps, always."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self  # what asyncio waits on for sockets; there are none
        self._now_s = 0.0

    def time(self) -> float:
        return self._now_s

    def select(self, timeout_s: float | None) -> list[Any]:
        """Let the time pass until the next timer."""
        if timeout_s is None:
            raise Deadlock
        self._now_s += timeout_s + STEP_S
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Any:
        context = context or contextvars.copy_context()
        if (process := context.get(_PROCESS)) is None:
            return super().call_soon(callback, *args, context=context)
        step = _Step(process, callback, args, context)
        step.handle = super().call_soon(step, context=context)
        return step.handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Any:
        context = context or contextvars.copy_context()
        if (process := context.get(_PROCESS)) is None:
            return super().call_at(when, callback, *args, context=context)
        step = _Step(process, callback, args, context)
        step.handle = super().call_at(when, step, context=context)
        return step.handle


class _Step:
    """A callback of a process: runs if the process does."""

    handle: asyncio.Handle

    def __init__(
        self, process: "Process", callback: Callable[..., Any], args: tuple[Any, ...], context: Context
    ) -> None:
        self.context = context
        self._process = process
        self._callback = callback
        self._args = args

    def __call__(self) -> None:
        if not self.handle.cancelled() and self._process.may_run(self):
            self._callback(*self._args)


class Process:
    """Everything that was started by `start` or by what it started."""

    def __init__(self, loop: VirtualLoop, name: str) -> None:
        self.name = name
        self.alive = True
        self._loop = loop
        self._context = contextvars.copy_context()
        self._context.run(_PROCESS.set, self)
        self._runs = True
        self._buried = False
        self._tasks: list[asyncio.Task[None]] = []
        self._held: list[_Step] = []
        self._steps_left: int | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in this process. What it raises is nobody's: it has to end the process itself."""
        self._tasks.append(self._loop.create_task(work, context=self._context.copy()))

    def kill(self) -> None:
        """Like kill -9: not one more step, no clean-up."""
        self.alive = False
        self._runs = self._buried

    def kill_after(self, steps: int) -> None:
        """Kill in so many steps: any await point can be hit."""
        self._steps_left = steps

    def stop(self) -> None:
        """Like SIGSTOP: the world goes on without this process."""
        self._runs = False

    def cont(self) -> None:
        """Like SIGCONT: everything that came meanwhile is done now."""
        if self.alive:
            self._go_on()

    def bury(self) -> None:
        """Let what is left of the process run to its end, after everybody has stopped looking."""
        self.alive = False
        self._buried = True
        self._steps_left = None
        self._go_on()

    def _go_on(self) -> None:
        self._runs = True
        held, self._held = self._held, []
        for step in held:
            self._loop.call_soon(step, context=step.context)

    def may_run(self, step: _Step) -> bool:
        """Whether a step is to be taken now; if not it is kept for later."""
        if self._steps_left is not None:
            self._steps_left -= self._runs
            if self._steps_left <= 0:
                self.kill()
        if not self._runs:
            self._held.append(step)
        return self._runs
