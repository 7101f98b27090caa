"""Whose Strands' models are, and where their prompts are marked, by what they say of themselves."""

from __future__ import annotations

import pytest

from contextkit.adapters.strands_models import Marks, target_of
from contextkit.render.family import Family

pytest.importorskip("strands", reason="needs the extra dev: strands-agents")

from strands.models import BedrockModel

from tests.strands_model import Scripted


@pytest.mark.parametrize(
    ("model_id", "family", "marks"),
    [
        ("global.anthropic.claude-sonnet-4-6", "converse", True),
        ("anthropic.claude-3-haiku-20240307-v1:0", "converse", False),
        ("us.amazon.nova-pro-v1:0", "bedrock", "nova"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "bedrock", False),
    ],
)
def test_bedrock_s_are_known_by_their_ids(model_id: str, family: Family, marks: Marks) -> None:
    target = target_of(BedrockModel(model_id=model_id, region_name="us-east-1"))
    assert (target.family, target.marks) == (family, marks)
    assert target.maker == {"model_provider": "bedrock_converse", "model_name": model_id}


def test_others_are_known_by_their_names() -> None:
    openai = pytest.importorskip("strands.models.openai", reason="needs the extra dev: langchain-openai")
    target = target_of(openai.OpenAIModel(client_args={"api_key": "x"}, model_id="m"))
    assert (target.family, target.marks, target.maker) == ("openai", False, None)
    assert (target_of(Scripted()).family, target_of(Scripted()).marks) == ("other", False)
