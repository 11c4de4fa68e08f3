"""Exporting: customers with their accounts, invoices, payments, as `import` takes them.

A row of customers is an account with the customer that it belongs to, or a customer without one. Parents come before
their sub-accounts, so that a file can be imported into an empty database. Rows are streamed: all of one moment.

Known weakness: what a file has no column for is not in it: contacts, notes, attachments, addresses but the last
installation address, portal logins, one-way passwords, cancelled accounts, which NAS an account is bound to; void
invoices and payments, and which pays which (the oldest is paid first when they are imported).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from provisioning.errors import BadInput, NotFound, forbidden
from provisioning.importing import columns
from provisioning.importing.columns import Column
from provisioning.reading import Look

_AREAS = {"customers": ("customer", "group", "account", "package"), "invoices": ("money",), "payments": ("money",)}
_AT_ONCE = 1000
_STANDS_FOR = {"group": "customer_group.name", "reseller": "reseller.name", "parent": "parent.code"}
_STANDS_FOR_ACCOUNT = {"package": "package.name"}
_DEPTH = """CASE WHEN customer.parent_id IS NULL THEN 0 ELSE (
    WITH RECURSIVE above AS (
        SELECT customer.parent_id AS id UNION ALL
        SELECT next.parent_id FROM customer AS next JOIN above USING (id) WHERE next.parent_id IS NOT NULL)
    SELECT count(*) FROM above) END"""
_FROM_CUSTOMERS = """
    FROM customer
    LEFT JOIN customer_group ON customer_group.id = customer.group_id
    LEFT JOIN reseller ON reseller.id = customer.reseller_id
    LEFT JOIN customer AS parent ON parent.id = customer.parent_id
    LEFT JOIN LATERAL (SELECT * FROM address WHERE customer_id = customer.id AND kind = 'install'
                       ORDER BY id DESC LIMIT 1) AS address ON true
    LEFT JOIN account ON account.customer_id = customer.id AND account.cancelled_at IS NULL
    LEFT JOIN package ON package.id = account.package_id
"""
_MACS = "(SELECT array_agg(mac::text ORDER BY mac) FROM device WHERE account_id = account.id)"
_EXTERNALS = "(SELECT jsonb_object_agg(system, value) FROM external_id WHERE customer_id = customer.id)"


@dataclass(frozen=True)
class Wanted:
    """Which customers, or whose invoices and payments; None does not matter."""

    kind: str = "customers"
    group: str | None = None
    reseller: str | None = None  # and those below it
    labels: tuple[str, ...] = ()  # all of them
    deleted: bool | None = False  # None: those too


@dataclass(frozen=True)
class Export:
    """What is being exported: the names of its columns, and about how many rows there are."""

    header: tuple[str, ...]
    count: int
    rows: Iterator[tuple[str, ...]]


def export(look: Look, wanted: Wanted, *, open_password: Callable[[bytes], str] | None = None) -> Export:
    """Return cells by row, each in its column's writing; passwords where there is what opens them."""
    look.check_may_view(*_AREAS[wanted.kind])
    if open_password is not None:
        _check_may_edit_accounts(look)
    conditions, values = _conditions(look, wanted)
    known = {name: column for name, column in columns.KINDS[wanted.kind].items() if name != "password" or open_password}
    if wanted.kind == "customers":
        systems = look.column("SELECT DISTINCT system FROM external_id ORDER BY system")
        known |= {f"external.{system}": Column("external", system) for system in systems}
        source, order = _FROM_CUSTOMERS, f"{_DEPTH}, customer.code, account.user_name"
    else:
        relation = wanted.kind.removesuffix("s")
        source = f" FROM {relation} JOIN customer ON customer.id = customer_id"
        conditions, order = f"{conditions} AND voided_at IS NULL", f"{relation}.id"
    selected = f"SELECT {', '.join(map(_expression, known.values()))}{source} WHERE {conditions} ORDER BY {order}"
    counted = look.column(f"SELECT count(*){source} WHERE {conditions}", **values)[0]
    write = [_writer(column, open_password) for column in known.values()]
    rows = (
        tuple(one(value) for one, value in zip(write, row, strict=True))
        for row in look.stream(selected, at_once=_AT_ONCE, **values)
    )
    return Export(tuple(known), counted, rows)


def _check_may_edit_accounts(look: Look) -> None:
    permitted, operator = look.tuples("SELECT may('account', 'edit'), session_user")[0]
    if not permitted:
        raise forbidden(operator, "account", "change")


def _conditions(look: Look, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    conditions, values = ["true"], {}
    if wanted.group is not None:
        conditions.append("customer.group_id = %(group_id)s")
        values["group_id"] = _id_of(look, "group", "customer_group", wanted.group)
    if wanted.reseller is not None:
        conditions.append("customer.reseller_id = ANY((SELECT reseller_and_below(%(reseller_id)s))::bigint[])")
        values["reseller_id"] = _id_of(look, "reseller", "reseller", wanted.reseller)
    if wanted.labels:
        conditions.append("customer.labels @> %(labels)s::text[]")
        values["labels"] = list(wanted.labels)
    if wanted.deleted is not None and wanted.kind == "customers":
        conditions.append(f"customer.deleted_at IS {'NOT ' if wanted.deleted else ''}NULL")
    return " AND ".join(conditions), values


def _id_of(look: Look, noun: str, relation: str, name: str) -> Any:
    look.check_may_view(noun)
    for found in look.column(f"SELECT id FROM {relation} WHERE name = %(name)s", name=name):  # noqa: S608
        return found
    raise NotFound(f"no {noun} is named {name!r}", f"List them with: tollkeeper {noun} list.")


def _expression(column: Column) -> str:
    if column.relation == "customer" and column.key in _STANDS_FOR:
        return _STANDS_FOR[column.key]
    if column.relation == "account" and column.key in _STANDS_FOR_ACCOUNT:
        return _STANDS_FOR_ACCOUNT[column.key]
    if column.relation == "device":
        return _MACS
    if column.relation == "external":
        return f"{_EXTERNALS} ->> '{column.key}'"
    if column.key == "customer":
        return "customer.code"
    return f"{column.relation}.{column.key}"


def _writer(column: Column, open_password: Callable[[bytes], str] | None) -> Callable[[Any], str]:
    if column.key == "password" and open_password is not None:
        opened = open_password
        return lambda value: "" if value is None else columns.escaped(opened(bytes(value)))
    return lambda value: "" if value is None or value == [] else columns.escaped(column.write(value))


def check_csv(cell: str) -> str:
    """Return a cell; raise `BadInput` for one that would be read back without its spaces."""
    if cell != cell.strip():
        raise BadInput(f"{cell!r} begins or ends with a space, which CSV loses", "Export JSON lines: --format jsonl.")
    return cell
