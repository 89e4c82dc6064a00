#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that every clause of docs/Numerics.md is cited by code and by a test.

A clause is a bold label such as **N3.2 Threshold form.** A citation is N3.2 in
any text, or N3_2 or n3_2 in a name. Code is what lies under include/ and lib/;
a test is what lies under test/, except test/reference/mx_reference.py, which
restates every clause and tests none. Prints what is missing, and every cited
clause that the page does not define; the exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PAGE = "docs/Numerics.md"
CODE_FOLDERS = ("include", "lib")
TEST_FOLDERS = ("test",)
NOT_TESTS = {"test/reference/mx_reference.py"}
SUFFIXES = {".c", ".cmake", ".cpp", ".cu", ".h", ".ll", ".md", ".mlir", ".py", ".sh", ".td", ".txt"}

LABEL = re.compile(r"\*\*N(\d+)\.(\d+)\b")
# The dotted form is upper case only: `n3.2` is a number more often than a clause.
CITATION = re.compile(r"(?<![A-Za-z0-9])(?:N(\d+)\.|[Nn](\d+)_)(\d+)(?![0-9])")

Clause = tuple[int, int]
Citations = dict[Clause, list[str]]


def name(clause: Clause) -> str:
    """Returns a clause's number as it is written."""
    return f"N{clause[0]}.{clause[1]}"


def read_clauses(page: Path) -> Counter[Clause]:
    """Returns how often the page defines each clause."""
    return Counter((int(a), int(b)) for a, b in LABEL.findall(page.read_text("utf-8")))


def source_files(root: Path, folders: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yields the text files under some folders, each with its name below the root."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.suffix in SUFFIXES and path.is_file() and relative not in NOT_TESTS:
                yield relative, path


def read_citations(root: Path, folders: tuple[str, ...]) -> Citations:
    """Returns where each clause is cited, as path:line."""
    citations: Citations = {}
    for relative, path in source_files(root, folders):
        for line, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for dotted, underscored, number in CITATION.findall(text):
                clause = (int(dotted or underscored), int(number))
                citations.setdefault(clause, []).append(f"{relative}:{line}")
    return citations


def find_problems(clauses: Counter[Clause], code: Citations, tests: Citations) -> Iterator[str]:
    """Yields a line for each thing that is wrong."""
    for clause in sorted(clauses):
        if clauses[clause] > 1:
            yield f"{name(clause)} is defined {clauses[clause]} times"
        if clause not in code:
            yield f"{name(clause)} is not cited under {' or '.join(CODE_FOLDERS)}"
        if clause not in tests:
            yield f"{name(clause)} is not cited by a test"
    for citations in (code, tests):
        for clause in sorted(set(citations) - set(clauses)):
            yield f"{name(clause)} is not defined, but cited at {', '.join(citations[clause])}"


def main() -> int:
    """Parses the command line and checks; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--root", type=Path, default=root, help="the repository's root")
    parser.add_argument("--list", action="store_true", help="print where each clause is cited")
    arguments = parser.parse_args()

    clauses = read_clauses(arguments.root / PAGE)
    code = read_citations(arguments.root, CODE_FOLDERS)
    tests = read_citations(arguments.root, TEST_FOLDERS)
    if arguments.list:
        for clause in sorted(clauses):
            print(f"{name(clause)}: {', '.join(code.get(clause, []) + tests.get(clause, []))}")
    problems = list(find_problems(clauses, code, tests))
    print("\n".join([*problems, f"{len(clauses)} clauses, {len(problems)} problems"]))
    return 1 if problems or not clauses else 0


if __name__ == "__main__":
    sys.exit(main())
