"""The command line. One file per noun; everything heavy is imported inside the command that needs it.

SQLAlchemy takes a third of a second to import, so `--help` does without it: command modules import click, and the
operations only when a command runs.
"""
