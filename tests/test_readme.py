"""README and the pages of docs are true: their Python runs, their commands run, their strategy is one, and what they
link to is there."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from tests.cli.conftest import Run, forking, run
from tests.render.converse_types import check_converse

__all__ = ["forking", "run"]

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = (
    Path("README.md"),
    *map(Path, dict.fromkeys(re.findall(r"\]\((docs/\w+\.md)\)", README.split("## Guides")[1]))),
)
"""In the order in which the README names them, which is that of reading."""

HEADINGS = re.compile(r"^#+ (.+)$", re.MULTILINE)

CONVERSATION = """\
{"role": "user", "content": "Shall we meet on Friday at noon?"}
{"role": "assistant", "content": "Agreed: Friday at noon, at the café."}
"""


class ScriptedModel(GenericFakeChatModel):
    """A chat model that says what it was told to, whatever tools it is given."""

    def bind_tools(self, tools, **_):
        assert all(tool["type"] == "function" for tool in tools)
        return self


class Block(NamedTuple):
    page: Path
    kind: str
    line: int
    text: str


def blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page)]


def blocks_of(page: Path) -> list[Block]:
    text = read(page)
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(page, match[1], text[: match.start(2)].count("\n"), match[2]) for match in found]


def read(page: Path) -> str:
    return (ROOT / page).read_text("utf-8")


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    return {re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title in HEADINGS.findall(prose(page))}


@pytest.fixture
def model():
    """Any chat model will do, the README says; this one calls a tool, and then answers."""
    call = {"name": "track_order", "args": {"order_id": "TT-118250"}, "id": "call-1"}
    said = [AIMessage("Within 30 days."), AIMessage("", tool_calls=[call]), AIMessage("On Friday."), AIMessage("Yes.")]
    profile = {"max_input_tokens": 128_000, "max_output_tokens": 4_096}
    return ScriptedModel(messages=iter(said), profile=profile)


@pytest.fixture
def bedrock():
    """The same for Strands."""
    pytest.importorskip("strands", reason="needs the extra dev: strands-agents")
    from tests.strands_model import Scripted, call, text

    return Scripted([call("track_order", order_id="TT-118250")], [text("It is with the carrier.")])


class Client:
    """boto3's for Bedrock: it streams a call, and then an answer."""

    def __init__(self):
        call = {"toolUse": {"toolUseId": "t1", "name": "track_order"}}
        asked = {"toolUse": {"input": '{"order_id": "TT-118250"}'}}
        self._answers = iter([[call, asked, "tool_use"], [{}, {"text": "On Friday, streamed."}, "end_turn"]])

    def converse_stream(self, **request):
        check_converse(request)
        start, delta, reason = next(self._answers)
        at = {"contentBlockIndex": 0}
        began = [{"contentBlockStart": {**at, "start": start}}] if start else []
        usage = {"inputTokens": 400, "outputTokens": 9, "totalTokens": 409}
        ended = [{"messageStop": {"stopReason": reason}}, {"metadata": {"usage": usage}}]
        return {"stream": [*began, {"contentBlockDelta": {**at, "delta": delta}}, *ended]}


@pytest.mark.slow
def test_every_block_does_what_it_says(model, bedrock, run, tmp_path, monkeypatch, capsys):
    """In order, in one empty folder, and Python in one namespace, as a reader would try them."""
    pytest.importorskip("langchain.agents", reason="needs the extra dev: langchain")
    monkeypatch.chdir(tmp_path)
    Path("conversation.jsonl").write_text(CONVERSATION, "utf-8")
    namespace = {"model": model, "bedrock": bedrock, "client": Client(), "__name__": "readme"}
    for block in blocks():
        if block.kind == "python":
            exec(compile("\n" * block.line + block.text, str(block.page), "exec"), namespace)
        elif block.kind == "toml":
            Path(block.text.split()[1]).write_text(block.text, "utf-8")
        elif block.kind == "sh":
            try_commands(block, run)
    told = capsys.readouterr().out
    assert "On Friday." in told
    assert "On Friday, streamed." in told
    assert "It is with the carrier." in told
    assert "returns" in told
    assert "The workshop is" in told
    assert namespace["page"].startswith("<!doctype html>")
    assert "<title>" in Path("report.html").read_text("utf-8")
    said = [message.text for message in namespace["store"].messages("ines", "s1")]
    assert said[:2] == ["And when may I send it back?", "Within 30 days."]
    assert said[-1] == "On Friday."
    said = [message.text for message in namespace["store"].messages("ines", "parcels")]
    assert said == ["Is a parcel insured?", "Yes."]


def try_commands(block: Block, run: Run) -> None:
    for line in block.text.splitlines():
        program, *arguments = shlex.split(line, comments=True)
        if program == "contextkit":
            result = run(*arguments)
            assert result.code == 0, f"{block.page}:{block.line}: {line}\n{result.err}"
            assert result.out
        else:
            assert program in ("make", "pip"), line


def test_every_kind_of_block_is_one_that_is_tried():
    assert {block.kind for block in blocks()} == {"python", "sh", "toml"}
    assert sum(read(page).count("```") for page in PAGES) == 2 * len(blocks())


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test", "check", "bench"} <= named <= targets


def test_every_page_is_one_that_the_readme_names():
    assert {Path("docs", page.name) for page in (ROOT / "docs").glob("*.md")} == {*PAGES} - {Path("README.md")}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_it_links_to_is_there(page):
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", prose(page)) if "://" not in link]
    assert links
    for file, _, anchor in links:
        target = (ROOT / page.parent / file).resolve().relative_to(ROOT) if file else page
        assert (ROOT / target).is_file(), file
        assert not anchor or anchor in anchors(target), f"{file}#{anchor}"


def test_the_picture_is_light():
    assert (ROOT / "docs" / "report.png").stat().st_size <= 300_000
