import errno
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from contextkit.errors import InvalidVector, StoreCorrupt, StoreFull, StoreReadOnly, StoreUnavailable
from contextkit.vectors import VectorIndex
from tests.processes import QUICK


def directions(count, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, 8), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def names(count, start=0):
    return [f"m{i}" for i in range(start, start + count)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "vectors"


@pytest.fixture
def filled(folder):
    """A folder whose last operation added m5 to m9."""
    with VectorIndex(folder) as index:
        index.add(names(5), directions(5))
        index.delete(["m1"])
        index.add(names(5, start=5), directions(5, seed=1))
    return folder


def found(folder):
    with VectorIndex(folder) as index:
        return sorted(item_id for item_id, _ in index.top(directions(1)[0], 1_000)) if len(index) else []


def test_what_was_added_is_there_when_it_is_opened_again(filled):
    with VectorIndex(filled) as index:
        assert (len(index), index.dimension) == (9, 8)
        assert "m1" not in index
        assert index.top(directions(5)[3], 1) == [("m3", pytest.approx(1.0))]
        assert index.top(directions(5, seed=1)[4], 1) == [("m9", pytest.approx(1.0))]


def test_an_open_index_sees_what_others_do(folder):
    with VectorIndex(folder) as one, VectorIndex(folder) as other:
        one.add(["a"], [[1, 0]])
        assert other.top([1, 0]) == [("a", 1.0)]
        other.add(["b"], [[0, 1]])
        other.delete(["a"])
        assert one.top([1, 0]) == [("b", 0.0)]
        assert ("a" in one, "b" in one, len(one)) == (False, True, 1)


def test_an_open_index_follows_a_compaction_and_a_search_under_way_is_not_disturbed(folder):
    rows = directions(3_000)
    with VectorIndex(folder) as one, VectorIndex(folder) as other:
        one.add(names(3_000), rows)
        before = other._newest()
        one.delete(names(2_000))
        assert sorted(path.name for path in folder.glob("*.f32")) == ["1.f32"]
        assert np.array_equal(before.matrix, one._directions(rows))
        assert other.top(rows[2_500], 1)[0][0] == "m2500"
        other.add(["new"], [rows[0]])
        assert one.top(rows[0], 1)[0][0] == "new"
        assert (len(one), len(other)) == (1_001, 1_001)


def test_closing_loses_nothing_and_leaves_no_file_open(filled):
    index = VectorIndex(filled)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 2
    index.close()
    if os.path.isdir("/proc/self/fd"):
        assert len(os.listdir("/proc/self/fd")) == before - 2
    assert len(index) == 9


def test_forgetting_to_close_leaves_no_file_open_either(filled):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files are counted in /proc, which is not here")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        VectorIndex(filled).top(directions(1)[0])
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_journal_cut_anywhere_in_its_last_line_loses_that_operation_only(filled, tmp_path):
    text = (filled / "journal").read_bytes()
    last = text.rstrip(b"\n").rindex(b"\n") + 1
    for cut in range(last, len(text)):
        copy = tmp_path / f"cut{cut}"
        shutil.copytree(filled, copy)
        (copy / "journal").write_bytes(text[:cut])
        assert found(copy) == ["m0", "m2", "m3", "m4"]
        with VectorIndex(copy) as index:
            index.add(["next"], directions(1, seed=2))
            assert index.top(directions(1, seed=2)[0], 1)[0][0] == "next"
        assert found(copy) == ["m0", "m2", "m3", "m4", "next"]


def test_rows_that_the_journal_does_not_speak_of_are_overwritten(filled):
    with open(filled / "0.f32", "ab") as file:
        file.write(b"\xff" * 50)
    with VectorIndex(filled) as index:
        assert len(index) == 9
        index.add(["next"], directions(1, seed=2))
        assert index.top(directions(1, seed=2)[0], 1) == [("next", pytest.approx(1.0))]


def test_damage_is_an_error_not_a_wrong_answer(filled):
    text = (filled / "journal").read_bytes()
    (filled / "journal").write_bytes(text.replace(b'"m3"', b'"mX"'))
    with pytest.raises(StoreCorrupt, match="checksum"):
        VectorIndex(filled)
    (filled / "journal").write_bytes(text)
    size = (filled / "0.f32").stat().st_size
    os.truncate(filled / "0.f32", size - 1)
    with pytest.raises(StoreCorrupt, match="shorter than the 10 vectors"):
        VectorIndex(filled)
    (filled / "0.f32").unlink()
    with pytest.raises(StoreCorrupt, match="not there"):
        VectorIndex(filled)


def test_a_format_of_the_future_is_not_guessed_at(filled):
    from zlib import crc32

    line = b'{"format":"contextkit-vectors-9","dimension":8,"vectors":"0.f32"}'
    (filled / "journal").write_bytes(b"%08x %s\n" % (crc32(line), line))
    with pytest.raises(StoreCorrupt, match="contextkit-vectors-9"):
        VectorIndex(filled)


def test_a_folder_of_another_dimension_is_refused(filled):
    with pytest.raises(InvalidVector, match="have 8 dimensions, not 384"):
        VectorIndex(filled, dimension=384)


def test_two_that_begin_at_once_with_different_models_are_told_apart(folder):
    with VectorIndex(folder) as one, VectorIndex(folder, dimension=3) as other:
        one.add(["a"], [[1, 0]])
        with pytest.raises(InvalidVector, match="have 2 dimensions, not 3"):
            other.add(["b"], [[1, 0, 0]])
        assert one.top([1, 0]) == [("a", 1.0)]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EROFS, StoreReadOnly),
        (errno.EACCES, StoreReadOnly),
        (errno.EIO, StoreUnavailable),
    ],
)
@pytest.mark.parametrize("written", [0, 1], ids=["rows", "journal"])
def test_what_the_disk_refuses_is_a_typed_error_and_loses_nothing(filled, monkeypatch, number, kind, written):
    answers = [None] * written

    def refuse(_):
        if answers:
            return answers.pop()
        raise OSError(number, os.strerror(number))

    with VectorIndex(filled) as index:
        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(kind) as caught:
            index.add(["lost"], directions(1))
        assert caught.value.__cause__.errno == number
        monkeypatch.undo()
        assert len(index) == 9
        index.add(["next"], directions(1, seed=2))
    assert "next" in found(filled)
    assert "lost" not in found(filled)


