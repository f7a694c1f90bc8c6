"""What was measured, for reading."""

from measure import Cost

# Too short to be a ratio's denominator: the clock ticks in such steps.
GRAIN = 0.001


def text(block):
    """Returns one block: a number of packages, with or without Contents."""
    tools = block["tools"]
    peers = [name for name in tools if name != "debcut"]
    floor = block["floor"]
    one, all_ = floor["one core"], floor["all cores"]
    lines = [
        f"{block['packages']} packages of {floor['bytes'] / 2**20:.0f} MiB, "
        f"{'with' if block['contents'] else 'without'} Contents: wall s / cpu s / MiB",
        f"  floor: reading and hashing {one.wall:.2f} s / {one.cpu:.2f} s on one core, "
        f"{all_.wall:.2f} s / {all_.cpu:.2f} s on all",
    ]
    steps = list(dict.fromkeys(step for costs in tools.values() if isinstance(costs, dict) for step in costs))
    rows = [["step", *tools, "fastest peer / debcut"]]
    for step in steps:
        row = [step]
        for costs in tools.values():
            row.append(cell(costs.get(step, "") if isinstance(costs, dict) else ""))
        row.append(ratio(step, tools, peers))
        rows.append(row)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        lines.append("  " + "  ".join(value.rjust(width) if at else value.ljust(width) for at, (value, width) in enumerate(zip(row, widths))).rstrip())
    for name, why in tools.items():
        if isinstance(why, str):
            lines.append(f"  {name}: {why}")
    return "\n".join(lines) + "\n"


def cell(cost):
    if not isinstance(cost, Cost):
        return cost
    return f"{cost.wall:.2f} / {cost.cpu:.2f} / {cost.peak_mib:.0f}"


def ratio(step, tools, peers):
    """Says how many times longer the fastest peer takes, by wall and by cpu."""
    own = tools.get("debcut")
    own = own.get(step) if isinstance(own, dict) else None
    if not isinstance(own, Cost):
        return ""
    parts = []
    for unit in ("wall", "cpu"):
        found = []
        for name in peers:
            cost = tools[name].get(step) if isinstance(tools[name], dict) else None
            if isinstance(cost, Cost):
                found.append((getattr(cost, unit), name))
        if not found:
            return ""
        least, name = min(found)
        times = least / max(getattr(own, unit), GRAIN)
        parts.append(f"{times:.{0 if times >= 10 else 1}f}× {unit} ({name})")
    return ", ".join(parts)
