"""What a build leaves behind for others: JSON on standard output, a report's page in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from contextkit.context import Context
from contextkit.errors import InvalidInput
from contextkit.report import Report


def print_json(context: Context) -> None:
    """The prompt in OpenAI's shape with its tokens and report, as one line of JSON."""
    request = context.to_openai()
    whole = {
        "messages": request["messages"],
        "tools": request.get("tools", []),
        "tokens": context.tokens,
        "report": context.report.to_dict(),
    }
    sys.stdout.write(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n")


def write_page(report: Report, path: Path) -> None:
    """The report as a page of its own. Raises `InvalidInput` where the file cannot be written."""
    try:
        path.write_text(report.to_html(standalone=True), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"The report cannot be written to {str(path)!r}: {error.strerror}.", "Choose another file.", value=str(path)
        ) from error
