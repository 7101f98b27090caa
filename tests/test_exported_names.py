"""The public names: all there, resolved on first use, and nothing else to be mistaken for one."""

import importlib
import subprocess
import sys

import pytest

import contextkit

LAZY = ["contextkit", "contextkit.memory", "contextkit.sources"]

PACKAGES = [
    *LAZY,
    "contextkit.actor",
    "contextkit.compress",
    "contextkit.demo",
    "contextkit.messages",
    "contextkit.report",
    "contextkit.stores.sqlite",
    "contextkit.testing.agentcore",
    "contextkit.vectors",
]

EXPORTED = {
    "contextkit": {
        "Budget",
        "Context",
        "ContextBuilder",
        "ContextKitError",
        "ContextStrategy",
        "Document",
        "Item",
        "Message",
        "Report",
        "Request",
        "Tool",
        "ToolCall",
        "__version__",
    },
    "contextkit.memory": {
        "BackgroundMemory",
        "MemoryEngine",
        "MemoryStrategy",
        "MemoryTools",
        "ModelConsolidator",
        "ModelExtractor",
        "Pending",
        "Receipt",
        "RuleConsolidator",
        "RuleExtractor",
    },
    "contextkit.sources": {
        "Documents",
        "History",
        "Memories",
        "Overflow",
        "Preferences",
        "Sessions",
        "System",
        "Tools",
    },
}


@pytest.mark.parametrize("package", EXPORTED)
def test_the_public_names_are_these(package):
    """Taking one away breaks users; adding one is a promise. Both are decided here, not by accident."""
    assert set(importlib.import_module(package).__all__) == EXPORTED[package]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_resolves_and_is_listed_in_order(package):
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []
    assert list(module.__all__) == sorted(module.__all__, key=_rank)


def _rank(name):
    """Ruff's order: constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", LAZY)
def test_nothing_else_leaks(package):
    """In a fresh process: names that tests have imported would otherwise hang on the package as attributes."""
    program = f"import {package} as module; print(*dir(module)); print(*(n for n in vars(module) if n[0] != '_'))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    listed, there = map(str.split, result.stdout.splitlines())
    assert set(listed) == EXPORTED[package]
    assert set(there) <= EXPORTED[package] | {"TYPE_CHECKING", "Any", "annotations"}


@pytest.mark.parametrize("package", LAZY)
def test_a_name_that_does_not_exist_is_an_attribute_error(package):
    module = importlib.import_module(package)
    with pytest.raises(AttributeError, match=r"has no attribute 'Sauces'"):
        module.Sauces  # noqa: B018


def test_a_resolved_name_is_the_one_of_its_home():
    from contextkit.budget import Budget

    assert contextkit.Budget is Budget
    assert vars(contextkit)["Budget"] is Budget
