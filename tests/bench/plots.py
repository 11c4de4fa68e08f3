"""The plots, by matplotlib, which is an extra of bin/bench's own: without it the report has its tables only.

One file a picture, one function each; what was not measured is not drawn. Ours is always the same colour.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.authorize import PEERS
from tests.bench.cold_start import WAYS
from tests.bench.latency import IN_FLIGHT

MISSING = "No plots: matplotlib is not installed; bin/bench installs it."

OBEYED_MILLISECONDS = 250

_COLOURS = {"ours": "#1f6f8b", "files": "#9aa5b1", "rlm_sql": "#d98b5f"}
_SHADES = ("#1f6f8b", "#62a8bf", "#b5d6df")
_STYLE: dict[Any, Any] = {
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e3e7eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


class Unavailable(Exception):
    """matplotlib is not installed"""


def draw(folder: Path, results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Draw what the results hold; return title and file name of each. Raises `Unavailable`."""
    pyplot = pyplot_or_unavailable()
    drawn = []
    for part, title, name, draws in PICTURES:
        if part not in results:
            continue
        figure = draws(pyplot, results[part])
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=13)
        figure.savefig(folder / name)
        pyplot.close(figure)
        drawn.append((title, name))
    return drawn


def pyplot_or_unavailable() -> Any:
    """Return matplotlib.pyplot, drawing into files and in our style; raise `Unavailable`."""
    try:
        import matplotlib
    except ImportError as exc:
        raise Unavailable from exc
    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker  # noqa: F401  (pyplot.matplotlib.ticker)

    pyplot.rcParams.update(_STYLE)
    return pyplot


def _bars(axes: Any, groups: Mapping[str, Mapping[str, Any]], names: tuple[str, ...], colours: Any) -> None:
    """Draw a group of bars for each of `groups`, a bar for each name, from lowest to highest turn a line."""
    width = 0.8 / len(names)
    for offset, name in enumerate(names):
        places = [group + (offset - (len(names) - 1) / 2) * width for group in range(len(groups))]
        series = [of[name] for of in groups.values()]
        medians = [one.median for one in series]
        bounds = [
            [one.median - min(one.values) for one in series],
            [max(one.values) - one.median for one in series],
        ]
        bars = axes.bar(
            places, medians, width * 0.94, yerr=bounds, label=name, color=colours[name], ecolor="#33404d", capsize=2
        )
        axes.bar_label(bars, [_short(value) for value in medians], padding=3, fontsize=8)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.margins(y=0.12)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")


def _legend(axes: Any, columns: int) -> None:
    """Put it above the axes, where no bar can grow into it."""
    axes.legend(ncols=columns, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2)


