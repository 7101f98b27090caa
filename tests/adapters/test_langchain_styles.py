"""How chat models are told what to cache, by what they say of themselves."""

from __future__ import annotations

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.runnables import RunnablePassthrough
from pydantic import BaseModel

from contextkit.adapters.langchain_styles import target_of
from tests.adapters.providers import STYLES

langchain_aws = pytest.importorskip("langchain_aws", reason="needs the extra dev: langchain-aws")
AWS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.mark.parametrize("name", STYLES)
def test_each_model_has_its_own(name: str, models: dict[str, BaseChatModel]) -> None:
    assert target_of(models[name]).cache == STYLES[name]
    assert target_of(models[name].bind_tools([]) | RunnablePassthrough()).cache == STYLES[name]


@pytest.mark.parametrize("first", STYLES)
@pytest.mark.parametrize("second", STYLES)
def test_fallbacks_have_one_together_or_none(first: str, second: str, models: dict[str, BaseChatModel]) -> None:
    both = models[first].with_fallbacks([models[second]])
    assert target_of(both).cache == (STYLES[first] if STYLES[first] == STYLES[second] else None)


class Answer(BaseModel):
    """The answer."""

    days: str


@pytest.mark.filterwarnings("ignore:You are attempting to use structured output")
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_one_that_answers_by_a_schema_is_known(name: str, raw: bool, models: dict[str, BaseChatModel]) -> None:
    assert target_of(models[name].with_structured_output(Answer, include_raw=raw)).cache == STYLES[name]


def test_by_which_api_openai_s_is_called_may_depend_on_tools() -> None:
    openai = pytest.importorskip("langchain_openai", reason="needs the extra dev: langchain-openai")
    model = openai.ChatOpenAI(model="gpt-6", api_key="x")
    bare, given = target_of(model), target_of(model, tools=True)
    assert (bare.family, given.family) == ("openai", "responses")
    assert target_of(model.bind_tools([Answer])) == given
    assert target_of(model.bind(reasoning={"effort": "low"})) == given


def test_what_is_not_known_has_none() -> None:
    for model in (FakeListChatModel(responses=[]), RunnablePassthrough(), lambda prompt: prompt, None):
        assert target_of(model).cache is None


@pytest.mark.parametrize(
    ("model", "cached"),
    [
        ("anthropic.claude-v2:1", None),
        ("anthropic.claude-3-haiku-20240307-v1:0", None),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", None),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "converse"),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "converse"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "converse"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1", "converse"),
        ("meta.llama3-3-70b-instruct-v1:0", None),
        ("amazon.nova-pro-v1:0", "nova"),
        ("us.amazon.nova-premier-v1:0", "nova"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0", "nova"),
        ("us.amazon.nova-2-lite-v1:0", "nova"),
        ("amazon.nova-2-sonic-v1:0", None),
        ("amazon.titan-text-express-v1", None),
    ],
)
def test_bedrock_refuses_cache_points_of_models_that_do_not_cache(model: str, cached: str | None) -> None:
    chat = langchain_aws.ChatBedrockConverse(model=model, provider="anthropic", **AWS)
    assert target_of(chat).cache == cached


def test_a_profile_of_ones_own_is_known_by_its_base_model() -> None:
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    base = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    chat = langchain_aws.ChatBedrockConverse(model=profile, base_model=base, provider="anthropic", **AWS)
    assert target_of(chat).cache == "converse"
