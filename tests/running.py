"""The real server, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningApp:
    """`flask --app wsgi serve` on a data folder, until the end of the with block."""

    program: tuple[str, ...] = ("flask", "--app", "wsgi")

    def __init__(self, data: Path, decks: Path, **environment: str) -> None:
        self.data, self.decks, self.environment = data, decks, environment
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "RunningApp":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill(signal.SIGTERM)

    def start(self) -> float:
        """Start the server and wait until it answers; return the seconds that took."""
        began = time.monotonic()
        process = self.launch()
        while time.monotonic() < began + 30:
            try:
                with urllib.request.urlopen(f"{self.url}/keys", timeout=2):
                    return time.monotonic() - began
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.02)
        raise RuntimeError((self.data / "server.log").read_text())

    def run(self, command: str) -> tuple[int, str]:
        """The exit code and the words of a command that ends by itself."""
        code = self.launch(command).wait(30)
        return code, (self.data / "server.log").read_text()

    def launch(self, command: str = "serve") -> subprocess.Popen[bytes]:
        """Start a command and do not wait; what it says goes to server.log."""
        environment = os.environ | {
            "QUIZAPP_DATA": str(self.data),
            "QUIZAPP_DECKS": str(self.decks),
            "QUIZAPP_PORT": str(self.port),
            "QUIZAPP_HOST": "127.0.0.1",
            "TZ": "UTC",
        }
        environment |= self.environment
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.program, command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def kill_main(self) -> None:
        """Kill the main process alone, as an impatient person does; not its worker."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Stop the server and its workers with a signal."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
