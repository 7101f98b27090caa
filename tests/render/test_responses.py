"""The Responses API's shape: by example, and against the types and the client of OpenAI's own package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.render.langchain import to_langchain
from contextkit.render.request import Breakpoints
from contextkit.render.responses import to_responses
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, Tool, ToolCall
from tests.render.openai_types import check_request

openai = pytest.importorskip("openai", reason="needs the extra dev: openai")

PNG = "iVBORw0KGgo="
PICTURE = {"type": "image", "base64": PNG, "mime_type": "image/png"}
IMAGE = {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}
MARK = {"mode": "explicit"}


def text(words: str) -> dict[str, str]:
    return {"type": "input_text", "text": words}


def test_a_loop(loop: tuple[Message, ...], tools: tuple[Tool, ...]) -> None:
    request = to_responses(loop, tools)
    check_request(request)
    assert request == {
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [text("Ann: Where are my orders?")]},
            {"role": "assistant", "content": "Looking."},
            {"type": "function_call", "call_id": "a", "name": "find", "arguments": '{"q": 1}'},
            {"type": "function_call", "call_id": "b", "name": "now", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "b", "output": "on its way"},
            {"type": "function_call_output", "call_id": "a", "output": "not found"},
            {"role": "user", "content": [text("And the other?")]},
        ],
        "tools": [
            {
                "type": "function",
                "name": "find",
                "description": "Find an order.",
                "parameters": {"type": "object", "properties": {"q": {"type": "integer"}}},
                "strict": False,
            },
            {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False},
        ],
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"input": [{"role": "user", "content": [text("hi") | {"colour": "red"}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_audio", "text": "hi"}]}]},
        {"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]},
        {"input": [], "tools": [{"type": "function", "name": "f", "parameters": {}}]},
    ],
)
def test_openai_s_types_tell_what_is_no_request(request_: dict[str, Any]) -> None:
    with pytest.raises((ValueError, AssertionError)):
        check_request(request_)


def test_no_tools_and_no_system_prompt_no_keys() -> None:
    assert to_responses([Message(role="user", content="hi")]).keys() == {"input"}


def test_system_messages_that_open_the_prompt_are_instructions_and_later_ones_are_items() -> None:
    request = to_responses(
        as_messages(
            [
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "kind."}]},
                {"role": "user", "content": "hi"},
                {"role": "system", "content": "It is noon."},
                {"role": "developer", "content": "Be quick."},
                {"role": "user", "content": "And now?"},
            ]
        )
    )
    check_request(request)
    assert request["instructions"] == "Be brief.\n\nBe\nkind."
    assert [item["role"] for item in request["input"]] == ["user", "system", "developer", "user"]


def test_a_prompt_of_nothing_but_a_system_prompt_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="nothing besides its system prompt"):
        to_responses([Message(role="system", content="Be brief."), Message(role="user", content="")])


MEDIA: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (PICTURE, IMAGE),
    (
        {"type": "image_url", "image_url": {"url": "https://x.test/a", "detail": "low"}},
        {"type": "input_image", "detail": "low", "image_url": "https://x.test/a"},
    ),
    (
        {"type": "input_image", "image_url": "https://x.test/a"},
        {"type": "input_image", "detail": "auto", "image_url": "https://x.test/a"},
    ),
    (
        {"type": "input_image", "file_id": "file-1", "detail": "high"},
        {"type": "input_image", "detail": "high", "file_id": "file-1"},
    ),
    (
        {"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf", "extras": {"filename": "a.pdf"}},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
    ),
    (
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
    ),
    ({"type": "file", "file": {"file_id": "f1"}}, {"type": "input_file", "file_id": "f1"}),
    ({"type": "input_file", "file_id": "f1"}, {"type": "input_file", "file_id": "f1"}),
    (
        {"type": "input_file", "file_url": "https://x.test/a.pdf"},
        {"type": "input_file", "file_url": "https://x.test/a.pdf"},
    ),
    (
        {"type": "file", "url": "https://x.test/a.pdf"},
        {"type": "input_file", "file_url": "https://x.test/a.pdf"},
    ),
]


@pytest.mark.parametrize(("block", "expected"), MEDIA)
@pytest.mark.parametrize("role", ["user", "tool"])
def test_images_and_files_stand_with_the_user_and_in_results(
    role: str, block: dict[str, Any], expected: dict[str, Any]
) -> None:
    prompt = [
        Message(role="assistant", tool_calls=(ToolCall("a", "look", "{}"),)),
        Message(role="tool", tool_call_id="a", content=(block,) if role == "tool" else "ok"),
        Message(role="user", content=(block,) if role == "user" else "ok"),
    ]
    request = to_responses(prompt)
    check_request(request)
    _, result, question = request["input"]
    assert (question["content"] if role == "user" else result["output"]) == [expected]


@pytest.mark.parametrize(
    "message",
    [
        Message(role="user", content=({"type": "video", "url": "https://x.test/a.mp4"},)),
        Message(role="user", content=({"type": "image", "base64": "AAAA"},)),
        Message(role="user", content=({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},)),
        Message(role="user", content=({"type": "server_tool_use", "id": "x"},)),
        Message(role="user", content=({"type": "reasoning", "id": "rs_1", "encrypted_content": "x"},)),
        Message(role="system", content=(PICTURE,)),
    ],
)
def test_what_has_no_place_is_refused(message: Message) -> None:
    with pytest.raises(InvalidMessage, match="OpenAI's Responses API takes no"):
        to_responses([Message(role="user", content="And now?"), message])


def test_several_texts_of_a_result_stay_apart_and_no_text_is_an_empty_one() -> None:
    prompt = as_messages(
        [
            {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"},
            {"type": "function_call", "call_id": "b", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": [text("one"), text("two")]},
            {"type": "function_call_output", "call_id": "b", "output": ""},
        ]
    )
    assert [item["output"] for item in to_responses(prompt)["input"][2:]] == [[text("one"), text("two")], ""]


@pytest.mark.parametrize(("length", "kept"), [(64, True), (65, False)])
def test_ids_that_are_too_long_are_replaced_on_both_sides(length: int, kept: bool) -> None:
    long = "x" * length
    call, result = to_responses(
        [
            Message(role="assistant", tool_calls=(ToolCall(long, "f", "{}"),)),
            Message(role="tool", tool_call_id=long),
        ]
    )["input"]
    assert call["call_id"] == result["call_id"]
    assert (call["call_id"] == long) is kept
    assert len(call["call_id"]) <= 64


def test_a_call_without_a_result_is_refused(loop: tuple[Message, ...]) -> None:
    with pytest.raises(InvalidMessage, match="Message 2 of the prompt: no result for the call 'b'"):
        to_responses([message for message in loop if message.tool_call_id != "b"])


def test_an_answer_s_texts_are_one_and_a_refusal_is_among_them() -> None:
    prompt = [
        Message(role="assistant", content=({"type": "text", "text": "Wha"}, {"type": "text", "text": "t?"})),
        Message(role="assistant", metadata={"refusal": "I will not."}),
        Message(role="user", content="Then don't."),
    ]
    assert [item["content"] for item in to_responses(prompt)["input"][:2]] == ["What?", "I will not."]


def test_the_request_shares_nothing_with_the_messages() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "action": {"query": "x"}, "status": "completed"}
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    request: Any = to_responses(
        [Message(role="assistant", content=(search,)), Message(role="user", content="hi")], [Tool("f", "", parameters)]
    )
    request["input"][0]["action"]["query"] = "changed"
    request["tools"][0]["parameters"]["properties"]["new"] = 1
    assert search["action"] == {"query": "x"}
    assert parameters == {"type": "object", "properties": {}}


# What the model said


def reasoning(number: int, **more: Any) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": f"Thought {number}."}]
    return {"type": "reasoning", "id": f"rs_{number}", "summary": summary, **more}


def message(number: int, words: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": words, "annotations": []}]
    said = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": content}
    return said | more


def call(number: int) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number}",
        "name": "find",
        "arguments": '{"q":1}',
    }


def output(number: int) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": f"call_{number}", "output": "found"}


def test_what_a_model_said_goes_back_as_it_came_and_in_its_order() -> None:
    said = [
        reasoning(1, encrypted_content="abc"),
        message(1, "Let me see.", phase="commentary"),
        reasoning(2, encrypted_content="def"),
        call(1),
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        call(2),
        message(2, "There."),
    ]
    question = {"role": "user", "content": [text("Where?")]}
    turn = [question, *said, output(1), output(2), question]
    request = to_responses(as_messages(turn))
    check_request(request)
    assert request["input"] == turn


def test_langchain_is_given_the_blocks_as_its_own_model_for_the_responses_api_gives_them() -> None:
    said = [reasoning(1, encrypted_content="abc"), message(1, "Let me see."), call(1)]
    blocks: Any = to_langchain(as_messages([*said, output(1)]))[0].content
    assert [block["type"] for block in blocks] == ["reasoning", "text", "function_call"]
    assert blocks[2] == call(1)
    assert to_responses(as_messages(to_langchain(as_messages([*said, output(1)]))))["input"] == [*said, output(1)]


def test_reasoning_in_the_shape_of_langchain_s_standard_blocks() -> None:
    blocks = (
        {"type": "reasoning", "id": "rs_1", "reasoning": "First.", "encrypted_content": "abc"},
        {"type": "reasoning", "id": "rs_1", "reasoning": "Second."},
        {"type": "text", "text": "Yes.", "id": "msg_1"},
        {"type": "reasoning", "id": "rs_2", "extras": {"encrypted_content": "def"}},
        {"type": "text", "text": "No.", "id": "msg_2"},
    )
    request = to_responses([Message(role="assistant", content=blocks), Message(role="user", content="Which?")])
    check_request(request)
    summaries = [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Second."}]
    assert request["input"][:4] == [
        {"type": "reasoning", "id": "rs_1", "summary": summaries, "encrypted_content": "abc"},
        message(1, "Yes."),
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "def"},
        message(2, "No."),
    ]


def test_open_models_reasoning_goes_back_in_plain_text() -> None:
    thought = reasoning(1, content=[{"type": "reasoning_text", "text": "Hm."}])
    request = to_responses(as_messages([thought, call(1), output(1)]))
    check_request(request)
    assert request["input"] == [thought, call(1), output(1)]


@pytest.mark.parametrize(
    "thought",
    [
        [reasoning(1)],
        [reasoning(1), reasoning(2, encrypted_content="abc")],
        [{"type": "thinking", "thinking": "Hm.", "signature": "s"}],
        [{"type": "redacted_thinking", "data": "AAAA"}],
    ],
)
def test_without_reasoning_that_can_go_back_the_rest_stands_without_its_ids(thought: list[dict[str, Any]]) -> None:
    """A server that stores answers refuses a message under its own id without the reasoning that it followed."""
    said = {"type": "text", "text": "Yes.", "id": "msg_1"}
    placed = {key: value for key, value in call(1).items() if key != "arguments"}
    prompt = Message(
        role="assistant",
        content=(*thought, said),
        tool_calls=(ToolCall("call_1", "find", '{"q":1}'),),
        metadata={"content_calls": [[len(thought) + 1, placed]]},
    )
    assert to_responses([prompt, *as_messages([output(1)])])["input"] == [
        {"role": "assistant", "content": "Yes."},
        {key: value for key, value in call(1).items() if key != "id"},
        output(1),
    ]


def test_an_answer_that_was_shortened_stands_without_its_ids() -> None:
    (said,) = as_messages([reasoning(1, encrypted_content="abc"), message(1, "Yes, long ago."), call(1)])
    shortened = Message(role="assistant", content="Yes.", tool_calls=said.tool_calls, metadata=said.metadata)
    first, second, _ = to_responses([shortened, *as_messages([output(1)])])["input"]
    assert first == {"role": "assistant", "content": "Yes."}
    assert "id" not in second


def test_ids_that_no_server_of_openai_s_gave_are_left_out() -> None:
    (said,) = as_messages([reasoning(1, encrypted_content="abc"), message(1, "Yes.", id="x" * 70), call(1)])
    assert to_responses([said, *as_messages([output(1)])])["input"][1] == {"role": "assistant", "content": "Yes."}


# Cache


def test_breakpoints_are_marked_where_they_may_be(loop: tuple[Message, ...], tools: tuple[Tool, ...]) -> None:
    request = to_responses(loop, tools, Breakpoints((0, 2, 4, 5), after_tools=True))
    check_request(request)
    assert "instructions" not in request
    system, question, *_, failed, last = request["input"]
    assert system == {"role": "system", "content": [{**text("Be brief."), "prompt_cache_breakpoint": MARK}]}
    assert failed["output"] == [{**text("not found"), "prompt_cache_breakpoint": MARK}]
    assert last["content"] == [{**text("And the other?"), "prompt_cache_breakpoint": MARK}]
    assert question["content"] == [text("Ann: Where are my orders?")], "the first mark and the last two"


def test_what_the_model_said_cannot_be_marked_so_what_stands_before_it_is(loop: tuple[Message, ...]) -> None:
    prompt = [*loop[:2], Message(role="assistant", content="Where?"), loop[-1]]
    marked = [bool(item["content"][-1]) and "prompt_cache_breakpoint" in str(item) for item in _input(prompt, (2,))]
    assert marked == [False, True, False, False]


def _input(prompt: list[Message], points: tuple[int, ...]) -> list[dict[str, Any]]:
    return to_responses(prompt, (), Breakpoints(points))["input"]


def test_a_context_marks_nothing_unless_it_is_told_to() -> None:
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(store=store, sources=[System("Be brief.")], budget=Budget(window=2_000, reserve=100))
        context = builder.build("hi", actor_id="ann", session_id="s")
    request = context.to_responses()
    assert (request["instructions"], request["input"]) == ("Be brief.", [{"role": "user", "content": [text("hi")]}])
    assert "prompt_cache_breakpoint" not in json.dumps(request)
    assert "prompt_cache_breakpoint" in json.dumps(context.to_responses(cache=True))


# Over HTTP


def answer(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": "m",
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 120,
            "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 4},
            "total_tokens": 129,
        },
    }


class Server(BaseHTTPRequestHandler):
    """Answers what it is told to where a request is one that the API's types allow; else with an error, as the API."""

    asked: list[dict[str, Any]]
    answers: list[list[dict[str, Any]]]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            assert self.path == "/v1/responses"
            assert request.pop("model") == "m"
            check_request(request)
            self.asked.append(request)
            self.answer(200, answer(self.answers.pop(0)))
        except (AssertionError, ValueError) as error:
            self.answer(400, {"error": {"message": str(error), "type": "invalid_request_error"}})

    def answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[Any, type[Server]]]:
    """OpenAI's client, and what its server was asked and will answer."""
    here = type("Here", (Server,), {"asked": [], "answers": []})
    with HTTPServer(("127.0.0.1", 0), here) as listening:
        Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{listening.server_port}/v1"
        with openai.OpenAI(api_key="x", base_url=url, max_retries=0) as client:
            yield client, here
        listening.shutdown()


