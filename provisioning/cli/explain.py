"""tollkeeper explain: which rule decides, from which facts, and what the router would be told."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command

_KEYS = (
    "outcome (accept|garden|throttle|reject), reason, message, rules (rule, facts, verdict: passed|applies|not"
    " reached), attributes ([name, operator, value]), session_timeout_seconds, age_seconds, source"
    " (database|snapshot), rejections (at, reason, nas, mac)"
)
_COLOURS = {"accept": "green", "garden": "yellow", "throttle": "yellow", "reject": "red"}


@click.command(
    "explain",
    cls=Command,
    example="tollkeeper explain frikkie@example --nas edge1 --at 2027-02-01",
    keys=_KEYS,
    changes=False,
)
@click.argument("user_name")
@click.option("--nas", help="As if this NAS asked, by name or address.")
@click.option("--mac", type=types.MAC, help="As if from this device.")
@click.option("--at", type=types.TIME, help="As if at this time: 2027-02-01, +30d; now, unless said.")
def explain(user_name: str, nas: str | None, mac: str | None, at: date | None) -> output.Result:
    """Say why a user would be let in or not: every rule in its order, from the hook's own memory."""
    from provisioning import asking, node

    asking.check_account(user_name)
    answer = node.explain(user_name, nas=nas, mac=mac, at=None if at is None else _epoch(at))
    return output.Result(answer, lambda: _lines(answer), lambda: _drawings(user_name, answer))


def _epoch(at: date) -> float:
    if isinstance(at, datetime):
        return at.timestamp()
    from provisioning import database, moments

    with database.transaction() as session:
        return moments.resolve(session, at).timestamp()


def _lines(answer: Mapping[str, Any]) -> Iterable[str]:
    for key in ("outcome", "reason", "message", "session_timeout_seconds", "age_seconds", "source"):
        yield f"{output.heading(key)}\t{output.human(key, answer[key], none='')}"
    for step in answer["rules"]:
        yield f"rule\t{step['rule']}\t{step['verdict']}\t{step['facts']}"
    for name, operator, value in answer["attributes"]:
        yield f"attribute\t{name}\t{operator}\t{value}"
    for one in answer["rejections"]:
        yield "\t".join(["rejection", *_rejection(one)])


def _drawings(user_name: str, answer: Mapping[str, Any]) -> Iterable[Any]:
    colour = _COLOURS.get(answer["outcome"], "")
    told = output.escape(f"{user_name}: {answer['message']}")
    yield f"\n[bold {colour}]{answer['outcome'].upper()}[/]  {told}\n"
    yield _rules(answer["rules"], colour)
    if answer["attributes"]:
        attributes = output.table("the router is told", "", "")
        for pair in answer["attributes"]:
            attributes.add_row(*map(output.escape, pair))
        yield attributes
    if answer["rejections"]:
        rejections = output.table("rejected at", "because of", "by NAS", "device")
        for one in answer["rejections"]:
            rejections.add_row(*map(output.escape, _rejection(one)))
        yield rejections
    yield f"[dim]{_footer(answer)}[/]"


def _rules(steps: Iterable[Mapping[str, str]], colour: str) -> Any:
    rules = output.table("", "rule", "verdict", "facts")
    for step in steps:
        mark, style = {"applies": ("→", f"bold {colour}"), "passed": ("✓", "")}.get(step["verdict"], ("", "dim"))
        rules.add_row(mark, *(output.escape(step[key]) for key in ("rule", "verdict", "facts")), style=style or None)
    return rules


def _rejection(one: Mapping[str, Any]) -> list[str]:
    at = datetime.fromtimestamp(one["at"], UTC).isoformat(timespec="seconds")
    return [at, one["reason"], one["nas"] or "-", one["mac"] or "-"]


def _footer(answer: Mapping[str, Any]) -> str:
    timeout, age = answer["session_timeout_seconds"], answer["age_seconds"]
    ends = "" if timeout is None else f"a session would end after {timeout} s; "
    return f"{ends}state from the {answer['source']}, {'of unknown age' if age is None else f'{age:.1f} s old'}"
