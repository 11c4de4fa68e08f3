"""Whatever is typed at any command: it is done, or refused in one line with a hint, and nothing has changed."""

from contextlib import closing

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.cli.root import tollkeeper

# commands whose answer may be no: exit 1
ASKING = (["portal", "check"], ["attachment", "verify"], ["audit", "verify"], ["import", "plan"], ["import", "apply"])
ASKING += (["session", "disconnect"],)
# commands that ask others: exit 1 for the answer no, 3 where nobody is there, as here
TALKING = ("find", "status", "shadow", "explain", "auth-test", "accounting", "export")
TALKING_TOO = ("message", "gateway", "test")
# what would go on until Ctrl-C
ENDLESS = ("live",)

# words that some command takes, and words that no command should choke on
WORDS = (
    *("Homes", "Home 50", "FRI001", "frikkie", "edge1", "00:00:5e:00:53:01", "192.0.2.1", "mikrotik", "huawei"),
    *("10M", "5G", "0", "-1", "1", "8", "70000", "99999999999999999999", "1e9", "NaN", "1TB", "1d", "none", "never"),
    *(
        "now",
        "+1s",
        "+999999999w",
        "2027-02-31",
        "2027-02-01",
        "0001-01-01T00:00+14:00",
        "reject",
        "garden",
        "throttle",
    ),
    *(
        "daily 00:00-06:00 1M/1M",
        "huawei=A/B",
        "=",
        "a=",
        "Filter-Id=x",
        "Session-Timeout=x",
        "2001:db8::/32",
        "/",
        ".",
    ),
    *("", " ", "-", "--", "%s", "{0}", "[bold]", "'; DROP TABLE nas; --", "\\", "a\0b", "a\nb", "\udcff", "ä" * 300),
    *("x" * 5000, "\u202e", "🛰", "٣"),
)
WORD = st.sampled_from(WORDS) | st.text(max_size=20)

# by type of option or name of argument: what gets past the parser, for the database's rules to meet
LIKELY = {
    "RATE": ("1", "10M", "5G", "9223372036854775807", "none"),
    "NUMBER": ("0", "1", "31", "1000", "70000", "999999999", "none"),
    "DATA": ("1", "1TB", "9223372036854775807"),
    "DURATION": ("0", "59", "60", "1d", "999999999w"),
    "TIME": ("now", "+1d", "2199-12-31", "1970-01-02T00:00:00+14:00"),
    "WHEN": ("now", "never", "2027-02-28"),
    "PERCENT": ("0", "7.5", "7.5%", "100.01", "none"),
    "MONEY": ("0", "499.50", "999999999999999.99"),
    "HH:MM": ("08:00", "24:00"),
    "HOURS": ("08:00-16:00", "16:00-08:00", "00:00-24:00", "none"),
    "DAYS": ("sat,sun", "daily", "none"),
    "BAND": ("daily 00:00-06:00 1M/1M", "sun 23:59-00:01 5G/5G"),
    "PROFILE": ("huawei=A/B", "mikrotik=A", "acme=A", "none"),
    "ATTRIBUTE": ("Filter-Id=x", "Reply-Message+=x y", "Nope=1"),
    "ROUTE": ("198.51.100.0/24",),
    "INVOICE=AMOUNT": ("INV-1=5", "INV-1=999999999999999", "INV-9=1", "=", "a=b"),
    "MAC": ("00:00:5e:00:53:01", "00:00:5e:00:53:02"),
    "IP": ("192.0.2.10", "2001:db8::1", "2001:db8:1::/64", "::/0"),
    "DEGREES": ("-33.92", "18.42", "90.1", "181", "inf", "none"),
    "DAY": ("2026-02-28", "1970-01-02", "2199-12-31"),
    "PERIOD": ("this", "last", "2028-02-29"),
    "integer range": ("1", "20"),
    "name": ("Homes", "Home 50", "edge1", "new", "Karoo", "anna", "support"),
    "role": ("support", "administrator"),
    "reseller": ("Karoo",),
    "AREA=PERMISSION": ("customer=edit", "usage=view"),
    "AREA": ("customer", "usage"),
    "HEAD": (f"1:{'0' * 64}",),
    "code": ("FRI001",),
    "codes": ("FRI001",),
    "host": ("127.0.0.1",),
    "port": ("9",),
    "sender": ("Karoo <a@example.net>", "Karoo"),
    "body": ("Dear {{ customer }}", "{{ nope }}", "{% for", '{"to": {{ number|json }}}'),
    "subject": ("Work", "{{ today }}"),
    "template": ("work", "overdue", "usage"),
    "PERCENTS": ("50,75,90", "100", "0", "x", "none"),
    "HEADER": ("Authorization: Bearer {{ password }}", "a b: c", ":"),
    "recipient": ("ann@example.net", "+27215550100"),
    "message_id": ("1", "9"),
    "number": ("INV-1", "new"),
    "receipt": ("R000001", "new"),
    "user_name": ("frikkie", "new"),
    "address": ("192.0.2.1", "192.0.2.2", "::1"),
    "customer": ("FRI001",),
    "account": ("frikkie",),
    "after": ("FRI001",),
    "nas": ("edge1", "192.0.2.1"),
    "package": ("Home 50",),
    "default_package_id": ("Home 50", "none"),
    "new_user_name": ("frikkie", "fritz"),
    "version": ("1", "2"),
    "group": ("Homes",),
    "parent": ("FRI001",),
    "words": ("frikkie", "00:00:5e:00:53:02"),
    "file": ("file", "new", ".", "customers.csv"),
    "run_id": ("1", "2"),
    "system": ("sage", "Sage", "sonar"),
    "columns": ("code", "code,name,status", "code,size"),
    "anything": ("frikkie", "FRI001", "00005e005301", "192.0.2.1", "+27 21 555 0100", "1", "%"),
    "search": ("frikkie visser", "kerk", "%", "_"),
    "saved": ("mine",),
    "save": ("mine", "my filter", "-"),
    "value": ("1", "C-10442"),
    "email": ("ann@example.net", "ann", "ann@xn--a.example"),
    "phone": ("+27 21 555 0100", "021 555 0100", "+999", "1"),
    "country": ("ZA", "South Africa", "Utopia"),
    "language": ("af", "Afrikaans", "xx"),
    "vendor": ("mikrotik", "huawei", "generic"),
    "time_zone": ("Africa/Johannesburg", "UTC", "+02:00"),
    "garden_redirect_url": ("http://pay.example/", "pay"),
}


