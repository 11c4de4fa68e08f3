"""How every command behaves: loaded when used, `--json`, one-line errors with a hint, exit statuses.

A command returns an `output.Result`, which is printed here, after its transaction has been committed. What it raises
is printed here too: `cause`, then `HINT: what to do`, on stderr; with --json as {"error", "hint"} on stdout.

A command that changes something can be tried first (--dry-run), and asks before more than ten customers are concerned,
unless told not to (--yes); a command is taken for one of those unless its verb is known to look only.
"""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from provisioning import intent
from provisioning.cli import output, types
from provisioning.errors import BadInput, OperatorError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_LONGEST_CAUSE = 300
BROKEN_PIPE = 141  # 128 + SIGPIPE


# verbs that change nothing; further commands of the kind say `changes=False`
_LOOKING = frozenset({"list", "show", "history", "balance", "status", "total", "details", "find", "export", "verify"})
_DRY_RUN_KEYS = (
    "rows (how many), changes (relation, key, customer, before, after), customers (how many), counts, sessions"
    " (session_id, user_name, customer, nas, started_at, effect, before, after, reason), unseen (areas)"
)


class Command(click.Command):
    """A command with --json, whose result is printed; with --dry-run and --yes where it changes something."""

    dry_run_keys = _DRY_RUN_KEYS

    def __init__(
        self, *arguments: Any, example: str = "", keys: str = "", changes: bool | None = None, **keywords: Any
    ) -> None:
        super().__init__(*arguments, **keywords)
        for param in self.params:
            if param.type is click.STRING:
                param.type = types.TEXT  # which completes names
        self.changes = self.name not in _LOOKING if changes is None else changes
        self.epilog = _epilog(example, keys, self.dry_run_keys if self.changes else "")
        if self.changes:
            self.params.append(click.Option(["--dry-run"], is_flag=True, help="Change nothing, show what would."))
            self.params.append(click.Option(["--yes"], is_flag=True, help="Do not ask, however many it concerns."))
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."))

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and print what it returns, or what it would change; return the exit status."""
        as_json = ctx.params.pop("as_json", False)
        for name, value in ctx.params.items():
            _check_text(name, value)
        if not self.changes:
            result: output.Result = super().invoke(ctx)
        else:
            result = self._change(ctx, as_json=as_json)
        result.print(as_json=as_json)
        return result.exit_status

    def _change(self, ctx: click.Context, *, as_json: bool) -> output.Result:
        dry_run, confirmed = ctx.params.pop("dry_run"), ctx.params.pop("yes")
        wanted = replace(intent.current(), dry_run=dry_run, confirmed=confirmed, in_full=as_json, ask=_ask, effect=None)
        if not wanted.dry_run:
            with intent.wanting(wanted):
                done: output.Result = super().invoke(ctx)
            return done
        from provisioning.cli import effects, progress

        with progress.told("who is online") as wanted.tell, intent.wanting(wanted):
            super().invoke(ctx)
        return effects.result(wanted.effect)


class LazyGroup(click.Group):
    """A group whose commands are imported when one of them is called. Members: name -> (module:object, short help)."""

    command_class = Command

    def __init__(self, *arguments: Any, members: Mapping[str, tuple[str, str]] | None = None, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.members = members or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were given, which is that of need; lazy ones first."""
        return [*self.members, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command of this name."""
        if cmd_name not in self.members:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.members[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help, importing none."""
        room = formatter.width - 6 - max(map(len, self.list_commands(ctx)), default=0)
        helps = {name: short_help for name, (_, short_help) in self.members.items()}
        helps |= {name: command.get_short_help_str(room) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(list(helps.items()))


class RootGroup(LazyGroup):
    """The whole command line, which turns exceptions into messages and exit statuses."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line, or complete one for a shell, and exit."""
        if instruction := os.environ.get("_TOLLKEEPER_COMPLETE"):
            from provisioning.cli import completion

            completion.complete(self, instruction)
            sys.exit()
        arguments = list(sys.argv[1:] if args is None else args)
        sys.exit(self._run(arguments, prog_name or "tollkeeper", complete_var=complete_var, **extra))

    def _run(self, arguments: list[str], prog_name: str, **extra: Any) -> int:
        try:
            status = super().main(arguments, prog_name, standalone_mode=False, **extra)
        except OperatorError as exc:
            return _report(exc, as_json="--json" in arguments)
        except click.exceptions.NoArgsIsHelpError as exc:
            exc.show()
            return BadInput.exit_status
        except click.ClickException as exc:
            return _report(_usage_error(exc), as_json="--json" in arguments)
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED
        except BrokenPipeError:
            sys.stderr.close()  # nobody reads any more: no message at exit either
            return BROKEN_PIPE
        return status or 0


def _ask(customers: int) -> None:
    """Ask whether this many customers are meant; raise where they are not, or nobody is there to be asked."""
    concerned = f"it concerns {customers:,} customers"
    if not sys.stdin.isatty():
        raise BadInput(concerned, "Give --yes, or see who: --dry-run.")
    click.confirm(f"{concerned[0].upper()}{concerned[1:]}. Do it?", abort=True, err=True)


def _report(error: OperatorError, *, as_json: bool) -> int:
    if as_json:
        output.print_json({"error": error.message, "hint": error.hint})
    else:
        click.echo(f"{_shortened(error.message)}\nHINT: {error.hint}", err=True)
    return error.exit_status


def _shortened(cause: str) -> str:
    """Return a cause that fits a few lines of a terminal, whatever was typed and is quoted in it."""
    return cause if len(cause) <= _LONGEST_CAUSE else f"{cause[:60]} ... {cause[-_LONGEST_CAUSE + 65 :]}"


def _usage_error(error: click.ClickException) -> BadInput:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "tollkeeper"
    cause = " ".join(error.format_message().split()).rstrip(".")
    return BadInput(cause[:1].lower() + cause[1:], f"See: {path} --help.")


def _check_text(name: str, value: Any) -> None:
    """Refuse what no option may hold, before it meets a database: control characters, octets that are not UTF-8."""
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and not text.isprintable():
            option = name.replace("_", "-")
            raise BadInput(
                f"{option} has a character that cannot be printed", "Leave out control characters; use UTF-8."
            )


def _epilog(example: str, keys: str, dry_run_keys: str) -> str:
    parts = [f"\b\nExample:\n  {example}"] if example else []
    parts += [f"JSON keys: {keys}."] if keys else []
    parts += [f"With --dry-run: {dry_run_keys}."] if dry_run_keys else []
    return "\n\n".join(parts)
