"""`python -m backorderctl`."""

from backorderctl.cli import run

run()
