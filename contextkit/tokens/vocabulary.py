"""Finds the vocabulary of a tiktoken encoding without ever waiting long for a network.

It looks, in this order, in tiktoken's own cache, in the installed `[offline]` extra (bpe-openai
ships the very files), and on OpenAI's server, with a short deadline. Bytes count only if their
SHA-256 is the one that tiktoken itself pins. What was downloaded is put where tiktoken looks for
it, so that the next process finds it there.
"""

from __future__ import annotations

import binascii
import gzip
import hashlib
import os
import tempfile
import threading
import urllib.request
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.error import HTTPError

DOWNLOAD_SECONDS: Final = 3.0
"""How long a process may wait, once, for a vocabulary: name lookup, connection and transfer together."""

MAX_BYTES: Final = 16 * 2**20
"""No vocabulary is larger: the largest, o200k_base, has 3.6 MB."""

_SOURCE: Final = "https://openaipublic.blob.core.windows.net/encodings"

_WORDS: Final = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"

_CL100K: Final = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)

_UPPER: Final = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER: Final = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

_O200K: Final = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One published BPE vocabulary: how text is split, and the file of ranked tokens with its SHA-256.

    The splitting pattern and the hash are those of tiktoken's own definition of the encoding.
    """

    name: str
    pattern: str
    sha256: str

    @property
    def url(self) -> str:
        return f"{_SOURCE}/{self.name}.tiktoken"

    def is_intact(self, data: bytes) -> bool:
        return hashlib.sha256(data).hexdigest() == self.sha256


_R50K: Final = Vocabulary("r50k_base", _WORDS, "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930")
_P50K: Final = Vocabulary("p50k_base", _WORDS, "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069")
_CL: Final = Vocabulary("cl100k_base", _CL100K, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")
_O2: Final = Vocabulary("o200k_base", _O200K, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")

VOCABULARIES: Mapping[str, Vocabulary] = MappingProxyType(
    {
        "gpt2": _R50K,
        "r50k_base": _R50K,
        "p50k_base": _P50K,
        "p50k_edit": _P50K,
        "cl100k_base": _CL,
        "o200k_base": _O2,
        "o200k_harmony": _O2,
    }
)
"""Each of tiktoken's encodings. Those that differ only in special tokens share a vocabulary."""


def find(vocabulary: Vocabulary, *, url: str | None = None, seconds: float = DOWNLOAD_SECONDS) -> bytes | None:
    """The vocabulary's file, verified; None where it can be had nowhere. Waits at most `seconds`."""
    return _cached(vocabulary) or _installed(vocabulary) or _download(vocabulary, url or vocabulary.url, seconds)


def parse(data: bytes) -> dict[bytes, int]:
    """Each token's rank, from a file of lines `base64 rank`, by rank."""
    words = data.split()
    tokens, ranks = words[::2], words[1::2]
    # Where the last says that none is left out, 200,000 numbers need not be read: a third of the time.
    whole = ranks[-1:] == [b"%d" % (len(tokens) - 1)]
    return dict(zip(map(binascii.a2b_base64, tokens), range(len(tokens)) if whole else map(int, ranks), strict=True))


def cache_path(vocabulary: Vocabulary) -> Path | None:
    """Where tiktoken keeps this file; None where its cache is switched off by an empty variable."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        folder = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    name = hashlib.sha1(vocabulary.url.encode(), usedforsecurity=False).hexdigest()
    return Path(folder, name) if folder else None


def _cached(vocabulary: Vocabulary) -> bytes | None:
    path = cache_path(vocabulary)
    try:
        data = path.read_bytes() if path else b""
    except OSError:  # not there, or not ours to read: the next place may have it
        return None
    return data if vocabulary.is_intact(data) else None


def _installed(vocabulary: Vocabulary) -> bytes | None:
    """The copy inside bpe-openai, found without importing it: its import alone parses every vocabulary."""
    spec = find_spec("bpe_openai")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            data = gzip.decompress(Path(folder, "data", f"{vocabulary.name}.tiktoken.gz").read_bytes())
        except (OSError, EOFError, zlib.error):  # absent or damaged: the download may have it
            continue
        if vocabulary.is_intact(data):
            return data
    return None


def _download(vocabulary: Vocabulary, url: str, seconds: float) -> bytes | None:
    """Fetch in a daemon thread: a name lookup or a dripping server heeds no socket timeout, a join does.

    A fetch that comes too late for this process still leaves the file for the next one.
    """
    received: list[bytes] = []
    thread = threading.Thread(target=_fetch, args=(vocabulary, url, seconds, received), daemon=True)
    thread.start()
    thread.join(seconds)
    return received[0] if received else None


def _fetch(vocabulary: Vocabulary, url: str, seconds: float, received: list[bytes]) -> None:
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:
            data = response.read(MAX_BYTES)
    except HTTPError as error:
        error.close()  # it holds the connection
        return
    except (OSError, HTTPException, ValueError):  # no network, no such host, an error page: the caller estimates
        return
    if vocabulary.is_intact(data):
        received.append(data)
        _keep(vocabulary, data)


def _keep(vocabulary: Vocabulary, data: bytes) -> None:
    """Put the file where tiktoken looks for it; a folder that cannot be written is simply not used."""
    path = cache_path(vocabulary)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)
    except OSError:
        return
