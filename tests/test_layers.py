"""Imports run one way: the graph of the package as it is written, against the rooms of the design."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "contextkit"

LAYERS = (
    # The nouns, and leaves that know only these.
    "types apart errors recent clock charges steps workers deadline aside fence canonical document encoded quiet",
    "escapes shown_tools parts readable question embedders zones aws",
    # What can be done with texts, numbers and vectors.
    "media tokens calibration usage",
    "budget strategy shares place transcript vectors",
    "dedup rank compress",
    # What can be done with messages and tools, and what a store promises. None of it knows a prompt.
    "messages schemas stores cached state",
    # The prompt: what stands in it, what it costs, what was decided about it, how it is written down.
    "calibration.meter blocks ladder pause view views report render context stored session_search offload",
    "conversation memory",
    # Where items come from.
    "sources",
    # One build, step by step.
    "beside gather said known topic turns summarise spelling system",
    "fit shortlist decide prompt draft assemble",
    # Around it: other people's frameworks, the store that is built in, tests of stores, a world to try it on.
    "actor adapters stores.sqlite stores.dynamodb stores.agentcore testing demo",
    "aws.loads aws.traffic aws.bill aws.cost aws.provisioning aws.policy",
    # The terminal.
    "cli",
)
"""The rooms, lowest first. A module may import from its own layer and from those above it in this list."""

UPWARDS = {("contextkit.assemble", "contextkit.adapters.langchain")}
"""`ContextBuilder.as_runnable` opens the adapter when it is called; the adapter knows a builder only by Protocol."""

LIBRARIES = {
    "tiktoken": ("tokens",),
    "bpe_openai": ("tokens.vocabulary",),
    "boto3": ("stores.dynamodb", "stores.agentcore", "stores.s3", "aws", "testing"),
    "botocore": ("stores.dynamodb", "stores.agentcore", "stores.s3", "aws", "testing"),
    "amazondax": ("stores.dynamodb.dax",),
    "langchain": ("adapters.langchain_added", "adapters.langchain_agent"),
    "langgraph": ("adapters.langchain_agent",),
    "langchain_core": (
        "adapters.artifacts",
        "adapters.langchain",
        "adapters.langchain_agent",
        "adapters.langchain_input",
        "adapters.langchain_models",
        "adapters.langchain_prompt",
        "adapters.langchain_styles",
        "adapters.langchain_sessions",
        "adapters.langgraph",
        "adapters.langchain_tools",
        "adapters.retold",
        "adapters.supersteps",
        "adapters.unanswered",
        "render.langchain",
        "schemas",
        "sources",
        "testing.conformance",
    ),
    "langchain_text_splitters": ("sources.documents",),
    "pydantic": ("adapters.langchain_prompt", "schemas"),
    "pypdf": ("media.pdf",),
    "snowballstemmer": ("rank.terms",),
    "strands": ("adapters.strands",),
    "opentelemetry": ("adapters.telemetry_metrics", "adapters.telemetry_spans"),
    "rfc8785": ("canonical",),
    "sqlite3": ("stores.sqlite",),
    "typer": ("cli",),
    "rich": ("cli", "report.terminal"),
    "pytest": ("testing",),
    "hypothesis": ("testing",),
}
"""The only rooms that may import each library, at whatever moment."""

ONLY_WHEN_CALLED = {"schemas", "sources", "media.pdf", "report.terminal"}
"""Rooms that may use these libraries only inside a function, since they also serve those who have none of them."""


class Import(NamedTuple):
    """One import that happens at run time; `deferred` if it waits for a function to be called."""

    module: str
    name: str
    deferred: bool
    line: int


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> list[Import]:
    """Every import statement of the package that is executed; those for type checkers alone are not."""
    return [
        Import(module, name, deferred, line)
        for module, path in modules().items()
        for name, deferred, line in _imports(ast.parse(path.read_text("utf-8")))
    ]


def _imports(node: ast.AST, deferred: bool = False) -> Iterator[tuple[str, bool, int]]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for branch in node.orelse:
            yield from _imports(branch, deferred)
        return
    if isinstance(node, ast.Import):
        yield from ((alias.name, deferred, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield (whole if whole in modules() else node.module or "", deferred, node.lineno)
    inner = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, inner)


def within_package() -> Iterator[Import]:
    return (found for found in imports() if found.name in modules() and found.name != found.module)


def layer(module: str) -> int:
    """The layer of the room that names this module most exactly."""
    rooms = {room: number for number, names in enumerate(LAYERS) for room in names.split()}
    inside = module.removeprefix("contextkit.").split(".")
    for length in range(len(inside), 0, -1):
        if (room := ".".join(inside[:length])) in rooms:
            return rooms[room]
    raise AssertionError(f"{module} belongs to no layer: give it a place in LAYERS")


def in_room(module: str, rooms: tuple[str, ...] | set[str]) -> bool:
    return any(module == f"contextkit.{room}" or module.startswith(f"contextkit.{room}.") for room in rooms)


def told(found: list[Import]) -> list[str]:
    return [f"{one.module}:{one.line} imports {one.name}" for one in found]


def test_the_reader_of_imports_sees_what_python_executes():
    source = (
        "from typing import TYPE_CHECKING\nimport a.b\nif TYPE_CHECKING:\n    import hidden\nelse:\n    import c\n"
        "def f():\n    from contextkit import tokens, nothing\n"
    )
    assert list(_imports(ast.parse(source))) == [
        ("typing", False, 1),
        ("a.b", False, 2),
        ("c", False, 6),
        ("contextkit.tokens", True, 8),
        ("contextkit", True, 8),
    ]


def test_every_room_in_the_list_exists():
    rooms = [room for names in LAYERS for room in names.split()]
    assert len(rooms) == len(set(rooms))
    assert [room for room in rooms if f"contextkit.{room}" not in modules()] == []


def test_imports_run_one_way():
    wrong = [
        found
        for found in within_package()
        if found.name != "contextkit"
        and layer(found.module) < layer(found.name)
        and (found.module, found.name) not in UPWARDS
    ]
    assert told(wrong) == []


def test_the_ways_up_are_used_and_deferred():
    used = {(found.module, found.name): found.deferred for found in within_package()}
    assert [way for way in UPWARDS if not used.get(way)] == []


def test_there_are_no_cycles_even_between_deferred_imports():
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for found in within_package():
        graph[found.module].add(found.name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imports go in a circle: " + " -> ".join(reversed(error.args[1])))


def test_packages_are_entered_without_a_cycle():
    """Importing a.b runs a/__init__ first, so whoever imports a.b from outside needs all that a needs."""
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for found in within_package():
        if not found.deferred:
            parts = found.name.split(".")
            entered = {".".join(parts[:length]) for length in range(2, len(parts) + 1)}
            graph[found.module] |= {name for name in entered if not f"{found.module}.".startswith(f"{name}.")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imports go in a circle: " + " -> ".join(reversed(error.args[1])))


def test_nobody_imports_the_top_of_the_package():
    wrong = [found for found in within_package() if found.name == "contextkit" and not in_room(found.module, {"cli"})]
    assert told(wrong) == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_room(library):
    used = [found for found in imports() if found.name.split(".")[0] == library]
    assert told([found for found in used if not in_room(found.module, LIBRARIES[library])]) == []
    eager = [found for found in used if not found.deferred and in_room(found.module, ONLY_WHEN_CALLED)]
    assert told(eager) == []


def test_every_library_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    declared = {line.split(">")[0].replace("-", "_") for line in wanted}
    libraries = {found.name.split(".")[0] for found in imports()} - set(sys.stdlib_module_names)
    parts = {"contextkit", "botocore", "amazondax", "strands"}  # of boto3, amazon-dax-client and strands-agents
    parts |= {"opentelemetry"}  # of opentelemetry-api
    assert sorted(libraries - declared - parts) == []
