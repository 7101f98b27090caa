"""Servers on ports of their own, which a test may stop, kill and start again.

MiniStack is looked for in its own environment: the one that `CONTEXTKIT_MINISTACK` names, or
`.venv-ministack` beside this project's. dynalite is installed into a folder of its own where Node
is present. Where a server is not to be had, its tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pytest

from contextkit.stores.dynamodb import DynamoDBStore

ROOT = Path(__file__).parents[3]

DYNALITE = "4.0.0"


class Server:
    """MiniStack, for a `with` block. `home` is a folder of its own, where it keeps what it stores."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._home = home
        self._command = self.command()

    def command(self) -> list[str]:
        """What to start."""
        program = Path(os.environ.get("CONTEXTKIT_MINISTACK") or ROOT / ".venv-ministack") / "bin" / "ministack"
        if not program.exists():
            pytest.skip(f"needs MiniStack ({program} is not there) or CONTEXTKIT_DYNAMODB_ENDPOINT")
        return [str(program)]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, with all that it had when it was killed, and wait until it answers."""
        environment = {
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "LOG_LEVEL": "ERROR",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._home / "state"),
        }
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, cwd=self._home, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"{self._command[0]} did not start: {(self._home / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """End it. What it stored is there again when it is started again."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def hang(self) -> None:
        """Stop it where it is: connections are taken, and nothing is answered."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Undo `hang`."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.go_on()
        self.kill()


class Dynalite(Server):
    """dynalite, for a `with` block: another DynamoDB, written by others, without transactions and TTL."""

    def command(self) -> list[str]:
        """What to start: an installation that stays between runs."""
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs Node for dynalite")
        folder = Path(tempfile.gettempdir()) / f"contextkit-dynalite-{DYNALITE}"
        program = folder / "node_modules" / ".bin" / "dynalite"
        if not program.exists():
            asked = [npm, "install", "--fetch-retries=1", "--fetch-timeout=20000", "--prefix", str(folder)]
            try:
                subprocess.run([*asked, f"dynalite@{DYNALITE}"], capture_output=True, timeout=120, check=True)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                pytest.skip(f"npm could not install dynalite: {error} {(error.stderr or b'')[-300:]!r}")
        return [str(program), "--host", "127.0.0.1", "--port", str(self._port), "--createTableMs", "0"]


def make_tables(client: object) -> str:
    """Tables that nobody else uses: their prefix."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    DynamoDBStore(prefix, client=client).create_tables()
    return prefix
