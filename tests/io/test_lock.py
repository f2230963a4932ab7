"""`only_run`: one run at a time in an output folder, no matter how the last one ended."""

import contextlib
import signal
import subprocess
import sys

import pytest

from hooke.errors import OutputError
from hooke.io.lock import only_run

HOLD = """
import sys, time
from hooke.io.lock import only_run
with only_run(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def hold():
    """Return a function that starts a process which holds a folder."""
    with contextlib.ExitStack() as stack:

        def start(folder):
            command = [sys.executable, "-c", HOLD, str(folder)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            assert process.stdout.readline() == "held\n"
            return process

        yield start


def test_second_run_is_refused_and_the_first_one_named(tmp_path, hold):
    process = hold(tmp_path / "out")
    with (
        pytest.raises(OutputError, match=f"another run .*process {process.pid} on .*, since 20.*wait"),
        only_run(tmp_path / "out"),
    ):
        pytest.fail("the folder is held")


def test_killed_run_holds_nothing_and_its_temporary_files_go(tmp_path, hold):
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    (tmp_path / "labels").mkdir()
    for name in (".hooke-0123456789ab.part.tif", "labels/.hooke-0123456789ab.part.tif", "labels/.hooke-mine.tif"):
        (tmp_path / name).write_bytes(b"")
    with only_run(tmp_path):
        assert names(tmp_path) == [".hooke-lock", "labels"]
    assert names(tmp_path) == ["labels"]
    assert names(tmp_path / "labels") == [".hooke-mine.tif"]


def test_wait_for_another_run_to_end(tmp_path, hold):
    process = hold(tmp_path)
    process.kill()
    with only_run(tmp_path, wait=20):
        assert process.wait(5) is not None


def test_damaged_lock_file_is_no_obstacle(tmp_path):
    for said in (b"", b"\xff", b"[1]", b'{"pid": 1}'):
        (tmp_path / ".hooke-lock").write_bytes(said)
        with only_run(tmp_path):
            pass


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, not a folder"), only_run(tmp_path / "file" / "out"):
        pytest.fail("there is no folder")
