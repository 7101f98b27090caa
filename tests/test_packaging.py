"""What is shipped: the wheel and the sdist hold what is needed, and work where nothing of the checkout is."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

import contextkit
from contextkit.strategy import strategy_folder, strategy_names

ROOT = Path(__file__).parent.parent
STRATEGIES = ["agent", "chat", "rag", "recall", "support"]

slow = pytest.mark.slow


def run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What the command prints; a failure shows all of it."""
    result = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}\n{result.stderr}"
    return result.stdout


def build(source: Path, *kinds: str, into: Path) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", into, source, cwd=into)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build(ROOT, "--wheel", into=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("sdist")
    build(ROOT, "--sdist", into=folder)
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as opened:
        opened.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 is the first to have one
        opened.extractall(folder)
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of a fresh environment that holds the wheel with what it declares, and nothing else.

    What it declares is copied from the environment that runs the tests, which pip has made with the same pins.
    """
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", programs / "python"]
    run(*pip, "install", "--no-compile", "--no-deps", "--no-index", wheel, cwd=home)
    packages = Path(
        run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    )
    (metadata,) = Distribution.discover(name="contextkit-sdk", path=[str(packages)])
    for one in _declared(metadata, ("cli", "offline")):
        for file in one.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), packages / file)
    run(*pip, "check", cwd=home)
    return programs


def _declared(distribution: Distribution, extras: tuple[str, ...]) -> list[Distribution]:
    """All that a distribution requires with these extras, and what that requires in turn."""
    found: dict[str, Distribution] = {}
    due = [(distribution, extras)]
    while due:
        one, wanted = due.pop()
        for requirement in map(Requirement, one.requires or ()):
            applies = any(not requirement.marker or requirement.marker.evaluate({"extra": e}) for e in ("", *wanted))
            if applies and (requirement.name not in found or requirement.extras):
                found[requirement.name] = Distribution.from_name(requirement.name)
                due.append((found[requirement.name], tuple(requirement.extras)))
    return list(found.values())


@pytest.fixture
def elsewhere(tmp_path):
    """An empty folder, and variables that lead neither to the checkout nor to anything cached."""
    folder = tmp_path / "empty"
    folder.mkdir()
    cache = tmp_path / "cache"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TIKTOKEN"))}
    return folder, {**kept, "TIKTOKEN_CACHE_DIR": str(cache), "COLUMNS": "200"}


def test_a_checkout_reads_the_strategies_beside_the_package():
    assert Path(contextkit.__file__).is_relative_to(ROOT)
    assert strategy_folder("context") == ROOT / "strategies" / "context"
    assert strategy_names() == STRATEGIES


def test_every_pin_is_a_version_and_nothing_but():
    """No address of an index or of a file: every registry serves these."""
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if line.count("==") != 1 or "/" in line or "@" in line or "contextkit" in line] == []


def test_every_declared_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    names = {_normal(line.split(">")[0].split("[")[0]) for line in wanted} - {"contextkit_sdk"}
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert sorted(names - {_normal(line.split("==")[0]) for line in pins}) == []


def test_every_library_that_the_package_builds_on_is_tried_at_its_oldest():
    """By `make lowest`. DAX's client is for a cluster, and the rest are tools."""
    named = re.findall(r"\$\(call oldest,\w+,([\w ]+)\)", (ROOT / "Makefile").read_text("utf-8"))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {name for names in named for name in names.split()} == {*extras} - {"bench", "dax", "dev", "notebook"}


def _normal(name: str) -> str:
    return name.lower().replace("-", "_")


@slow
def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    data = {path.relative_to(ROOT).as_posix() for path in _sources("contextkit")}
    strategies = {f"contextkit/{path.relative_to(ROOT).as_posix()}" for path in _sources("strategies")}
    assert names == data | strategies
    assert {"contextkit/py.typed", "contextkit/report/page.css", "contextkit/demo/conversation.jsonl"} <= names
    assert {f"contextkit/strategies/context/{name}.toml" for name in STRATEGIES} <= names


@slow
def test_the_sdist_holds_what_it_takes_to_test_and_to_build(sdist):
    for name in ("Makefile", "README.md", "CHANGELOG.md", "LICENSE", "constraints.txt", "pyproject.toml"):
        assert (sdist / name).read_bytes() == (ROOT / name).read_bytes()
    for folder in ("contextkit", "strategies", "tests"):
        assert _listing(sdist, folder) == {path.relative_to(ROOT) for path in _sources(folder)}


@slow
def test_the_sdist_builds_the_same_wheel_and_runs_as_it_is(sdist, wheel, tmp_path):
    build(sdist, "--wheel", into=tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
    names = run(sys.executable, "-c", _NAMES, cwd=sdist)
    assert names.splitlines() == [str(sdist / "contextkit"), *STRATEGIES]


@slow
def test_the_installed_demo_runs_in_an_empty_folder(installed, elsewhere):
    folder, env = elsewhere
    told = run(installed / "contextkit", "demo", cwd=folder, env=env)
    assert "tokens" in told
    assert "counted exactly with o200k_base" in told
    assert list(folder.iterdir()) == []


@slow
def test_the_installed_package_finds_its_strategies(installed, elsewhere):
    folder, env = elsewhere
    listed = run(installed / "contextkit", "strategies", "list", cwd=folder, env=env)
    told = [line.split()[:2] for line in listed.splitlines() if not line.startswith(" ")]
    assert [name for name, kind in told if kind == "context"] == STRATEGIES
    assert {name for name, kind in told if kind == "memory"} >= {"semantic", "summary", "custom_example"}
    home, *names = run(installed / "python", "-c", _NAMES, cwd=folder, env=env).splitlines()
    assert names == STRATEGIES
    assert not Path(home).is_relative_to(ROOT)


@slow
def test_every_installed_module_can_be_imported(installed, elsewhere):
    """With the extra `cli` alone, or it says which it needs; the suites in contextkit.testing have one of their own."""
    folder, env = elsewhere
    assert run(installed / "python", "-c", _IMPORT_ALL, cwd=folder, env=env).split()[-1] == "contextkit.zones"


_NAMES = """
from pathlib import Path
import contextkit
from contextkit.strategy import strategy_names
print(Path(contextkit.__file__).parent, *strategy_names(), sep="\\n")
"""

_IMPORT_ALL = """
import contextkit, importlib, pkgutil
from contextkit.errors import MissingExtra
for module in pkgutil.walk_packages(contextkit.__path__, "contextkit."):
    if not module.name.startswith("contextkit.testing.") and not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except MissingExtra as error:
            assert error.extra in ("agents", "strands", "telemetry"), error
        print(module.name)
"""


def _sources(folder: str) -> list[Path]:
    """Every file of the checkout's folder but what tools leave behind."""
    return [path for path in (ROOT / folder).rglob("*") if path.is_file() and not _left_behind(path.relative_to(ROOT))]


def _left_behind(path: Path) -> bool:
    return any(part == "__pycache__" or (part.startswith(".") and part != ".gitignore") for part in path.parts)


def _listing(root: Path, folder: str) -> set[PurePosixPath]:
    return {path.relative_to(root) for path in (root / folder).rglob("*") if path.is_file()}
