# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From rounds to figures: medians with their spread, ratios within a round, sums of programs."""

from statistics import median


def spread(values):
    """(median, first quartile, third quartile); None without values."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    last = len(ordered) - 1
    return median(ordered), ordered[round(last * 0.25)], ordered[round(last * 0.75)]


def ratios(results, base, key):
    """One tracer's figure over another's of the same round: what drifts in common cancels out."""
    return [mine["load"][key] / theirs["load"][key] for mine, theirs in zip(results, base)
            if theirs["load"][key]]


def per_million(result):
    """CPU seconds of the tracer for a million connections."""
    return result["cpu_seconds"] / result["load"]["amount"] * 1e6


def summarize(rounds):
    """{tracer: figures} of one scenario; a figure is (median, q1, q3) or a plain value."""
    none, empty = rounds.get("none", []), rounds.get("empty program", [])
    return {name: figures(results, none, empty) for name, results in rounds.items() if results}


def figures(results, none, empty):
    load = lambda key: spread(result["load"][key] for result in results)
    traced = [result for result in results if "cpu_seconds" in result]
    churn = results[0]["load"]["mode"] == "churn"
    out = {
        "rounds": len(results), "amount": sum(r["load"]["amount"] for r in results),
        "unit": results[0]["load"]["unit"], "per_second": load("per_second"),
        "load_cpu_ns_each": load("cpu_ns_each"),
        "kept": spread(ratios(results, none, "per_second")),
        "kept_of_empty": spread(ratios(results, empty, "per_second")),
        "kept_by_cpu": spread(ratios(none, results, "cpu_ns_each")),
        "kept_of_empty_by_cpu": spread(ratios(empty, results, "cpu_ns_each")),
    }
    if churn:
        out["connect_p50_us"] = load("connect_p50_us")
        out["connect_p99_us"] = load("connect_p99_us")
    if traced:
        out["cpu_seconds"] = spread(r["cpu_seconds"] for r in traced)
        out["sleeps"] = spread(r["sleeps"] for r in traced)
        for key in ("resident", "anonymous", "locked", "maps", "used"):
            out[key] = max(r["memory"][key] for r in traced)
    if traced and churn:
        out["cpu_seconds_per_million"] = spread(map(per_million, traced))
        out.update(delivery(traced))
    return out


def delivery(traced):
    """What came out and what was lost, added up over the rounds; None where a tracer can't say."""
    out = {"delivered": None, "expected": None, "losses": None, "output_bytes": None}
    if all("delivered" in r for r in traced):
        out["delivered"] = sum(r["delivered"] for r in traced)
    if all("expected" in r for r in traced):
        out["expected"] = sum(r["expected"] for r in traced)
    said = [r["losses"] for r in traced if r.get("losses")]
    if said:
        out["losses"] = {key: sum(loss[key] for loss in said) for key in said[0]}
    out["output_bytes"] = sum(r["output_bytes"] for r in traced) / len(traced)
    return out


def is_iterator(program):
    """tcpdwell's iterators run in its own process, when it asks; they are in its CPU time."""
    return program.startswith(("seed_", "sweep_"))


def summarize_programs(timed):
    """{tracer: its programs (runs per connection, ns per run, misses) and the sum of its hooks}."""
    out = {}
    for name, results in timed.items():
        connections = sum(result["load"]["amount"] for result in results)
        sums = {}
        for result in results:
            for program, figure in result["programs"].items():
                total = sums.setdefault(program, {"runs": 0, "ns": 0, "misses": 0})
                for key in total:
                    total[key] += figure[key]
        out[name] = {
            "ns_per_connection": sum(f["ns"] for program, f in sums.items()
                                     if not is_iterator(program)) / connections,
            "programs": {program: {"runs_per_connection": f["runs"] / connections,
                                   "ns_per_run": f["ns"] / f["runs"], "misses": f["misses"]}
                         for program, f in sums.items() if f["runs"]},
        }
    return out
