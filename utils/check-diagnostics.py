#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that every diagnostic in lib/ occurs in a test.

A site is a call of emitError, emitOpError or emitOptionalError with at least one
string literal in its statement. It is covered if one line of a test (an
expected-error, a CHECK, or a line of a unit test) holds all its literals in order,
or at least its longest one. Literals of a conditional expression do not count.
utils/check-diagnostics-allow.txt lists what no input can reach, each line a path, a
part of the text and a reason, separated by " | ". Prints what is uncovered or needlessly
allowed; the exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ALLOW_LIST = Path("utils/check-diagnostics-allow.txt")
CALL = re.compile(r"\bemit(?:Op|Optional)?Error\s*\(")
# What matters in a statement: comments, characters, literals, and single symbols.
TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])+'|\"((?:\\.|[^\"\\])*)\"|<<|\S", re.DOTALL)
LINE = re.compile(r"expected-(?:error|warning|remark|note)|(?<!RUN)\b(?!RUN:)[A-Z][A-Z0-9_-]{2,}:|\"")
# Shorter literals say too little to stand for a whole message.
LONG_ENOUGH = 12

Site = tuple[Path, int, list[str]]


def read_pieces(text: str, start: int) -> list[str]:
    """Returns the literals of the statement that goes on at `start`, adjacent ones joined."""
    pieces: list[str] = []
    previous, depth = "(", 1
    for token in TOKEN.finditer(text, start):
        word = token.group()
        if word.startswith(("//", "/*")):
            continue
        if word in "([{":
            depth += 1
        elif word in ")]}":
            depth -= 1
        if word == ";" or depth < 0:
            break
        if token.group(1) is not None:
            literal = token.group(1).encode().decode("unicode_escape")
            if previous == "literal":
                pieces[-1] += literal
            elif previous in ("<<", "(", ","):
                pieces.append(literal)
            word = "literal" if previous in ("<<", "(", ",", "literal") else "conditional"
        previous = word
    return pieces


def read_sites(root: Path) -> list[Site]:
    """Returns the sites of all sources, with their lines and literals."""
    sites = []
    for path in sorted((root / "lib").rglob("*.cpp")):
        text = path.read_text("utf-8")
        for call in CALL.finditer(text):
            pieces = [piece for piece in read_pieces(text, call.end()) if piece.strip()]
            if pieces:
                sites.append((path.relative_to(root), text.count("\n", 0, call.start()) + 1, pieces))
    return sites


def read_tests(root: Path) -> str:
    """Returns the lines of the tests that may name a diagnostic."""
    lines = []
    for path in sorted((root / "test").rglob("*")):
        if path.suffix in {".mlir", ".test", ".cpp", ".h", ".py"} and path.is_file():
            lines += [line for line in path.read_text("utf-8").splitlines() if LINE.search(line)]
    # FileCheck's way of writing a bracket, and C++'s of writing a quote.
    return re.sub(r"\{\{(\\?[^{}\w])\}\}", lambda match: match.group(1)[-1], "\n".join(lines)).replace('\\"', '"')


def is_covered(pieces: list[str], tests: str) -> bool:
    """Whether a line of the tests holds a site's text."""
    longest = max(pieces, key=len)
    if len(longest) >= LONG_ENOUGH and longest.strip() in tests:
        return True
    return re.search("[^\n]*?".join(re.escape(piece.strip()) for piece in pieces), tests) is not None


def main() -> int:
    """Compares the sites with the tests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the source tree")
    options = parser.parse_args()
    sites, tests = read_sites(options.root), read_tests(options.root)
    allowed: list[list[str]] = []
    if (options.root / ALLOW_LIST).exists():
        lines = (options.root / ALLOW_LIST).read_text("utf-8").splitlines()
        allowed = [line.split(" | ", 2) for line in lines if line.strip() and not line.startswith("#")]
    problems, used = [], set()
    for path, line, pieces in sites:
        if is_covered(pieces, tests):
            continue
        for number, entry in enumerate(allowed):
            if len(entry) == 3 and entry[0] == str(path) and entry[1] in "…".join(pieces):
                used.add(number)
                break
        else:
            problems.append(f"{path}:{line}: no test names '{'…'.join(pieces)}'")
    problems += [f"{ALLOW_LIST}: needless: {' | '.join(e)}" for n, e in enumerate(allowed) if n not in used]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(sites)} diagnostics, {len(used)} allowed, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
