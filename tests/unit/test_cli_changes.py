"""Every command that changes something can be tried first."""

import click

from provisioning.cli.root import tollkeeper

# what looks and changes nothing; every other command has --dry-run and --yes
LOOKING = {"list", "show", "history", "balance", "status", "total", "details", "find", "export", "verify"}
OWN_BOOKMARKS = {("filter", "remove")}  # nobody else's, and no part of the record
LOOKING |= {"explain", "shadow", "auth-test", "tree", "get", "check", "plan", "whoami", "completion", "preview"}
LOOKING |= {"drift", "attempts"}
LOOKING |= {"test"}  # of a gateway: what it sends is no part of the record


def commands(group, path=()):
    """Return every command below a group, with its path."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_change_can_be_tried():
    """All commands but those known to look only have --dry-run and --yes, and those have neither."""
    options = {
        path: {option for param in command.params for option in param.opts} for path, command in commands(tollkeeper)
    }
    assert len(options) > 40
    tried = {path for path in options if path[-1] not in LOOKING} - OWN_BOOKMARKS
    assert {path for path in options if {"--dry-run", "--yes"} <= options[path]} == tried
    assert {path for path in options if {"--dry-run", "--yes"} & options[path]} == tried
