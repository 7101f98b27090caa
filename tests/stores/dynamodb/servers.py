"""MiniStack on a port of its own, which a test may stop, kill and start again.

It is looked for in its own environment: the one that `CONTEXTKIT_MINISTACK` names, or
`.venv-ministack` beside this project's. Where it is not there, the test is skipped.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


class Server:
    """One server, for a `with` block. `home` is a folder of its own, where it keeps what it stores."""

    def __init__(self, home: Path) -> None:
        self._program = Path(os.environ.get("CONTEXTKIT_MINISTACK") or ROOT / ".venv-ministack") / "bin" / "ministack"
        if not self._program.exists():
            pytest.skip(f"needs MiniStack ({self._program} is not there) or CONTEXTKIT_DYNAMODB_ENDPOINT")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._home = home

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
                [str(self._program)], env=environment, cwd=self._home, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"MiniStack did not start: {(self._home / 'log').read_text()[-2000:]}")

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
