"""Draws throughput and p99 over concurrency, and latency over time with renewals marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["draw"]


def draw(data: dict[str, Any], path: Path) -> None:
    """Write a PNG."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (rates, tails, line) = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
    for name, points in data["curve"].items():
        at_once = sorted(int(n) for n in points)
        found = [points.get(n) or points[str(n)] for n in at_once]
        rates.plot(at_once, [f["per_second"] for f in found], marker="o", label=name)
        tails.plot(at_once, [f["p99_ms"] for f in found], marker="o", label=name)
    for axes, title, unit in (
        (rates, "throughput", "queries/s"),
        (tails, "99th percentile", "ms"),
    ):
        axes.set(xscale="log", xlabel="requests at a time", ylabel=unit, title=title)
        axes.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
        axes.grid(visible=True, alpha=0.3)
    rates.set_ylim(bottom=0)
    tails.set_yscale("log")
    rates.legend()
    renewing = data["while renewing"]
    line.plot(*zip(*renewing["points"], strict=True), ".", markersize=2, alpha=0.5)
    for begin, end in renewing["renewals"]:
        line.axvspan(begin, end, color="tab:orange", alpha=0.3)
    line.set(
        xlabel="s",
        ylabel="ms",
        title="latency, 16 at a time; renewals shaded",
        ylim=(0, max(10.0, 3 * renewing["p99_apart_ms"])),
    )
    line.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=110)
