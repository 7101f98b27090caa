"""How the command ends when it is neither simply done nor simply wrong."""

import os
import sys
from typing import Final

INTERRUPTED: Final = 130
"""The shell's own code for a command that Ctrl-C ended: 128 + SIGINT."""

UNREAD: Final = 141
"""The shell's own code for a command whose reader has gone: 128 + SIGPIPE."""


def hush() -> None:
    """Nobody reads standard output any more: send what is still buffered nowhere, so that nothing complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
