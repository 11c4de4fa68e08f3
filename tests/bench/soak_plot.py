"""The soak's picture: memory of each server against what it had after the warm-up, the spool, and its lag."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.flatness import WARM_SHARE
from tests.bench.plots import pyplot_or_unavailable

_PANELS = ((" octets", "memory, MB"), ("spool_records", "records in the spool"), ("lag_seconds", "oldest record, s"))


def draw(path: Path, sampled: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw what was sampled; raise `plots.Unavailable`."""
    pyplot = pyplot_or_unavailable()
    figure, all_axes = pyplot.subplots(len(_PANELS), 1, figsize=(10, 8), sharex=True, height_ratios=(2, 1, 1))
    for axes, (suffix, label) in zip(all_axes, _PANELS, strict=True):
        for name, samples in sampled.items():
            if not name.endswith(suffix):
                continue
            scale = 1e6 if suffix == " octets" else 1.0
            line = name.removesuffix(" octets")
            axes.plot([at / 60 for at, _ in samples], [value / scale for _, value in samples], label=line)
            axes.axvspan(0, WARM_SHARE * samples[-1][0] / 60, color="#f1f3f5", zorder=0)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    all_axes[0].legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2)
    all_axes[-1].set_xlabel("minutes at half load; shaded: warm-up")
    figure.suptitle("Soak", x=0.01, ha="left", fontweight="bold", fontsize=13)
    figure.savefig(path)
    pyplot.close(figure)
