"""A server on this machine in the place of Anthropic's and Bedrock's, for the models of LangChain and Strands."""

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

ANSWERS = {
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
}


class Provider(BaseHTTPRequestHandler):
    """Says yes to everything, and keeps what it was asked."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        answer = json.dumps(ANSWERS["converse" if self.path.endswith("/converse") else "anthropic"]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass
