# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpdwell's goals against what was measured: a row each, met or missed, none left out silently."""

MIB = 1 << 20
PINNED = ("churn, pinned", "keep-alive", "bulk")
TOP, TRACE = "tcpdwell top -b", "tcpdwell trace -j --all"


def row(goal, wanted, measured, verdict):
    return {"goal": goal, "wanted": wanted, "measured": measured, "verdict": verdict}


def percent(figure):
    return f"{figure[0]:.1%} ({figure[1]:.1%}–{figure[2]:.1%})"


def steadier(by_throughput, by_cpu):
    """Where load and tracer are on processors of their own, throughput and the load's CPU time say
    the same; on a machine with other work the one whose quartiles are closer is believed."""
    if by_cpu and by_cpu[2] - by_cpu[1] < by_throughput[2] - by_throughput[1]:
        return by_cpu, "by the load's CPU; "
    return by_throughput, "by throughput; "


def kept(scenarios, scenario, tracer, key, goal, must=None):
    """A share of throughput; quartiles that reach over the goal are said to be within the noise."""
    figures = scenarios.get(scenario, {}).get(tracer, {})
    base = "the empty program" if key == "kept_of_empty" else "no tracer"
    name, wanted = f"{tracer}: throughput, {scenario}", f"≥ {goal:.1%} of {base}"
    if not figures.get(key):
        return row(name, wanted, "not measured", "–")
    figure, how = figures[key], ""
    if scenario in PINNED:
        figure, how = steadier(figure, figures[key + "_by_cpu"])
    verdict = "met" if figure[0] >= goal else "missed"
    if verdict == "missed" and figure[2] >= goal:
        verdict = "missed, within the noise"
    if verdict != "met" and must:
        verdict += f" (must be {must:.0%}: {'met' if figure[0] >= must else 'missed'})"
    return row(name, wanted, how + percent(figure), verdict)


def cpu(scenarios, scenario, tracer):
    mine = scenarios.get(scenario, {}).get(tracer, {}).get("cpu_seconds_per_million")
    peer = scenarios.get(scenario, {}).get("tcpstates", {}).get("cpu_seconds_per_million")
    name = f"{tracer}: CPU s per million connections, {scenario}"
    if not mine or not peer:
        return row(name, "≤ 1/10 of tcpstates", "not measured", "–")
    return row(name, f"≤ 1/10 of tcpstates ({peer[0] / 10:.2f})", f"{mine[0]:.2f}",
               "met" if mine[0] <= peer[0] / 10 else "missed")


def losses(scenarios, scenario):
    figure = scenarios.get(scenario, {}).get(TRACE)
    name = f"{TRACE}: nothing lost, {scenario}"
    if not figure or figure.get("delivered") is None:
        return row(name, "every transition", "not measured", "–")
    lost = figure["losses"] or {}
    complete = figure["delivered"] >= figure["expected"] and not lost.get("lost")
    text = f"{figure['delivered']:,} of {figure['expected']:,.0f}"
    text += "".join(f", {key} {value}" for key, value in lost.items() if value)
    return row(name, "every transition", text, "met" if complete else "missed")


def memory(scenarios, scenario, tracer, live):
    figure = scenarios.get(scenario, {}).get(tracer)
    allowed = 20 * MIB + 256 * max(0, live - 10000)
    name = f"{tracer}: resident memory and maps, {live:,} TIME_WAIT"
    if not figure or "resident" not in figure:
        return row(name, f"≤ {allowed / MIB:.1f} MiB", "not measured", "–")
    used = figure["used"]
    return row(name, f"≤ {allowed / MIB:.1f} MiB",
               f"{used / MIB:.1f} MiB ({figure['maps'] / MIB:.1f} of it maps)",
               "met" if used <= allowed else "missed")


def start(idle):
    figure = idle.get(TRACE, {}).get("start_seconds")
    return row("start to attached and seeded", "< 300 ms",
               f"{figure * 1e3:.0f} ms" if figure else "not measured",
               "–" if not figure else "met" if figure < 0.3 else "missed")


def idling(idle, tracer):
    figure = idle.get(tracer)
    if not figure:
        return row(f"{tracer}: wake-ups when idle", "about 1 a second", "not measured", "–")
    return row(f"{tracer}: wake-ups when idle", "about 1 a second",
               f"{figure['sleeps_per_second']:.1f} a second, "
               f"{figure['cpu_ms_per_second']:.2f} ms CPU a second",
               "met" if figure["sleeps_per_second"] <= 2 else "missed")


def judge(scenarios, idle, connections):
    """All rows, in the order of the design's list."""
    churns = [name for name in scenarios if name.startswith("churn")]
    rows = []
    for scenario in churns:
        rows.append(kept(scenarios, scenario, TOP, "kept_of_empty", 0.97, 0.92))
        rows.append(kept(scenarios, scenario, TRACE, "kept_of_empty", 0.92, 0.85))
    for scenario in ("keep-alive", "bulk"):
        if scenario in scenarios:
            rows += [kept(scenarios, scenario, name, "kept", 0.995) for name in (TOP, TRACE)]
    rows += [cpu(scenarios, scenario, name) for scenario in churns for name in (TOP, TRACE)]
    rows += [losses(scenarios, scenario) for scenario in churns]
    if churns:
        rows += [memory(scenarios, churns[0], name, connections) for name in (TOP, TRACE)]
    rows.append(start(idle))
    rows += [idling(idle, name) for name in (TOP, TRACE)]
    return rows
