"""`atomic_path`: whole files or none, and errors that name file, cause and remedy."""

import errno
import os
from pathlib import Path

import pytest

from hooke.errors import OutputError
from hooke.io import atomic_path
from hooke.io.atomic import atomic_paths


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_makes_folders_and_file(tmp_path):
    with atomic_path(tmp_path / "a" / "b" / "c.csv") as part:
        assert part.suffix == ".csv"
        assert part.parent == tmp_path / "a" / "b"
        part.write_text("x")
        assert not (tmp_path / "a" / "b" / "c.csv").exists()
    assert names(tmp_path / "a" / "b") == ["c.csv"]


def test_replaces_an_older_file(tmp_path):
    target = tmp_path / "c.csv"
    target.write_text("old")
    with atomic_path(target) as part:
        part.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_the_bytes_are_on_the_disk_before_the_file_takes_its_name(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda file: seen.append((os.fstat(file).st_size, names(tmp_path))))
    with atomic_path(tmp_path / "c.csv") as part:
        part.write_text("four")
    assert seen == [(4, [part.name])]


def test_several_files_take_their_names_when_all_are_on_the_disk(tmp_path, monkeypatch):
    done = []
    replace = os.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_size))
    monkeypatch.setattr(os, "replace", lambda part, target: done.append(target.name) or replace(part, target))
    with atomic_paths(tmp_path / "a.csv", tmp_path / "b.csv") as (first, second):
        second.write_text("four")
        first.write_text("one")
    assert done == [3, 4, "a.csv", "b.csv"]
    assert names(tmp_path) == ["a.csv", "b.csv"]
    with (
        pytest.raises(OutputError, match=r"b\.csv: can't be written"),
        atomic_paths(tmp_path / "a.csv", tmp_path / "b.csv"),
    ):
        raise OSError(errno.EACCES, "no", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_text() == "one"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failure_leaves_the_old_file_and_no_other(tmp_path, failure):
    target = tmp_path / "c.csv"
    target.write_text("old")
    with pytest.raises(failure), atomic_path(target) as part:
        part.write_text("half")
        raise failure
    assert names(tmp_path) == ["c.csv"]
    assert target.read_text() == "old"


def test_parent_is_a_file(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="out is a file, not a folder; choose") as caught:
        atomic_path(tmp_path / "out" / "labels" / "a.tif").__enter__()
    assert caught.value.path == tmp_path / "out" / "labels" / "a.tif"


def test_target_is_a_folder(tmp_path):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(OutputError, match="a folder has this name"), atomic_path(tmp_path / "a.tif") as part:
        part.write_bytes(b"x")
    assert names(tmp_path) == ["a.tif"]


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "no permission"),
        (errno.EIO, "output error"),
    ],
)
def test_operating_system_errors(tmp_path, number, cause):
    with pytest.raises(OutputError, match=f"(?i){cause}") as caught, atomic_path(tmp_path / "a.tif") as part:
        part.write_bytes(b"half")
        raise OSError(number, os.strerror(number))
    assert caught.value.remedy
    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission"), atomic_path(tmp_path / "a.tif") as part:
        part.write_bytes(b"x")
    tmp_path.chmod(0o700)


def test_error_about_another_file_passes_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.tif"):
        Path(tmp_path / "elsewhere" / "input.png").read_bytes()
