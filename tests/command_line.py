"""The command line as an operator types it, in this process."""

import json

from click.testing import CliRunner

from provisioning.cli.root import tollkeeper


class Operator:
    """Types commands; `do` expects success, `refused` the error."""

    def __init__(self, environ):
        self.runner = CliRunner(env=environ)

    def run(self, *arguments, stdin=None):
        """Run a command line and return click's result."""
        return self.runner.invoke(tollkeeper, arguments, input=stdin)

    def do(self, *arguments, stdin=None):
        """Run a command that works; return what it says."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments, stdin=None):
        """Run a command that works with --json; return what it says as a value."""
        return json.loads(self.do(*arguments, "--json", stdin=stdin))

    def refused(self, *arguments, stdin=None):
        """Run a command that is bad input; return the cause without the hint."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        cause, hint, *rest = result.stderr.splitlines()
        assert hint.startswith("HINT: ")
        assert rest == []
        return cause