def _log_milliseconds(pyplot: Any, axes: Any) -> None:
    """Count the milliseconds along the x axis by 1, 2, 5, 10."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(pyplot.matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(pyplot.matplotlib.ticker.NullFormatter())
    axes.grid(axis="both")


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value / 1000:.1f}k" if value >= 1000 else f"{value:.3g}"


def _throughput(pyplot: Any, result: Mapping[str, Any]) -> Any:
    figure, axes = pyplot.subplots(figsize=(10, 4.6))
    _bars(axes, result["rates"], PEERS, _COLOURS)
    axes.set_ylabel("answers a second")
    _legend(axes, 3)
    return figure


def _accounting(pyplot: Any, result: Mapping[str, Any]) -> Any:
    figure, axes = pyplot.subplots(figsize=(8, 4.6))
    colours = {"accepted": _SHADES[0], "sustained": _SHADES[1], "rlm_sql": _COLOURS["rlm_sql"]}
    _bars(axes, result["rates"], ("accepted", "sustained", "rlm_sql"), colours)
    axes.set_ylabel("records a second")
    _legend(axes, 3)
    return figure


def _scale(pyplot: Any, result: Mapping[str, Any]) -> Any:
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    groups = {f"{size:,} accounts": {"ours": series} for size, series in result["rates"].items()}
    _bars(axes, groups, ("ours",), _COLOURS)
    axes.set_ylabel("Access-Accepts a second")
    return figure


def _latency(pyplot: Any, result: Mapping[str, Any]) -> Any:
    """Draw which share of the answers came within which time: the upper end is what a slow login feels like."""
    figure, all_axes = pyplot.subplots(1, len(IN_FLIGHT), figsize=(12, 4.4), sharey=True)
    for axes, in_flight in zip(all_axes, IN_FLIGHT, strict=True):
        for peer, quantiles in result["milliseconds"][in_flight].items():
            shown = [(float(share), of.median) for share, of in quantiles.items() if 25 <= float(share) < 100]
            beyond = [100 - share for share, _ in shown]
            axes.plot([wait for _, wait in shown], beyond, marker="o", ms=3.5, label=peer, color=_COLOURS[peer])
        _log_milliseconds(pyplot, axes)
        axes.set_yscale("log")
        axes.set_title(f"{in_flight} in flight")
        axes.set_xlabel("milliseconds to an Access-Accept")
    all_axes[0].set_ylim(90, 0.007)  # beyond, so that the tail is at the top
    all_axes[0].set_yticks([50, 10, 1, 0.1, 0.01], ["p50", "p90", "p99", "p99.9", "p99.99"])
    all_axes[0].yaxis.set_minor_locator(pyplot.matplotlib.ticker.NullLocator())
    all_axes[0].set_ylabel("share answered within")
    _legend(all_axes[-1], 2)
    return figure


def _cold_start(pyplot: Any, result: Mapping[str, Any]) -> Any:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.4))
    groups = {f"{size:,}": {way: result["seconds"][way][size] for way in WAYS} for size in result["resident"]}
    _bars(left, groups, WAYS, dict(zip(WAYS, _SHADES, strict=True)))
    left.set_ylabel("seconds to the first Access-Accept, from")
    left.set_xlabel("accounts")
    _legend(left, 3)
    megabytes = [octets / 1e6 for octets in result["resident"].values()]
    bars = right.bar(list(groups), megabytes, 0.5, color=_COLOURS["ours"])
    right.bar_label(bars, [f"{value:.0f} MB" for value in megabytes], padding=3, fontsize=9)
    right.set_ylabel(f"MB of memory; {result['octets_an_account']:.0f} octets an account")
    right.margins(y=0.12)
    right.set_xlabel("accounts")
    return figure


def _propagation(pyplot: Any, result: Mapping[str, Any]) -> Any:
    figure, axes = pyplot.subplots(figsize=(9, 4.6))
    for shade, (load, of) in zip(("#1f6f8b", "#d98b5f", "#7a5195"), result["seconds"].items(), strict=False):
        waits = sorted(1000 * seconds for seconds in of["values"])
        shares = [100 * (number + 1) / len(waits) for number in range(len(waits))]
        axes.step(waits, shares, where="post", color=shade, label=f"{load}: p99 {1000 * of['p99']:.0f} ms")
    _log_milliseconds(pyplot, axes)
    axes.axvline(OBEYED_MILLISECONDS, color="#33404d", linestyle="--", linewidth=1)
    axes.annotate(
        "p99 to be reached", (OBEYED_MILLISECONDS, 0), (4, 2), textcoords="offset points", fontsize=8, color="#33404d"
    )
    axes.set_ylabel("% of the changes obeyed within")
    axes.set_xlabel("milliseconds from commit to the first answer that obeys")
    _legend(axes, 3)
    return figure


PICTURES: tuple[tuple[str, str, str, Callable[[Any, Mapping[str, Any]], Any]], ...] = (
    ("authorize", "Access-Requests answered a second", "throughput.png", _throughput),
    ("accounting", "Accounting-Requests a second", "accounting.png", _accounting),
    ("latency", "Time to an Access-Accept", "latency.png", _latency),
    ("scale", "More accounts", "scale.png", _scale),
    ("cold-start", "Cold start and memory", "cold-start.png", _cold_start),
    ("propagation", "A change reaches the answers", "propagation.png", _propagation),
)
