"""Exit codes that are not simply success or failure."""

INTERRUPTED = 130
"""The shell's own code for a command that Ctrl-C ended: 128 + SIGINT."""
