"""Somebody who brings files to the real server over HTTP, and waits for what becomes of them."""

import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from quizapp.storage.models import Batch, Job
from tests.running import RunningApp

# What a server with all its children may hold, whatever is brought.
MOST_MEMORY = 512 << 20


class Person:
    """Somebody at a browser without script, who brings files to a server."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(self, path: str) -> str:
        with self.browser.open(self.app.url + path, timeout=30) as page:
            return str(page.read().decode())

    def press(self, path: str, on: str, **fields: str) -> str:
        """Send a form of a page; where it led."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page(on))
        assert found is not None
        form = urlencode({"csrf": found[1], **fields}).encode()
        with self.browser.open(self.app.url + path, form, timeout=30) as page:
            return str(page.url)

    def upload(self, file: Path) -> int:
        """Send a file; the number of its import."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page("/imports"))
        assert found is not None
        parts = (("csrf", "", found[1].encode()), ("file", file.name, file.read_bytes()))
        body = b""
        for name, filename, content in parts:
            named = f'; filename="{filename}"' if filename else ""
            body += b"--x\r\nContent-Disposition: form-data; name=" + name.encode()
            body += named.encode() + b"\r\n\r\n" + content + b"\r\n"
        request = urllib.request.Request(
            f"{self.app.url}/imports",
            body + b"--x--\r\n",
            {"Content-Type": "multipart/form-data; boundary=x"},
        )
        self.browser.open(request, timeout=60).close()
        return int(Batch.select(Batch.id).order_by(Batch.id.desc()).scalar())


def wait_for(batch: int, *states: str) -> None:
    wait(lambda: state(batch) in states)


def wait(fact: Callable[[], Any], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not fact() and time.monotonic() < until:
        time.sleep(0.02)
    assert fact()


def state(batch: int) -> str:
    return str(Batch.select(Batch.state).where(Batch.id == batch).scalar())


def job_of(batch: int) -> tuple[int, str, str]:
    """The work on an import that was begun last: number, state, sentence."""
    job = Batch.select(Batch.job).where(Batch.id == batch).scalar()
    found = Job.select(Job.id, Job.state, Job.said).where(Job.id == job).tuples().get()
    return int(found[0]), str(found[1]), str(found[2])


def end_of_job(batch: int) -> tuple[int, str, str]:
    wait(lambda: job_of(batch)[1] in ("stopped", "done", "failed"))
    return job_of(batch)


class Memory:
    """The most that a process and all its children have held at once, in bytes.

    largest   what a single one of them held
    at        what was being done then, as ``doing`` said
    """

    def __init__(self) -> None:
        self.most = self.largest = 0
        self.at = self.doing = ""


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    import psutil

    seen, over = Memory(), threading.Event()
    server = psutil.Process(pid)

    def look() -> None:
        while not over.wait(0.03):
            held = 0
            for process in (server, *server.children(recursive=True)):
                try:
                    own = process.memory_info().rss
                    held += own
                    seen.largest = max(seen.largest, own)
                except psutil.Error:
                    continue
            if held > seen.most:
                seen.most, seen.at = held, seen.doing

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
