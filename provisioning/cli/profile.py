"""tollkeeper customer show: all there is to know of a customer, on one screen."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import click

from provisioning.cli import measured, output, types
from provisioning.cli.command import Command
from provisioning.cli.customer_options import KEYS
from provisioning.errors import BadInput

_SUMS = "octets_in (upload), octets_out (download)"
_SESSION_KEYS = (
    f"id, user_name, state, started_at, stopped_at, nas, ipv4_address, ipv6_prefix, delegated_ipv6_prefix,"
    f" calling_station_id, {_SUMS}, terminate_cause"
)
_SECTION_KEYS = {
    "accounts": (
        "id, user_name, package, outcome (accept|garden|throttle|reject: what a login is answered now), reason, why,"
        " download_bps, upload_bps, speed_by (package|customer|time band|throttle|garden), price_cents, cap_octets,"
        f" cap_reached, prepaid, left_octets (of month, roll-over, top-ups), {_SUMS},"
        " open_sessions, sessions_allowed, expires_at, cancelled_at, lock_to_devices,"
        " ipv4_address, delegated_ipv6_prefix, routes, vlan_id"
    ),
    "usage": f"day, {_SUMS}",
    "sessions": _SESSION_KEYS,
    "last_sessions": "as sessions",
    "devices": "mac, account, authorised, mac_auth, description",
    "changes": "id, account, package, activates_at, price_cents, comment, author",
    "topups": "id, account, octets, left_octets, expires_at, price_cents, comment, author",
    "invoices": "number, issued_on, due_on, amount_cents, open_cents",
    "payments": "receipt, received_on, amount_cents, method, reference",
    "contacts": "id, name, purposes, phone, email",
    "addresses": "id, kind, street, city, region, postal_code, country, latitude, longitude",
    "external_ids": "system, value",
    "attachments": "id, file_name, media_type, octets, description, author, created_at",
    "sub_accounts": "code, name, state",
    "notes": "id, kind, text, author, created_at",
    "messages": "id, created_at, notice (its kind), channel, recipient, subject, state, sent_at",
    "audit": "position, at, operator, act, detail, what",
}
_MORE_KEYS = f"balance_cents, currency, packages, open_sessions, usage_this_period (since, {_SUMS}), " + ", ".join(
    f"{name} ({keys})" for name, keys in _SECTION_KEYS.items()
)
_LEFT_OUT = ("accounts", "packages", *_SECTION_KEYS)  # of the lines of a pipe, which come a table a section


def _parse_sections(typed: str) -> tuple[str, ...]:
    names = tuple(word.strip().replace("-", "_").replace(" ", "_") for word in typed.split(","))
    for name in names:
        if name not in _SECTION_KEYS:
            raise BadInput(f"{name!r} is no section", f"Take some of: {','.join(_SECTION_KEYS)}.")
    return names


@click.command(
    "show",
    cls=Command,
    example="tollkeeper customer show FRI001 --section accounts,sessions",
    keys=f"{KEYS}, {_MORE_KEYS}",
)
@click.argument("code")
@click.option(
    "--section",
    "sections",
    type=types.Parsed("SECTIONS", _parse_sections),
    multiple=True,
    help="Only these: accounts,notes.",
)
def show(code: str, sections: tuple[tuple[str, ...], ...]) -> output.Result:
    """Show all there is to know of a customer, deleted or not.

    Pop-up notes, how its accounts stand and why, what was used, who is online, what is owed, what is to come. In JSON
    null is what you may not see.
    """
    from provisioning import profile, reading
    from provisioning.cli import profile_drawing

    with reading.look() as look:
        found = profile.gather(look, code, tuple(chain.from_iterable(sections)) or tuple(_SECTION_KEYS))
    return output.Result(found, lambda: _lines(found), lambda: profile_drawing.draw(found))


def _lines(profile: Mapping[str, Any]) -> Iterable[str]:
    """Yield a line a column, then a table a section, each behind an empty line and its name."""
    from provisioning.cli.profile_tables import PLAIN

    for key, value in profile.items():
        if key == "usage_this_period":
            value = value and _words(value)
        if key not in _LEFT_OUT:
            yield f"{output.heading(key)}\t{output.human(key, value, none='')}"
    for name, columns in PLAIN.items():
        if profile.get(name):
            yield ""
            yield f"# {name.replace('_', ' ')}"
            yield from measured.lines(profile[name], columns)


def _words(used: Mapping[str, Any]) -> str:
    upload, download = measured.octets(used["octets_in"]), measured.octets(used["octets_out"])
    return f"{upload} upload, {download} download, since {used['since']}"
