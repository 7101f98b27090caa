"""Context: what one build decided to show, and how to hand it to a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from contextkit.render.attached import MOST_ATTACHED
from contextkit.render.request import MOST_OPENAI_TOOLS, NO_BREAKPOINTS, Breakpoints
from contextkit.shown_tools import shown_name
from contextkit.types import Message, Tool

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from contextkit.render.anthropic import AnthropicRequest
    from contextkit.render.converse import ConverseRequest
    from contextkit.render.family import Family
    from contextkit.render.langchain_cache import CacheStyle
    from contextkit.render.openai import OpenAIRequest
    from contextkit.render.responses import ResponsesRequest
    from contextkit.render.thinking import Thinking
    from contextkit.report import Report


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Context:
    """One assembled prompt.

    `messages` stand in their final order, the current turn last; `tools` are those the model
    may call. `tokens` is the whole prompt as counted, tool schemas and framing included, with the
    `beside` tokens of what is sent beside it (see `ContextBuilder.build`).
    `report` holds one decision per candidate. `breakpoints` say up to where the prompt is
    likely to be sent again unchanged.

    The `to_…` methods shape it for one provider each. They raise `InvalidMessage` or
    `InvalidTool` for what that provider cannot take, and never change the context itself. Words stand for a picture or
    file that it does not take once the user has said something since.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    report: Report
    tokens: int
    beside: int = 0
    breakpoints: Breakpoints = NO_BREAKPOINTS

    def tool(self, name: str) -> Tool | None:
        """The tool that a model calls by this name, its own or the one it is shown under; None where there is none.

        Its `origin` is what was passed to `Tools`, for an agent to run.
        """
        return next((tool for tool in self.tools if name in (tool.name, shown_name(tool.name))), None)

    def to_langchain(self, *, cache: CacheStyle | None = None, family: Family | None = None) -> list[BaseMessage]:
        """The messages as LangChain's. The tools are bound to the model: see `to_langchain_tools`.

        Made to fit every chat model, as `contextkit.render.langchain.to_langchain_prompt` tells: a system
        message behind others is the user's, and where the assistant would speak first, the user says `(continued)`.

        Breakpoints are marked where `cache` names a style: "anthropic" for `ChatAnthropic` and
        `ChatBedrock`, "converse" for `ChatBedrockConverse`, "nova" for that with a model of Amazon's. Other chat models
        take none. `family` says whose chat model it is where no style does ("openai" for `ChatOpenAI`, or "responses"
        by that API, "google" for Gemini's, "other"), so that it takes what another provider's said in the session.
        """
        from contextkit.render.langchain import to_langchain_prompt

        return to_langchain_prompt(self.messages, self.breakpoints, cache, family)

    def to_langchain_tools(self, *, cache: CacheStyle | None = None) -> list[dict[str, Any]]:
        """The tools for `model.bind_tools(…)`, with the breakpoint after them marked in the style of `cache`."""
        from contextkit.render.langchain_cache import langchain_tools

        return langchain_tools(self.tools, self.breakpoints, cache)

    def to_openai(self, *, most_tools: int = MOST_OPENAI_TOOLS, thinking: Thinking = "auto") -> OpenAIRequest:
        """Keyword arguments for `client.chat.completions.create`: `messages` and `tools`.

        More than `most_tools` are refused. OpenAI takes 128; another server that speaks its API may take more.

        What a thinking model's server tells beside its answers (DeepSeek's and Kimi's `reasoning_content`) goes back
        with their calls of tools, where the session's last answers came with such: these servers answer with an error
        to a call that comes back without. Where a session goes over from another model to theirs, pass
        `thinking="reasoning_content"`; where it goes from theirs to a server that knows no such field (OpenAI, Groq,
        Mistral), pass `thinking=None`. For gpt-oss on vLLM, Groq or Ollama pass `thinking="reasoning"`.
        """
        from contextkit.render.openai import to_openai

        return to_openai(self.messages, self.tools, most_tools=most_tools, thinking=thinking)

    def to_responses(self, *, cache: bool = False, most_tools: int = MOST_OPENAI_TOOLS) -> ResponsesRequest:
        """Keyword arguments for `client.responses.create`: `instructions`, `input`, `tools`.

        The whole prompt: pass no `previous_response_id` beside it. `store` and `include` are left to you. Pass
        `cache=True` for GPT-5.6 and later models, which find a prompt's beginning again only as far as a mark, and
        place one of their own near its end; other models refuse marks. More than `most_tools` are refused, as in
        `to_openai`.
        """
        from contextkit.render.responses import to_responses

        return to_responses(self.messages, self.tools, self._breakpoints(cache), most_tools=most_tools)

    def to_anthropic(self, *, cache: bool = True) -> AnthropicRequest:
        """Keyword arguments for `client.messages.create`: `system`, `messages`, `tools`; breakpoints marked."""
        from contextkit.render.anthropic import to_anthropic

        return to_anthropic(self.messages, self.tools, self._breakpoints(cache))

    def to_converse(
        self,
        *,
        cache: bool | Literal["nova"] = True,
        family: Literal["converse", "bedrock"] | None = None,
        most_attached: int = MOST_ATTACHED,
    ) -> ConverseRequest:
        """Keyword arguments for Bedrock's `client.converse`: `system`, `messages`, `toolConfig`.

        Pass `cache=False` for a model without prompt caching, which would refuse cache points, and `cache="nova"` for
        Amazon Nova, which takes them in the system prompt and in what a user says. Pass `family="bedrock"` for any
        model that is not Claude, as "nova" does: it is not sent what Claude thought earlier in the session, which it
        would refuse.

        Bedrock takes five documents in a request, and Claude 20 pictures and documents together, of all that was
        attached in the session: the last ones are sent, and words stand for the others. Pass `most_attached` for a
        model that takes another number of both together.
        """
        from contextkit.render.converse import to_converse

        points = self._breakpoints(bool(cache))
        return to_converse(
            self.messages,
            self.tools,
            points,
            family=family or ("bedrock" if cache == "nova" else "converse"),
            nova=cache == "nova",
            most_attached=most_attached,
        )

    def _breakpoints(self, cache: bool) -> Breakpoints:
        return self.breakpoints if cache else NO_BREAKPOINTS

    def __repr__(self) -> str:
        messages = f"{len(self.messages):,} message{'' if len(self.messages) == 1 else 's'}"
        tools = f"{len(self.tools):,} tool{'' if len(self.tools) == 1 else 's'}"
        return f"<Context: {self.tokens:,} of {self.report.window:,} tokens, {messages}, {tools}>"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()
