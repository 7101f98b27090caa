"""`python -m contextkit.cli` is the `contextkit` command."""

from contextkit.cli import main

main()
