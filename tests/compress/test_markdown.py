"""Of Markdown whole thoughts are kept: text under its headings, code between fences, lists behind what leads there."""

from __future__ import annotations

import re

import pytest

from contextkit.compress import shorten
from contextkit.compress.markdown import is_markdown
from contextkit.types import TokenCounter

SECTIONS = ["Installation", "Command line", "Editors", "Continuous integration", "Plugins", "Style editions"]
BADGE = "[![tests](https://ci.example.org/badge.svg)](https://ci.example.org/tests)"
ABOUT = "It reads every file of a package once and rewrites those whose layout differs from what was agreed on."


def section(name: str) -> str:
    word = name.split()[0].lower()
    options = "".join(f"* `--{word}-{n}` sets how often the {word} step is tried again\n" for n in range(6))
    script = "".join(f"    tidy {word} --step {n} --verbose src/{word}_{n}.py\n" for n in range(30))
    return f"""## {name}

Some people need the {word} step more often than others
do, and they
may set it up in a file. {ABOUT}

To set up {word}, run:

```sh
tidy setup {word}
```

The {word} step takes these options:

{options}
### More on {name.lower()}

```sh
# every step of {word}
{script}```

"""


README = f"# tidy\n\n{BADGE}\n\n{ABOUT}\n\n" + "".join(map(section, SECTIONS))


def blocks(short: str) -> list[str]:
    return re.findall(r"^```sh\n.*?^```$", short, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("limit", [200, 500])
def test_of_what_is_asked_for_by_its_heading_the_text_stands_under_it(
    name: str, limit: int, counter: TokenCounter
) -> None:
    short = shorten(README, limit, counter, query=f"How do I set up {name.lower()}?")
    word = name.split()[0].lower()
    assert f"To set up {word}, run:\n\n```sh\ntidy setup {word}\n```\n" in short
    assert short.index(f"## {name}\n") < short.index(f"tidy setup {word}\n")
    assert counter.text(short) <= limit


@pytest.mark.parametrize("query", ["", "options", "step 17 of editors", "verbose src/plugins_3.py"])
@pytest.mark.parametrize("limit", [60, 150, 400, 900])
def test_no_heading_stands_alone_and_no_block_is_open(query: str, limit: int, counter: TokenCounter) -> None:
    short = shorten(README, limit, counter, query=query)
    assert short.count("```") == 2 * len(blocks(short))
    assert all(re.search("tidy|src", block) for block in blocks(short))
    said = re.sub(r"^\s*\[….*?…\]\n", "", short, flags=re.MULTILINE)
    assert re.search(r"^##+ .*\n\s*(?:## |\Z)", said, re.MULTILINE) is None


def test_an_entry_stands_behind_what_leads_to_it(counter: TokenCounter) -> None:
    short = shorten(README, 120, counter, query="--editors-4")
    assert short.index("The editors step takes these options:\n") < short.index("* `--editors-4`")


def test_a_line_of_a_long_block_stands_between_its_fences(counter: TokenCounter) -> None:
    short = shorten(README, 150, counter, query="src/editors_13.py")
    found = next(block for block in blocks(short) if "src/editors_13.py" in block)
    assert "lines left out" in found
    assert short.index("## Editors\n") < short.index("### More on editors\n") < short.index(found)


def test_a_row_stands_under_the_header_of_its_table(counter: TokenCounter) -> None:
    rows = "".join(f"| `key_{n}` | what the key is for, number {n} |\n" for n in range(80))
    short = shorten(f"{README}## Keys\n\n| key | use |\n|---|---|\n{rows}", 120, counter, query="key_42")
    assert "## Keys\n" in short
    assert short.index("| key | use |\n|---|---|\n") < short.index("\n| `key_42` ")


def test_sentences_go_on_from_short_line_to_short_line(counter: TokenCounter) -> None:
    short = shorten(README, 100, counter, query="people need the plugins step")
    assert "Some people need the plugins step more often than others\ndo, and they\nmay set it up in a file." in short


def test_badges_say_nothing(counter: TokenCounter) -> None:
    assert "badge" not in shorten(README, counter.text(README) * 3 // 4, counter, query="tests badge svg")


def test_where_nothing_is_asked_for_the_title_and_what_sections_begin_with_are_kept(counter: TokenCounter) -> None:
    short = shorten(README, 450, counter)
    assert short.startswith("# tidy\n")
    assert ABOUT in short
    opened = [name for name in SECTIONS if f"## {name}\n\nSome people need the" in short]
    assert len(opened) > 3


def test_every_line_stands_as_it_did(counter: TokenCounter) -> None:
    short = shorten(README, 400, counter, query="editors")
    kept = [line for line in short.splitlines() if "…" not in line]
    assert set(kept) <= set(README.splitlines())
    assert kept == sorted(kept, key=lambda line: README.index(line)) or len(set(kept)) < len(kept)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"# step {n}\nvalue_{n} = compute({n})\nif value_{n} > 3:\n    print(value_{n})\n" for n in range(90)),
        "".join(f"## the port of service {n}\nservice_{n}:\n  port: {8000 + n}\n  name: web\n" for n in range(90)),
    ],
    ids=["python", "yaml"],
)
def test_comments_are_no_headings(text: str, counter: TokenCounter) -> None:
    short = shorten(text, 100, counter, query="service 42 or value 42")
    assert "42" in short
    assert re.search(r"(?:lines|records) left out …\]\n", short)