def commands():
    """Return every command of every noun, with its path."""
    yield from below((), tollkeeper)


def below(path, command):
    """Yield the commands below a group, groups within groups too; of a command itself."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        yield from below((*path, word), command.get_command(context, word))


@st.composite
def command_lines(draw):
    """Draw a command, its arguments and some of its options, filled with any words."""
    path, command = draw(st.sampled_from(list(commands())))
    line = list(path)
    options = [param for param in command.params if isinstance(param, click.Option) and param.name not in ENDLESS]
    chosen = draw(st.lists(st.sampled_from(options), max_size=5))
    for option in [*chosen, *(option for option in options if option.required and draw(st.integers(0, 9)))]:
        line.append(draw(st.sampled_from([*option.opts, *option.secondary_opts])))
        if not option.is_flag:
            line.append(draw(words_for(option)))
    return line + [draw(words_for(param)) for param in command.params if isinstance(param, click.Argument)]


def words_for(param):
    """Return likely words for a parameter, and now and then any."""
    choices = getattr(param.type, "choices", ())
    likely = choices or LIKELY.get(param.type.name) or LIKELY.get(param.name) or ("new",)
    return st.integers(0, 4).flatmap(lambda dice: st.sampled_from(likely) if dice else WORD)


@pytest.fixture
def runner(database, tmp_path, monkeypatch):
    """Return a runner at a database that has one of each noun, in a folder where files may come and go."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("an attachment")
    (tmp_path / "customers.csv").write_text("first_name,user_name\nAnn,ann\nBen,\n")
    runner = CliRunner(env=database.environ)
    for line in (
        ["group", "add", "Homes"],
        ["package", "add", "Home 50", "--download", "50M", "--upload", "10M"],
        ["customer", "add", "--group", "Homes", "--first-name", "Frikkie", "--phone", "+27 21 555 0100"],
        ["account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--generate"],
        ["device", "add", "frikkie", "00:00:5e:00:53:01"],
        ["contact", "add", "FRI001", "Ann", "--phone", "+27 21 555 0100"],
        ["address", "add", "FRI001", "7 Kerk Street"],
        ["note", "add", "FRI001", "the dog is loose"],
        ["attachment", "add", "FRI001", "file"],
        ["external-id", "add", "FRI001", "sage", "1"],
        ["portal", "set", "FRI001", "frikkie"],
        ["nas", "add", "edge1", "192.0.2.1"],
        ["reseller", "add", "Karoo"],
        ["operator", "add", "anna", "--role", "support", "--generate"],
        ["invoice", "add", "FRI001", "INV-1", "100"],
        ["payment", "add", "FRI001", "50"],
        ["message", "template", "set", "work", "--subject", "Work", "--body", "Dear {{ customer }}"],
        ["message", "send", "FRI001", "--channel", "sms", "--body", "Dear {{ customer }}"],
        ["import", "apply", "customers.csv", "--group", "Homes", "--package", "Home 50"],
    ):
        assert runner.invoke(tollkeeper, line).exit_code == 0, line
    return runner


def test_every_command_line_is_done_or_refused(runner, database):
    """Exit 0, 1 for the answer no, or 2 with a line of cause, one of hint, no traceback, a database as it was."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:

        def written():
            cursor.execute(
                "SELECT (SELECT max(id) FROM change_log), (SELECT sum(last_number) FROM customer_code_sequence),"
                " (SELECT position FROM audit_head), (SELECT count(*) FROM pg_roles)"
            )
            return cursor.fetchone()

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
        @given(command_lines())
        def check(line):
            before = written()
            result = runner.invoke(tollkeeper, line)

            assert isinstance(result.exception, SystemExit | None), result.exception
            assert result.exit_code in allowed(line), line
            if result.exit_code == 2:
                assert_refusal(result, as_json="--json" in line)
            if result.exit_code == 2 or "--dry-run" in line:
                assert written() == before, line

        check()


def allowed(line):
    """Return the exit statuses that a command line may have."""
    if line[0] in TALKING or tuple(line[:3]) == TALKING_TOO:
        return (0, 1, 2, 3)
    return (0, 1, 2) if line[:2] in ASKING else (0, 2)


def assert_refusal(result, *, as_json):
    """Assert a cause in one line and a hint in another, or both in JSON."""
    if as_json:
        assert result.stdout.startswith('{"error": ')
        return
    cause, hint = result.stderr.rstrip("\n").split("\n")
    assert cause
    assert cause[-1] != "."
    assert hint.startswith("HINT: ")
    assert result.stdout == ""


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_command_teaches(path):
    """--help of every command has an example and the keys of its JSON."""
    text = CliRunner().invoke(tollkeeper, [*path, "--help"]).stdout
    assert f"tollkeeper {' '.join(path)}" in text.split("Example:")[1]
    assert "JSON keys:" in text