def find(q: int) -> str:
    """Find an order."""
    return f"order {q}"


def test_an_agent_s_turn_with_openai_s_own_client(server: tuple[Any, type[Server]]) -> None:
    client, here = server
    calls = [{**call(1), "status": "completed"}, call(2)]
    here.answers += [
        [reasoning(1, encrypted_content="abc"), *calls],
        [reasoning(2, encrypted_content="def"), message(1, "It is on its way.")],
        [message(2, "You are welcome.")],
    ]
    who = ("ann", "s")
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(
            store=store,
            sources=[System("Be brief."), Tools([find]), History()],
            budget=Budget(window=4_000, reserve=100),
        )
        context = builder.build("Where?", actor_id="ann", session_id="s")
        response = client.responses.create(model="m", store=False, **context.to_responses())
        assert builder.observe(context, response.usage) is None
        store.append(*who, [{"role": "user", "content": "Where?"}, *response.output])
        for item in response.output:
            if item.type == "function_call":
                found = context.tool(item.name).origin(**json.loads(item.arguments))
                store.append(*who, [{"type": "function_call_output", "call_id": item.call_id, "output": found}])
        context = builder.build(actor_id="ann", session_id="s")
        response = client.responses.create(model="m", **context.to_responses(cache=True))
        store.append(*who, response.output)
        store.append(*who, response.output)
        assert [one.role for one in store.messages(*who)] == ["user", "assistant", "tool", "tool", "assistant"]
        context = builder.build("Thanks.", actor_id="ann", session_id="s")
        response = client.responses.create(model="m", **context.to_responses())
        assert store.append(*who, response.output)[0].content == "You are welcome."
    first, _, last = here.asked
    assert (first["store"], first["instructions"]) == (False, "Be brief.")
    assert "store" not in last
    results = [{"type": "function_call_output", "call_id": f"call_{n}", "output": "order 1"} for n in (1, 2)]
    said = [reasoning(1, encrypted_content="abc"), call(1), call(2), *results]
    said += [reasoning(2, encrypted_content="def"), message(1, "It is on its way.")]
    question, thanks = ({"role": "user", "content": [text(words)]} for words in ("Where?", "Thanks."))
    assert first["input"] == [question]
    assert last["input"] == [question, *said, thanks]
