# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tables of measurements, the places of documents where they stand, and the command
line of the programs that print them."""

import argparse
import json
import sys
from pathlib import Path


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


def run_report(description, part, list_results, draw):
    """Prints the lines that `list_results` makes of a file of JSON, or makes them `part`
    of a document; `draw` makes an SVG. Ends with a message where the file has nothing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", type=Path)
    parser.add_argument("--roofline", type=Path, metavar="FILE.svg", help="where to draw speed under the limits")
    parser.add_argument("--document", type=Path, metavar="FILE.md", help=f"whose part '{part}' to replace, instead of printing")
    arguments = parser.parse_args()
    try:
        found = json.loads(arguments.json.read_text())
        lines = list_results(found)
        drawing = draw(found) if arguments.roofline else None
    except OSError as error:
        sys.exit(f"error: {error}")
    except KeyError as error:
        sys.exit(f"error: {arguments.json}: expected {error}")
    except ValueError as error:
        sys.exit(f"error: {arguments.json}: {error}")
    try:
        if arguments.document:
            replace_part(arguments.document, part, lines)
        else:
            print("\n".join(lines))
        if arguments.roofline:
            arguments.roofline.write_text(drawing)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
