"""A server on this machine in the place of Anthropic's, Bedrock's and OpenAI's, for LangChain's models and Strands'."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from contextkit.render.langchain_cache import CacheStyle

STYLES: dict[str, CacheStyle] = {
    "ChatAnthropic": "anthropic",
    "ChatBedrock": "anthropic",
    "ChatBedrock over Converse": "converse",
    "ChatBedrockConverse": "converse",
}
"""The chat models, and how each is told what to cache."""

ANSWERS: dict[str, Any] = {
    "converse": {
        "output": {"message": {"role": "assistant", "content": [{"text": "Yes."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 1, "totalTokens": 6},
        "metrics": {"latencyMs": 1},
    },
    "anthropic": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Yes."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 1},
    },
    "completions": {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    },
    "responses": {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    },
}


class Provider(BaseHTTPRequestHandler):
    """Says yes to everything, and keeps what it was asked."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        answer = json.dumps(ANSWERS.get(self.path.rpartition("/")[2], ANSWERS["anthropic"])).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass
