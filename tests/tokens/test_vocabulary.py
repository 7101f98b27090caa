"""Finding a vocabulary: its places in their order, a real server that behaves badly, and no waiting."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from contextkit.tokens import vocabulary
from contextkit.tokens.vocabulary import VOCABULARIES, Vocabulary, cache_path, find, parse

TINY = b"IQ== 0\nIg== 1\nIw== 2\n"
LETTERS = Vocabulary("letters", r"\S+|\s+", hashlib.sha256(TINY).hexdigest())
NOWHERE = "http://127.0.0.1:9/letters.tiktoken"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of our own, and no installed vocabularies."""
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(vocabulary, "find_spec", lambda _: None)
    return tmp_path / "cache"


@contextmanager
def serving(body: bytes, *, status: int = 200, pause: float = 0.0, declared: int | None = None) -> Iterator[str]:
    """A server on loopback that answers every request with `body`, after `pause` seconds a byte."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if declared is None else declared))
            self.end_headers()
            for byte in body if pause else ():
                if done.wait(pause):
                    return
                self.wfile.write(bytes([byte]))
            if not pause:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output quiet."""

    done = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/letters.tiktoken"
    finally:
        done.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("name", sorted(VOCABULARIES))
def test_pins_and_patterns_are_those_of_tiktoken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "gpt2":
        pytest.skip("tiktoken builds gpt2 from other files; its own tests hold it equal to r50k_base")
    if name not in openai_public.ENCODING_CONSTRUCTORS:
        pytest.skip("this tiktoken is older than the vocabulary")
    asked: list[tuple[str, str | None]] = []

    def load(url: str, expected_hash: str | None = None) -> dict[bytes, int]:
        asked.append((url, expected_hash))
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    defined = openai_public.ENCODING_CONSTRUCTORS[name]()
    ours = VOCABULARIES[name]
    assert asked == [(ours.url, ours.sha256)]
    assert splits_alike(ours.pattern, defined["pat_str"])


def splits_alike(ours: str, theirs: str) -> bool:
    @settings(max_examples=300, deadline=None)
    @given(st.one_of(st.text(), st.text(alphabet="aZ'sl 1½é\n\r\t/.!\u3000漢ǅʼ\u0364")))
    def compare(text: str) -> None:
        assert regex.findall(ours, text) == regex.findall(theirs, text)

    compare()
    return True


def test_tiktokens_cache_comes_first_and_is_where_tiktoken_looks(cache: Path) -> None:
    path = cache / hashlib.sha1(LETTERS.url.encode()).hexdigest()
    assert cache_path(LETTERS) == path
    cache.mkdir()
    path.write_bytes(TINY)
    assert find(LETTERS, url=NOWHERE) == TINY


def test_the_cache_folder_follows_tiktokens_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_GYM_CACHE_DIR", str(tmp_path / "gym"))
    assert cache_path(LETTERS).parent == tmp_path / "cache"
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    assert cache_path(LETTERS).parent == tmp_path / "gym"
    monkeypatch.delenv("DATA_GYM_CACHE_DIR")
    assert cache_path(LETTERS).parent.name == "data-gym-cache"
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert cache_path(LETTERS) is None
    with serving(TINY) as url:
        assert find(LETTERS, url=url) == TINY


def test_the_installed_copy_is_byte_for_byte_the_file_that_tiktoken_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "find_spec", find_spec)
    for name, size in (("o200k_base", 199_998), ("cl100k_base", 100_256)):
        data = find(VOCABULARIES[name], url=NOWHERE)
        assert data is not None
        assert hashlib.sha256(data).hexdigest() == VOCABULARIES[name].sha256
        assert len(parse(data)) == size


@pytest.mark.parametrize(
    "damage",
    [b"not gzip", gzip.compress(TINY)[:-4], gzip.compress(b"IQ== 9\n")],
    ids=["not gzip", "cut off", "another vocabulary"],
)
def test_a_damaged_installed_copy_is_passed_over(
    damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(vocabulary, "find_spec", lambda _: Spec)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "letters.tiktoken.gz").write_bytes(damage)
    assert find(LETTERS, url=NOWHERE) is None
    (tmp_path / "data" / "letters.tiktoken.gz").write_bytes(gzip.compress(TINY))
    assert find(LETTERS, url=NOWHERE) == TINY


def test_a_download_is_kept_for_the_next_time(cache: Path) -> None:
    with serving(TINY) as url:
        assert find(LETTERS, url=url) == TINY
    assert find(LETTERS, url=NOWHERE) == TINY
    assert [path.name for path in cache.iterdir()] == [hashlib.sha1(LETTERS.url.encode()).hexdigest()]


def test_a_damaged_cache_is_replaced(cache: Path) -> None:
    cache.mkdir()
    path = cache / hashlib.sha1(LETTERS.url.encode()).hexdigest()
    path.write_bytes(b"half a fi")
    with serving(TINY) as url:
        assert find(LETTERS, url=url) == TINY
    assert path.read_bytes() == TINY


@pytest.mark.parametrize(
    ("body", "status", "declared"), [(b"wrong", 200, None), (TINY, 404, None), (TINY[:-4], 200, len(TINY))]
)
def test_wrong_or_missing_or_cut_off_bytes_are_not_used(
    body: bytes, status: int, declared: int | None, cache: Path
) -> None:
    with serving(body, status=status, declared=declared) as url:
        assert find(LETTERS, url=url, seconds=2) is None
    assert not cache.exists() or not list(cache.iterdir())


def test_a_server_that_drips_is_not_waited_for() -> None:
    """Each byte comes in time for a socket's timeout; the whole file would take four seconds."""
    with serving(TINY, pause=0.2) as url:
        assert find(LETTERS, url=url, seconds=0.3) is None


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert find(LETTERS, url=f"http://127.0.0.1:{listener.getsockname()[1]}/", seconds=0.2) is None


def test_a_name_lookup_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(30) and [])
    try:
        assert find(LETTERS, url="http://vocabularies.example/x", seconds=0.2) is None
    finally:
        released.set()


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "file"))
    with serving(TINY) as url:
        assert find(LETTERS, url=url) == TINY


@pytest.mark.parametrize("ranks", [[0, 1, 2], [0, 1, 3], [1, 2, 3], []])
def test_every_token_has_the_rank_that_stands_beside_it(ranks: list[int]) -> None:
    """Some vocabularies leave numbers out, for tokens with a meaning of their own."""
    tokens = [b"a", b" b", b"\xff"][: len(ranks)]
    lines = b"".join(b"%s %d\n" % (b64encode(token), rank) for token, rank in zip(tokens, ranks, strict=True))
    assert parse(lines) == dict(zip(tokens, ranks, strict=True))
