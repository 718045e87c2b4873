# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The bench's Markdown: a table for each scenario, the kernel side, memory, the goals."""

MIB = 1 << 20


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in cells) + " |" for cells in rows]
    return "\n".join(lines) + "\n"


def cell(figure, form="{:.1f}", scale=1):
    """A median with its quartiles, or a dash."""
    if figure is None:
        return "–"
    middle, low, high = (form.format(value * scale) for value in figure)
    return f"{middle} ({low}–{high})"


def delivered(figure):
    if figure.get("delivered") is None:
        return "–"
    if not figure.get("expected"):
        return f"{figure['delivered']:,}"
    return f"{figure['delivered'] / figure['expected']:.3%}"


def lost(figure):
    if not figure.get("losses"):
        return "–"
    said = [f"{key} {value:,}" for key, value in figure["losses"].items() if value]
    return ", ".join(said) or "0"


def churn_table(figures):
    head = ["tracer", "throughput kept, %", "of the empty program, %", "connections/s",
            "load's CPU, µs each", "of the empty program by it, %",
            "tracer's CPU, s per million", "its sleeps per 1000",
            "connect p50, µs", "connect p99, µs", "delivered", "its own losses"]
    rows = []
    for name, f in figures.items():
        sleeps = f.get("sleeps")
        per = f["amount"] / f["rounds"] / 1000
        rows.append([name, cell(f["kept"], scale=100), cell(f["kept_of_empty"], scale=100),
                     f"{f['per_second'][0]:,.0f}", cell(f["load_cpu_ns_each"], scale=1e-3),
                     cell(f["kept_of_empty_by_cpu"], scale=100),
                     cell(f.get("cpu_seconds_per_million"), "{:.2f}"),
                     f"{sleeps[0] / per:.1f}" if sleeps else "–", cell(f["connect_p50_us"]),
                     cell(f["connect_p99_us"]), delivered(f), lost(f)])
    return table(head, rows)


def transfer_table(figures):
    head = ["tracer", "throughput kept, %", "per second", "kept by the load's CPU, %",
            "tracer's CPU, ms"]
    rows = []
    for name, f in figures.items():
        rows.append([name, cell(f["kept"], "{:.2f}", 100), f"{f['per_second'][0]:,.0f} {f['unit']}",
                     cell(f["kept_by_cpu"], "{:.2f}", 100),
                     cell(f.get("cpu_seconds"), "{:.1f}", 1e3)])
    return table(head, rows)


def kernel_table(programs):
    floor = programs.get("empty program", {}).get("ns_per_connection", 0)
    head = ["tracer", "ns per connection", "less the floor", "per transition (10)",
            "each program: runs per connection × ns"]
    rows = []
    for name, f in programs.items():
        each = ", ".join(f"{program} {p['runs_per_connection']:.2f} × {p['ns_per_run']:.0f}"
                         + (f" ({p['misses']} skipped)" if p["misses"] else "")
                         for program, p in sorted(f["programs"].items()))
        total = f["ns_per_connection"]
        rows.append([name, f"{total:,.0f}", f"{total - floor:,.0f}", f"{total / 10:.0f}", each])
    return table(head, rows)


def memory_table(figures):
    head = ["tracer", "resident", "of it anonymous", "locked", "BPF maps",
            "together, mapped maps once", "output a round"]
    mib = lambda value: f"{value / MIB:.1f} MiB"
    rows = [[name, *(mib(f[key]) for key in ("resident", "anonymous", "locked", "maps", "used")),
             mib(f.get("output_bytes") or 0)] for name, f in figures.items() if "resident" in f]
    return table(head, rows)


def goal_table(rows):
    return table(["goal", "wanted", "measured", ""],
                 [[r["goal"], r["wanted"], r["measured"], r["verdict"]] for r in rows])


def markdown(report):
    machine = report["machine"]
    parts = [f"# Bench of {report['time']}\n",
             f"{machine['cpus']} × {machine['model']}, Linux {machine['kernel']}, "
             f"{machine['memory_gib']} GiB; load average at the start {machine['load']}; "
             f"other BPF programs on the machine at the start: {machine['foreign_programs']}.\n",
             f"`{report['command']}`: {report['rounds']} interleaved rounds, "
             f"{report['connections']:,} connections each; median (quartiles). Ratios are taken "
             "within a round. tcpdwell is told the load's namespace (`-n`); the peers, which "
             "can't be, see the whole machine.\n"]
    for name, reason in report["skipped"]:
        parts.append(f"Skipped: {name}: {reason}\n")
    for name, figures in report["scenarios"].items():
        parts.append(f"## {name[0].upper() + name[1:]}\n")
        parts.append(churn_table(figures) if name.startswith("churn") else transfer_table(figures))
    if report["programs"]:
        parts += ["## Time in the kernel's BPF programs (bpf_stats, rounds of their own)\n",
                  kernel_table(report["programs"])]
    first = next((f for n, f in report["scenarios"].items() if n.startswith("churn")), None)
    if first:
        parts += ["## Memory at the end of a round\n", memory_table(first)]
    parts += ["## Goals\n", goal_table(report["goals"])]
    return "\n".join(parts)
