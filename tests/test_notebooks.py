"""Every notebook runs from top to bottom, and the outputs it is committed with are those of a run."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("matplotlib")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

PATHS = re.compile(r"(?:/(?:home|root|tmp|usr|work|Users)/|[A-Z]:\\|site-packages)")


def test_there_are_some() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of this interpreter, with this checkout; no cell fails or warns, or prints what is not committed.

    Numbers aside, which move whenever anything is ranked or shortened better. Where more than these has changed,
    `python notebooks/execute.py` writes the outputs anew.
    """
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    run = _execute().executed(path)
    committed = nbformat.read(path, as_version=4)
    for cell, before in zip(_code(run), _code(committed), strict=True):
        assert _kinds(cell) == _kinds(before), cell.source
        assert _printed(cell) == _printed(before), cell.source
        assert not any(output.get("name") == "stderr" for output in cell.outputs), cell.outputs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_can_be_looked_at(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    kinds = {kind for cell in _code(notebook) for kind in _kinds(cell)}
    assert {"stream", "text/html", "image/png"} <= kinds, "a report and a picture are drawn in it"
    assert all(cell.execution_count == number for number, cell in enumerate(_code(notebook), 1))
    said = "\n".join(str(output) for cell in _code(notebook) for output in cell.outputs)
    assert not PATHS.search(re.sub(r"'image/png': '[^']*'", "", said))
    assert "Traceback" not in said


def _execute() -> ModuleType:
    """`notebooks/execute.py`, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("notebooks_execute", FOLDER / "execute.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source]


def _printed(cell: nbformat.NotebookNode) -> str:
    """The text that a cell prints, each number in it a sign that there is one."""
    return re.sub(r"[\d,.]*\d", "#", "".join(out.text for out in cell.outputs if out.output_type == "stream"))


def _kinds(cell: nbformat.NotebookNode) -> set[str]:
    """What a cell shows: printed text, or the richest form of a value."""
    return {
        kind
        for output in cell.outputs
        for kind in ((output.output_type,) if output.output_type == "stream" else tuple(output.get("data", {})))
    }
