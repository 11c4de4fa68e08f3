"""What a dry run found out, as it is printed; and a bar, where finding it out takes longer."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from provisioning import units
from provisioning.cli import output

if TYPE_CHECKING:
    from provisioning.dry_run import Change, Effect
    from provisioning.effect import Noticed, Treated

_SHOWN = 20
_UNTOLD = frozenset({"id", "created_at"})


def result(found: "Effect | None") -> output.Result:
    """Return what would change, and who of those online would notice what."""
    from provisioning.dry_run import Effect

    effect = found or Effect()
    return output.Result(_data(effect), lambda: _lines(effect), lambda: _drawings(effect))


def _data(effect: "Effect") -> dict[str, Any]:
    return {
        "dry_run": True,
        "rows": effect.rows,
        "changes": [change._asdict() for change in effect.changes],
        "customers": effect.customers,
        "counts": {key.replace(" ", "_"): number for key, number in _counts(effect).items()},
        "sessions": [_view(one) for one in effect.noticed],
        "unseen": effect.unseen,
    }


def _view(one: "Noticed") -> dict[str, Any]:
    treated = {side: _treated(getattr(one, side)) for side in ("before", "after")}
    return one._asdict() | treated | {"effect": one.effect.replace(" ", "_"), "reason": one.reason}


def _treated(treated: "Treated") -> dict[str, Any]:
    return {key: value for key, value in treated._asdict().items() if key != "bursts"}


def _counts(effect: "Effect") -> dict[str, int]:
    from provisioning.effect import EFFECTS

    counted = Counter(one.effect for one in effect.noticed)
    return {name: counted[name] for name in EFFECTS}


def _lines(effect: "Effect") -> Iterable[str]:
    if not effect.rows:
        yield "nothing would change"
        return
    yield "would change:"
    yield from _rows(effect)
    yield _concerned(effect)
    for one in effect.noticed[:_SHOWN]:
        yield "\t".join(_cells(one))
    yield from _more(len(effect.noticed))


def _drawings(effect: "Effect") -> Iterable[Any]:
    if not effect.rows:
        yield "nothing would change"
        return
    yield "[bold]would change[/]"
    yield from map(output.escape, _rows(effect))
    yield f"\n[bold]{_concerned(effect)}[/]"
    if effect.noticed:
        drawn = output.table("", "user name", "customer", "NAS", "since", "from → to", "reason")
        for one in effect.noticed[:_SHOWN]:
            drawn.add_row(*map(output.escape, _cells(one)), style=_STYLES.get(one.effect))
        yield drawn
    yield from _more(len(effect.noticed))


_STYLES = {"cut": "bold red", "walled in": "yellow", "slowed": "yellow", "not touched": "dim"}


def _rows(effect: "Effect") -> Iterable[str]:
    for change in effect.changes[:_SHOWN]:
        yield from _row(change)
    yield from _more(effect.rows)


def _row(change: "Change") -> Iterable[str]:
    name = f"{change.relation} {change.key}"
    if change.before is None or change.after is None:
        verb, side = ("added", change.after) if change.before is None else ("removed", change.before)
        columns = {key: value for key, value in (side or {}).items() if _is_told(key, value) and value != change.key}
        told = [f"{_heading(key)} {output.human(key, value)}" for key, value in columns.items()]
        yield f"{name}: {verb}" + (f" ({', '.join(told)})" if told else "")
        return
    for key, value in change.after.items():
        before = output.human(key, change.before.get(key))
        yield f"{name}: {_heading(key)} {before} -> {output.human(key, value)}"


def _is_told(key: str, value: Any) -> bool:
    return key not in _UNTOLD and value not in (None, False, [], {}, "")


def _heading(key: str) -> str:
    return output.heading(key).removesuffix(" id")


def _concerned(effect: "Effect") -> str:
    concerned = f"concerns {effect.customers:,} {'customer' if effect.customers == 1 else 'customers'}"
    if effect.unseen:
        return f"{concerned}; who is online is not known: you may not see the area {', '.join(effect.unseen)}"
    if not effect.noticed:
        return f"{concerned}, none of them online"
    counts = ", ".join(f"{number:,} {name}" for name, number in _counts(effect).items() if number)
    return f"{concerned}; of {len(effect.noticed):,} open sessions: {counts}"


def _cells(one: "Noticed") -> list[str]:
    since = output.human("started_at", one.started_at)
    return [one.effect, one.user_name, one.customer, one.nas, since, _way(one), one.reason]


def _way(one: "Noticed") -> str:
    before, after = _told(one.before), _told(one.after)
    return before if before == after else f"{before} -> {after}"


def _told(treated: "Treated") -> str:
    if treated.outcome == "reject":
        return "refused"
    speed = "no limit"
    if treated.download_bps is not None and treated.upload_bps is not None:
        speed = f"{units.format_bps(treated.download_bps)}/{units.format_bps(treated.upload_bps)}"
    return speed if treated.outcome != "garden" else f"garden {speed}"


def _more(number: int) -> Iterable[str]:
    if number > _SHOWN:
        yield f"and {number - _SHOWN:,} more: --json"
