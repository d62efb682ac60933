"""Work outside the request that is cheap to lose: a day's plan, and the day's backup.

Two threads are enough, so that a plan need not wait for a backup; what is lost with the
process is made again at the next visit.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from flask import Flask

from quizapp.storage.database import connection


def init(app: Flask) -> None:
    """Let screens say ``later(key, work, *arguments)``; a key that waits or runs is not
    taken twice, and tests do the work at once."""
    workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="later")
    taken: set[str] = set()
    lock = Lock()

    def later(key: str, work: Callable[..., Any], *arguments: Any) -> None:
        if app.testing:
            work(*arguments)
            return
        with lock:
            if key in taken:
                return
            taken.add(key)
        workers.submit(run, key, work, arguments)

    def run(key: str, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            with connection():
                work(*arguments)
        except Exception:
            app.logger.exception("%s failed", key)
        finally:
            with lock:
                taken.discard(key)

    app.extensions["later"] = later
