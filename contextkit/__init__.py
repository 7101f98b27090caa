"""contextkit decides what a model sees, within one hard token budget, and can say why.

The public names are resolved on first use, so that `import contextkit` costs next to nothing:
it loads no boto3, tiktoken, numpy, pydantic or langchain. To read the code, begin with `contextkit.assemble`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextkit.assemble import ContextBuilder as ContextBuilder
    from contextkit.budget import Budget as Budget
    from contextkit.context import Context as Context
    from contextkit.document import Document as Document
    from contextkit.errors import ContextKitError as ContextKitError
    from contextkit.report import Report as Report
    from contextkit.strategy import ContextStrategy as ContextStrategy
    from contextkit.types import Item as Item
    from contextkit.types import Message as Message
    from contextkit.types import Request as Request
    from contextkit.types import Tool as Tool
    from contextkit.types import ToolCall as ToolCall

__version__ = "0.1.0"

_HOME = {
    "Budget": "contextkit.budget",
    "Context": "contextkit.context",
    "ContextBuilder": "contextkit.assemble",
    "ContextStrategy": "contextkit.strategy",
    "Document": "contextkit.document",
    "Report": "contextkit.report",
    "ContextKitError": "contextkit.errors",
    "Item": "contextkit.types",
    "Message": "contextkit.types",
    "Request": "contextkit.types",
    "Tool": "contextkit.types",
    "ToolCall": "contextkit.types",
}

__all__ = [
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
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'contextkit' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
