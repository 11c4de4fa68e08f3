"""Shell completion: nouns, verbs and options from the commands themselves, names from the database.

A script in the shell calls the command line with _TOLLKEEPER_COMPLETE set, for each press of the tab key; click finds
out what is being typed. Names are asked for with a short time-out, and where the database does not answer there are
none: nobody waits for a completion, and no message disturbs the line that is being typed.
"""

import os
import re
import select
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from provisioning.cli import output
from provisioning.cli.command import Command

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

VARIABLE = "_TOLLKEEPER_COMPLETE"
_PROGRAM = Path(__file__).resolve().parents[2] / "bin" / "tollkeeper"
_SECONDS = "0.5"
_MOST = 50
_LAST_WORD = re.compile(r"""(?:[^\s\\'"]|\\.|"[^"]*"?|'[^']*'?)*$""")

# what begins so: deleted customers and cancelled accounts are typed by hand
_NAMES = {
    "customer": "SELECT code FROM customer WHERE code LIKE upper(%(begins)s) AND deleted_at IS NULL",
    "account": "SELECT user_name FROM account WHERE user_name LIKE %(begins)s AND cancelled_at IS NULL",
    "group": "SELECT name FROM customer_group WHERE name LIKE %(begins)s",
    "package": "SELECT name FROM package WHERE name LIKE %(begins)s",
    "nas": "SELECT name FROM nas WHERE name LIKE %(begins)s",
    "reseller": "SELECT name FROM reseller WHERE name LIKE %(begins)s",
    "operator": "SELECT name FROM operator WHERE name LIKE %(begins)s",
    "role": "SELECT name FROM operator_role WHERE name LIKE %(begins)s",
    "filter": "SELECT name FROM saved_filter WHERE name LIKE %(begins)s AND operator = session_user",
}
_PARAMETERS = {"parent": "customer", "codes": "customer", "user_name": "account"}
_PARAMETERS |= {"default_package": "package", "saved": "filter"}
_OWN = {"name", "code", "user_name"}  # what a noun's own commands call what they are about

_BASH = r"""
%(complete_func)s() {
    local IFS=$'\n'
    COMPREPLY=($(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \
        %(complete_var)s=bash_complete %(program)s))
    if [[ ${COMPREPLY[0]} == file ]]; then COMPREPLY=(); compopt -o default; fi
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_ZSH = r"""
#compdef %(prog_name)s
%(complete_func)s() {
    local -a completions described
    local type key descr
    while read -r type && read -r key && read -r descr; do
        if [[ $type == file ]]; then _files
        elif [[ $descr == _ ]]; then completions+=("$key")
        else described+=("$key:$descr")
        fi
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(complete_var)s=zsh_complete %(program)s)
    (( $#described )) && _describe -V unsorted described -U
    (( $#completions )) && compadd -U -V unsorted -a completions
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then %(complete_func)s "$@"
else compdef %(complete_func)s %(prog_name)s
fi
"""
_FISH = r"""
function %(complete_func)s
    for completion in (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) \
            %(program)s)
        set -l parts (string split -m 1 , $completion)
        if test $parts[1] = file
            __fish_complete_path (commandline -t)
        else
            echo $parts[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Shell(ShellComplete):
    """A shell whose script calls this very program, whatever the alias is."""

    def source(self) -> str:
        """Return the script."""
        return (self.source_template % {**self.source_vars(), "program": shlex.quote(str(_PROGRAM))}).lstrip("\n")


class Bash(_Shell, BashComplete):
    """bash, which takes @ and : for ends of words: what it has of the word is left out of what it is given."""

    source_template: ClassVar[str] = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before, and the one that is being typed."""
        words = split_arg_string(os.environ["COMP_LINE"])
        return (words[1:-1], words[-1]) if _last_word() else (words[1:], "")

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return what bash puts in the place of its word."""
        if item.type != "plain":
            return "file"
        typed, bashs_word = _last_word(), os.environ.get("COMP_WORD", "")
        if typed[:1] in ("'", '"'):
            return str(item.value)
        text = "".join(letter if letter.isalnum() or letter in "@%+=:,./_-" else f"\\{letter}" for letter in item.value)
        return text[max(0, len(typed) - len(bashs_word)) :] if typed.endswith(bashs_word) else text


def _last_word() -> str:
    """Return what is being typed as it is typed: with its backslashes, with a quote that may be open."""
    match = _LAST_WORD.search(os.environ["COMP_LINE"])
    return match[0] if match else ""


class Zsh(_Shell, ZshComplete):
    """zsh, which shows what each completion means."""

    source_template: ClassVar[str] = _ZSH


class Fish(_Shell, FishComplete):
    """fish."""

    source_template: ClassVar[str] = _FISH


_SHELLS: dict[str, type[_Shell]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


@click.command(
    "completion",
    cls=Command,
    example='eval "$(tollkeeper completion bash)"    # into ~/.bashrc',
    keys="shell, script",
    changes=False,
)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> output.Result:
    """Print the script that completes commands, options and names when the tab key is pressed.

    \b
    bash: eval "$(tollkeeper completion bash)", in ~/.bashrc
    zsh:  eval "$(tollkeeper completion zsh)", in ~/.zshrc, behind compinit
    fish: tollkeeper completion fish > ~/.config/fish/completions/tollkeeper.fish
    """
    script = _SHELLS[shell](context.find_root().command, {}, "tollkeeper", VARIABLE).source()
    return output.Result({"shell": shell, "script": script}, script.splitlines)


def complete(root: click.Command, instruction: str) -> None:
    """Print the completions that a shell's script asks for: `bash_complete`."""
    shell = _SHELLS.get(instruction.partition("_")[0])
    if shell is not None:
        click.echo(shell(root, {}, "tollkeeper", VARIABLE).complete())


def names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """Return the names that a parameter may have, which begin as it is typed; none where nobody knows them."""
    noun = _noun(context, parameter.name or "")
    if noun not in _NAMES:
        return []
    return [CompletionItem(name) for name in _ask(_NAMES[noun], incomplete)]


def _noun(context: click.Context, name: str) -> str:
    own = context.parent.info_name if context.parent is not None else None
    if name in _OWN and own in _NAMES:
        return "" if context.info_name == "add" else own  # what is being added has no name yet
    return _PARAMETERS.get(name, name)


def _ask(query: str, incomplete: str) -> list[str]:
    """Ask the database, for half a second at most, or as long as PGCONNECT_TIMEOUT says."""
    import psycopg2

    from provisioning import writings

    begins = writings.containing(incomplete)[1:]
    try:
        deadline = time.monotonic() + float(os.environ.get("PGCONNECT_TIMEOUT") or _SECONDS)
        connection = psycopg2.connect("", application_name="tollkeeper", async_=1)
        try:
            _wait(connection, deadline)
            with connection.cursor() as cursor:
                cursor.execute(f"{query} ORDER BY 1 LIMIT {_MOST}", {"begins": begins})
                _wait(connection, deadline)
                return [name for (name,) in cursor.fetchall()]
        finally:
            connection.close()
    except (psycopg2.Error, TimeoutError, ValueError):
        return []


def _wait(connection: "Connection", deadline: float) -> None:
    """Wait until the connection is ready; raise `TimeoutError`."""
    from psycopg2 import extensions

    while (state := connection.poll()) != extensions.POLL_OK:
        reading, writing = ([connection], []) if state == extensions.POLL_READ else ([], [connection])
        if not any(select.select(reading, writing, [], max(0.0, deadline - time.monotonic()))):
            raise TimeoutError
