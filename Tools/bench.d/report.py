"""Turns figures into words and tables."""

MEBIBYTE = 1 << 20


def size(count):
    """Bytes for people, in powers of 1,000 as download pages count them."""
    if count is None:
        return ""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def seconds(value):
    return "" if value is None else f"{value:.2f} s"


def line(figure):
    """One figure as it is measured."""
    rest = {k: v for k, v in figure.items() if k not in ("corpus", "what", "tool")}
    return f"  {figure['tool']:5} {figure['what']:32} " + ", ".join(f"{k} {v}" for k, v in rest.items())


def table(header, rows):
    """Columns with two spaces between; the first to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]
    out = []
    for row in (header, *rows):
        cells = [str(row[0]).ljust(widths[0])] + [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def tables(figures):
    """All figures of a run: for each history one table of costs and one of bytes."""
    out = []
    for name in dict.fromkeys(figure["corpus"] for figure in figures):
        rows = []
        for figure in figures:
            if figure["corpus"] != name or not ({"seconds", "memoryInBytes"} & figure.keys()):
                continue
            down = figure.get("bytesDown", figure.get("down"))
            memory = figure.get("memoryInBytes")
            rows.append([
                f"{figure['tool']} {figure['what']}", seconds(figure.get("seconds")),
                seconds(figure.get("cpuSeconds")), f"{memory / MEBIBYTE:.0f} MiB" if memory else "",
                size(figure.get("up")), size(down), figure.get("requests", ""), figure.get("perSecond", ""),
                size(figure.get("sizeInBytes")),
            ])
        header = [name, "TIME", "CPU", "MEMORY", "UP", "DOWN", "REQUESTS", "CHANGE SETS/S", "ON DISK"]
        out.append(table(header, rows))
    return "\n\n".join(out) + "\n"


def aims(figures):
    """The aims, each with the worst figure of the run."""

    def pick(what, tool="sheaf", member="seconds"):
        return {f["corpus"]: f[member] for f in figures if f["what"] == what and f["tool"] == tool and member in f}

    def word(name, holds, value, aim):
        return f"{'met   ' if holds else 'MISSED'}  {name}: {value} (aim: {aim})"

    out = []
    if rates := pick("import", member="perSecond"):
        out.append(word("slowest import", min(rates.values()) >= 150, f"{min(rates.values())}/s", "150 change sets/s"))
    ours, theirs = pick("clone full"), pick("clone", "git")
    if ratios := {name: ours[name] / theirs[name] for name in ours.keys() & theirs.keys()}:
        worst = max(ratios.values())
        out.append(word("slowest full clone", worst <= 2, f"{worst:.2f} x git's time", "2 x"))
    if rates := pick("verify full", member="perSecond"):
        out.append(word("slowest verify", min(rates.values()) >= 3000, f"{min(rates.values())}/s", "3,000 change sets/s"))
    for what in ("clone full", "serve"):
        if peaks := pick(what, member="memoryInBytes"):
            worst = max(peaks.values())
            out.append(word(f"memory of {what}", worst < 128 * MEBIBYTE, f"{worst / MEBIBYTE:.0f} MiB", "128 MiB"))
    return out
