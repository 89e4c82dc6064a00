# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tables of measurements, and the places of documents where they stand."""


def tabulate(header, rows):
    """Returns the lines of a table in Markdown; None is an empty cell."""
    spell = lambda cells: "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"
    return [spell(header), "|" + "---|" * len(header), *map(spell, rows)]


def ratio(theirs, mine):
    """Returns a provider's time over that of mx, as a cell."""
    return f"{theirs / mine:.2f}" if theirs and mine else None


def replace_part(path, name, lines):
    """Puts `lines` between `<!-- measured: NAME -->` and `<!-- end -->`. Raises
    ValueError where the document has no such place, or more than one."""
    text = path.read_text()
    first, last = f"<!-- measured: {name} -->\n", "<!-- end -->"
    if text.count(first) != 1 or last not in text.split(first)[1]:
        raise ValueError(f"{path}: expected one part '{first.strip()}' up to '{last}'")
    before, rest = text.split(first)
    after = rest.split(last, 1)[1]
    path.write_text(before + first + "\n" + "\n".join(lines) + "\n\n" + last + after)