def test_a_path_that_is_a_file_is_a_typed_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        VectorIndex(tmp_path / "file")


def test_a_deleted_folder_is_an_empty_one(filled):
    with VectorIndex(filled) as index:
        shutil.rmtree(filled)
        assert len(index) == 0
        index.add(["a"], directions(1))
        assert len(index) == 1


def add_many(folder, worker):
    with VectorIndex(folder) as index:
        for at in range(40):
            index.add([f"{worker}-{at}"], directions(1, seed=worker * 100 + at))
            if at % 4 == 3:
                index.delete([f"{worker}-{at - 1}"])


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(folder):
    workers = [QUICK.Process(target=add_many, args=(folder, worker)) for worker in range(4)]
    for worker in workers:
        worker.start()
    with VectorIndex(folder) as index:
        while any(worker.is_alive() for worker in workers):
            assert len(index) <= 160
            if len(index):
                assert index.top(directions(1)[0], 3)
    assert [worker.exitcode for worker in workers] == [0] * 4
    expected = sorted(f"{worker}-{at}" for worker in range(4) for at in range(40) if at % 4 != 2)
    assert found(folder) == expected
    with VectorIndex(folder) as index:
        assert index.top(directions(1, seed=207)[0], 1) == [("2-7", pytest.approx(1.0))]


WRITER = """
import sys, numpy as np
from contextkit.vectors import VectorIndex
index = VectorIndex(sys.argv[1])
for at in range(100_000):
    index.add([f"{sys.argv[2]}-{at}"], np.eye(8)[at % 8][np.newaxis])
    sys.stdout.write(f"{sys.argv[2]}-{at}\\n")
    sys.stdout.flush()
"""


@pytest.mark.slow
def test_killing_a_writer_loses_no_acknowledged_vector(folder):
    acknowledged = []
    for turn in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(turn)], stdout=subprocess.PIPE)
        lines = [writer.stdout.readline() for _ in range(5 + 7 * turn)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        acknowledged += [line.decode().strip() for line in lines if line.endswith(b"\n")]
    with VectorIndex(folder) as index:
        assert not [item_id for item_id in acknowledged if item_id not in index]
        assert len(acknowledged) <= len(index) <= len(acknowledged) + 8