@pytest.mark.parametrize(
    "head",
    ['<div align="center">\n' + '<a href="x"><img src="y"/></a>\n' * 30 + "</div>\n", "<!-- made of api.json -->\n"],
    ids=["tags", "comment"],
)
def test_markdown_may_begin_with_tags(head: str, counter: TokenCounter) -> None:
    text = head + README.replace("tidy setup editors", "Editors(\n    names={1: 2},\n)")
    short = shorten(text, 200, counter, query="set up editors")
    assert "To set up editors, run:\n\n```sh\nEditors(\n    names={1: 2},\n)\n```\n" in short


def test_a_script_whose_words_are_markdown_is_code(counter: TokenCounter) -> None:
    told = "# Counting\n\n## Fast\n\nUse `count_1`, **not** a loop.\n\n```python\ncount_1(2)\n```\n"
    functions = "".join(
        f"# Step {n} of it\ndef count_{n}(value):\n    return value + {n} * many\n\n" for n in range(40)
    )
    short = shorten(f'"""Counts.\n\n{told}"""\nimport re\n\n{functions}', 150, counter)
    assert "# Step" not in short
    assert short.count("def count_") > 5


def test_a_heading_too_long_to_be_one_takes_no_room(counter: TokenCounter) -> None:
    long = f"## {ABOUT * 4}\n\nPut the `key` in the drawer.\n\n```sh\ntidy\n```\n"
    short = shorten(long + README, 60, counter, query="put the key in the drawer")
    assert "Put the `key` in the drawer.\n" in short


def test_lines_under_headings_are_no_fences() -> None:
    assert not is_markdown(["Step 1", "~~~~~~", "Set it up.", "Step 2", "~~~~~~", "Start it."])


def test_an_answer_without_headings_keeps_its_blocks_whole(counter: TokenCounter) -> None:
    steps = "".join(
        f"Then set up step {n}, which some people need more often than others:\n\n```sh\ntidy --step {n}\n```\n\n"
        for n in range(40)
    )
    short = shorten(steps, 120, counter, query="step 17")
    assert "Then set up step 17, which some people need more often than others:\n\n```sh\ntidy --step 17\n```" in short
    assert short.count("```") == 2 * len(blocks(short))


@pytest.mark.parametrize("unit", ["```\n", "# a\n", "- a:\n", "| a |\n|-|\n", "~~~\n\n", "#", "```x", "a:\n```\n"])
def test_whatever_is_repeated_stays_within_the_limit(unit: str, counter: TokenCounter) -> None:
    text = "# a\n\n## b\n\n`c` and so on\n\n```\nd\n```\n" + unit * 5_000
    for query in ("", "a b"):
        assert counter.text(shorten(text, 50, counter, query=query)) <= 50
