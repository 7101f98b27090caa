"""Media in content blocks: every provider's shape, the published examples, and payloads that are never text."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.media import separate
from contextkit.media.images import Size
from contextkit.media.medium import BYTES_PER_TOKEN, OPENAI_MOST, UNKNOWN, anthropic_image, openai_image

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 1_024, 1_024) + b"\0" * 5_000
DATA = base64.b64encode(PNG).decode()
PDF = base64.b64encode(b"%PDF-1.7" + b"\0" * 500_000).decode()


@pytest.mark.parametrize(
    ("size", "tokens"),
    [((1_024, 1_024), 765), ((2_048, 4_096), 1_105), ((512, 512), 255), ((150, 150), 255), ((4_096, 8_192), 1_105)],
)
def test_openais_published_examples(size: tuple[int, int], tokens: int) -> None:
    assert openai_image(Size(*size)) == tokens


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((200, 200), 54),
        ((1_000, 1_000), 1_334),
        ((1_092, 1_092), 1_590),
        ((1_920, 1_080), 2_765),
        ((8_000, 8_000), 5_000),
    ],
)
def test_anthropics_published_examples(size: tuple[int, int], tokens: int) -> None:
    assert anthropic_image(Size(*size)) == tokens


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_no_image_costs_more_than_an_unknown_one(width: int, height: int) -> None:
    size = Size(width, height)
    assert 1 <= anthropic_image(size) <= UNKNOWN["image"]
    assert 255 <= openai_image(size) <= OPENAI_MOST


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}, 765),
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}", "detail": "low"}}, 85),
        ({"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}}, 85),
        ({"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "high"}}, OPENAI_MOST),
        ({"type": "image_url", "image_url": "https://a.example/x.png"}, OPENAI_MOST),
        ({"type": "input_image", "image_url": f"data:image/png;base64,{DATA}", "detail": "high"}, 765),
        ({"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": DATA}, 1_399),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}, 1_399),
        ({"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}}, UNKNOWN["image"]),
        ({"type": "image", "base64": DATA, "mime_type": "image/png"}, 1_399),
        ({"type": "image", "source_type": "base64", "data": DATA, "mime_type": "image/png"}, 1_399),
        ({"type": "image", "url": "https://a.example/x.png", "width": 150, "height": 150}, 255),
        ({"type": "image", "base64": "not base64 at all!", "mime_type": "image/png"}, UNKNOWN["image"]),
        ({"image": {"format": "png", "source": {"bytes": PNG}}}, 1_399),
        ({"inline_data": {"mime_type": "image/png", "data": DATA}}, 1_399),
        ({"type": "media", "mime_type": "image/png", "data": DATA}, 1_399),
        ({"type": "file", "file_id": "file-abc"}, UNKNOWN["file"]),
        ({"type": "file", "file": {"file_id": "file-abc"}}, UNKNOWN["file"]),
        ({"type": "audio", "url": "https://a.example/x.mp3"}, UNKNOWN["audio"]),
        ({"type": "video", "url": "https://a.example/x.mp4"}, UNKNOWN["video"]),
    ],
)
def test_blocks_of_every_provider(block: dict[str, Any], tokens: int) -> None:
    assert separate(block) == (tokens, None)


@pytest.mark.parametrize(
    ("block", "tokens", "rest"),
    [
        ({"type": "reasoning", "summary": [], "encrypted_content": "A" * 1_601}, 301, {"summary": []}),
        ({"type": "reasoning", "extras": {"encrypted_content": "A" * 1_600, "more": 1}}, 300, {"extras": {"more": 1}}),
        ({"type": "reasoning", "reasoning": "Hm."}, 0, {"reasoning": "Hm."}),
        ({"type": "compaction", "encrypted_content": "A" * 16}, 3, {}),
    ],
)
def test_what_is_encrypted_costs_what_was_encrypted(block: dict[str, Any], tokens: int, rest: dict[str, Any]) -> None:
    assert separate(block) == (tokens, {"type": block["type"], **rest})


def test_sounds_and_files_cost_by_their_bytes() -> None:
    sound = base64.b64encode(b"\0" * 150_000).decode()
    assert separate({"type": "input_audio", "input_audio": {"data": sound, "format": "mp3"}}) == (1_200, None)
    tokens, rest = separate(
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
    )
    assert rest is None
    assert tokens == pytest.approx(500_008 / BYTES_PER_TOKEN["file"], rel=0.001)
    file = {"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf"}
    assert separate(file) == (UNKNOWN["file"], None)
    told = {"context": "Of May.", "name": "Terms"}
    assert separate({**file, "extras": {**told, "citations": {"enabled": True}}}) == (UNKNOWN["file"], told)


def test_a_document_that_is_text_is_text() -> None:
    given_as_text = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Hello."},
        "title": "T",
    }
    assert separate(given_as_text) == (0, {"title": "T", "text": "Hello."})
    encoded = {"type": "file", "base64": base64.b64encode("Héllo.".encode()).decode(), "mime_type": "text/markdown"}
    assert separate(encoded) == (0, {"text": "Héllo."})


def test_a_document_of_blocks_costs_its_blocks() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}
    block = {"type": "document", "source": {"type": "content", "content": [picture, {"type": "text", "text": "Seen."}]}}
    assert separate(block) == (1_399, {"content": [None, {"type": "text", "text": "Seen."}]})


def test_media_inside_other_blocks_are_taken_out_of_them() -> None:
    block = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "image", "base64": DATA, "mime_type": "image/png"}],
    }
    assert separate(block) == (1_399, {"type": "tool_result", "tool_use_id": "t1", "content": [None]})


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": "abc"},
        {"type": "tool_use", "id": "t", "name": "draw", "input": {"type": "image", "prompt": "a swallow"}},
        {"type": "image"},
        {"anything": [1, 2.5, None, True]},
    ],
)
def test_what_is_no_medium_stays_as_it_is(block: dict[str, Any]) -> None:
    assert separate(block) == (0, block)


def test_bytes_anywhere_are_a_file() -> None:
    assert separate({"type": "odd", "blob": b"\0" * 92_000}) == (9_200, {"type": "odd", "blob": None})


KEYS = ["type", "source", "image_url", "url", "data", "base64", "mime_type", "media_type", "width", "height"]
KEYS += ["image", "file", "content", "text", "title", "detail", "bytes"]
BLOCK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=8) | st.just(DATA),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner
            | st.sampled_from(["image", "image_url", "file", "document", "audio", "text", "text/plain", "image/png"]),
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(BLOCK)
def test_no_block_crashes_or_leaves_bytes(block: Any) -> None:
    tokens, rest = separate(block)
    assert tokens >= 0
    assert b"" not in leaves(rest)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [b"" if isinstance(value, bytes) else value]
