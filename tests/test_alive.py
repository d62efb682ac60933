"""Which processes live."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quizapp import alive
from quizapp.config import ROOT


def another(data: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that holds a name until it is killed, and that name."""
    tell = (
        "import sys, pathlib; from quizapp import alive;"
        "print(alive.own_name(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", tell, str(data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_process_keeps_its_name_and_is_not_gone(tmp_path: Path) -> None:
    name = alive.own_name(tmp_path)
    assert alive.own_name(tmp_path) == name
    assert alive.gone(tmp_path, name) is False


def test_a_killed_process_is_gone_at_once(tmp_path: Path) -> None:
    process, name = another(tmp_path)
    try:
        assert alive.gone(tmp_path, name) is False
    finally:
        process.kill()
        process.wait(10)
    assert alive.gone(tmp_path, name) is True


def test_a_process_without_a_file_here_is_not_known(tmp_path: Path) -> None:
    assert alive.gone(tmp_path, "elsewhere/1/0123456789abcdef") is None
    assert alive.gone(tmp_path, "") is None


def test_only_the_files_of_the_dead_are_removed(tmp_path: Path) -> None:
    own = alive.own_name(tmp_path)
    living, second = another(tmp_path)
    dead, _ = another(tmp_path)
    dead.kill()
    dead.wait(10)
    try:
        alive.sweep(tmp_path)
        left = {path.name for path in (tmp_path / "alive").iterdir()}
        assert left == {own.rpartition("/")[2], second.rpartition("/")[2]}
        assert alive.gone(tmp_path, second) is False
    finally:
        living.kill()
        living.wait(10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_keep_its_parent_alive(tmp_path: Path) -> None:
    tell = (
        "import os, sys, time, pathlib; from quizapp import alive;"
        "print(alive.own_name(pathlib.Path(sys.argv[1])), flush=True);"
        "time.sleep(30) if os.fork() == 0 else os._exit(0)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", tell, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    process.wait(10)
    try:
        assert alive.gone(tmp_path, name) is True
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def test_a_folder_that_cannot_be_used_leaves_it_to_the_heartbeat(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in its place")
    name = alive.own_name(tmp_path / "file")
    assert alive.gone(tmp_path / "file", name) is False
