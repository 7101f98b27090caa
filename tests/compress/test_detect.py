"""What a text is: prose also where it is indented and tells of errors; logs where lines stand for themselves."""

from __future__ import annotations

import json
import traceback
from pydoc_data.topics import topics

import pytest

from contextkit.compress import logs, prose
from contextkit.compress.detect import flows, outliner_of


@pytest.mark.parametrize("topic", ["calls", "compound", "customization", "specialnames", "string-methods", "try"])
def test_a_manual_with_definitions_and_examples_of_errors_is_prose(topic: str) -> None:
    assert outliner_of(topics[topic]) is prose.outline


def _raised(depth: int) -> str:
    try:
        return _raised(depth - 1) if depth else str(1 // 0)
    except ZeroDivisionError:
        return traceback.format_exc()


JAVA = 'Exception in thread "main" java.lang.IllegalStateException: no route to the harbour of Vik\n' + "".join(
    f"\tat org.ferry.timetable.Harbour.departures(Harbour.java:{line})\n" for line in range(40)
)
BUILD = (
    "Collecting ferry\n  Downloading ferry-2.1-py3-none-any.whl (64 kB) from the index\nInstalling: ferry, vik\n" * 9
)


@pytest.mark.parametrize("output", [_raised(9), JAVA, BUILD], ids=["python", "java", "build"])
def test_what_programs_print_is_a_log(output: str) -> None:
    assert outliner_of(output) is logs.outline


def test_parts_of_prose_and_of_markdown_read_by_themselves_and_of_nothing_else() -> None:
    readme = "# Ferry\n\nIt sails to `Vik`.\n\n## Fares\n\n- Adults pay **ten**.\n- Dogs pay nothing.\n" * 9
    assert flows(topics["calls"])
    assert flows(readme)
    assert not flows(json.dumps([{"note": topics["calls"]}]))
    assert not flows("harbour,departs,fare\nVik,12:30,10\nOslo,13:30,20\n" * 40)
    assert not flows("def fare(dog: bool) -> int:\n    return 0 if dog else 10\n\n\n" * 40)
    assert not flows(JAVA)
