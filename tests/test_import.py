"""What an import costs: `import contextkit` loads nothing heavy, and each light room stays light."""

import json
import subprocess
import sys

import pytest

HEAVY = {"boto3", "botocore", "tiktoken", "bpe_openai", "numpy", "pydantic", "langchain_core", "rich", "typer"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that are loaded once a fresh interpreter has run the statement."""
    program = (
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return set(json.loads(result.stdout))


def test_loaded_by_sees_what_is_loaded():
    assert "numpy" in loaded_by("import numpy")


@pytest.mark.parametrize(
    "statement",
    [
        "import contextkit",
        "import contextkit.errors, contextkit.types",
        "from contextkit import Budget, ContextStrategy, Message, Tool",
        "import contextkit; dir(contextkit)",
        "import contextkit.sources",
        "from contextkit.sources import System",
        "import contextkit.cli",
    ],
)
def test_nothing_heavy_is_loaded(statement):
    assert sorted(loaded_by(statement) & HEAVY) == []


def test_a_builder_needs_no_langchain_boto3_or_terminal():
    loaded = loaded_by("from contextkit import ContextBuilder; from contextkit.sources import History, System")
    assert sorted(loaded & (HEAVY - {"numpy"})) == []
