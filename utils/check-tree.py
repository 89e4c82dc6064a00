#!/usr/bin/env python3
"""Checks the rules of docs/Style.md that a machine can check.

Sizes, banned constructs, banners, the dependency rule between folders, pass
descriptions and their tests, links between documents. Exceptions stand in
utils/check-tree-allow.txt, each with its reason.
"""
import argparse
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOW_LIST = ROOT / "utils/check-tree-allow.txt"
SKIPPED = {".git", ".cache", "__pycache__", "shared"}

# The hard stops of docs/Style.md, in lines; the first pattern that fits counts.
SIZES = [
    (r"CMakeLists\.txt$", 150),
    (r"utils/check-tree\.py$", 200),
    (r"utils/.*", 120),
    (r"tools/.*\.cpp$", 150),
    (r".*\.cpp$", 700),
    (r".*\.h$", 400),
    (r".*\.td$", 900),
    (r".*\.mlir$", 400),
    (r"cmake/.*", 200),
]
LONGEST_FUNCTION, LARGEST_DATA = 70, 64 << 10

# Where, what must not be there, what to do instead.
BANNED = [
    (r"(lib|tools|include)/", r"\(void\)\s*applyPatterns", "act on the result of applyPatterns"),
    (r"(lib|include)/", r"\bstd::c(out|err)\b|#include <iostream>", "print through a diagnostic"),
    (r"(lib|include)/", r"(?<![.>\w:])(std::)?(_?exit|abort|quick_exit)\s*\(", "return a failure"),
    (r"(lib|include)/", r"\bcl::opt\b", "only tools own command-line options"),
    (r"include/.*\.td$", r"let constructor\b", "let TableGen declare the pass's constructor"),
    (r"(lib|tools|include|test|utils)/", r"\b(FIXME|XXX)\b", "write TODO(#issue)"),
    (r"(lib|tools|include|test|utils)/", r"\bTODO\b(?!\(#)", "write TODO(#issue)"),
    (
        r"(lib|tools|include)/",
        r"\b(class|struct|namespace)\s+\w*(Utils|Helper|Manager|Misc|Common)\w*\b(?!;)",
        "name the idea",
    ),
    (
        r"(lib|tools|include)/(?!.*Numerics/)",
        r"\b0?\.50*f?,\s*1(\.0*f?)?,\s*1\.50*f?,\s*2|\b1,\s*2,\s*3,\s*4,\s*6,\s*8,\s*12\b",
        "ask lib/Numerics for the E2M1 table",
    ),
]

# The dependency rule: a room may include rooms of lower rank, and itself.
RANKS = {
    "Numerics": 0, "Quantization": 1, "Runtime": 1, "Simulator": 1, "Target": 1, "Checkpoint": 2, "Dialect/MX/IR": 2, "DeviceCode": 3,
    "Conversion/SmallFloat": 3, "Conversion/DeviceKernels": 3, "Conversion": 4, "Dialect/MX/Transforms": 4, "Pipelines": 5, "Support": 6, "Driver": 7, "CAPI": 8,
}  # fmt: skip

PASS_PARTS = ["**Requires**", "**Ensures**", "**Decides**", "**Remarks**", "**Example**"]

findings = []  # (path, line, rule, message)

def find(path, line, rule, text):
    findings.append((str(path), line, rule, text))


def read_tree():
    """All text files of the project, as {relative path: lines}."""
    tree = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and f[:5] != "build" and f[-6:] != "_cache")
        for name in sorted(names):
            path, where = Path(folder, name), Path(folder, name).relative_to(ROOT).as_posix()
            try:
                tree[where] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                if (size := path.stat().st_size) > LARGEST_DATA:  # Data, such as bytecode.
                    find(where, 1, "data", f"expected at most {LARGEST_DATA} bytes, got {size}")
    return tree


def check_text(path, text):
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        find(path, len(lines), "newline", "expected a newline at the end of the file")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip() and not path.endswith(".test"):
            find(path, number, "space", "expected no space at the end of the line")
        if "\t" in line and path.endswith((".cpp", ".h", ".td", ".py", ".mlir", ".txt", ".cmake")):
            find(path, number, "tab", "expected spaces, got a tab")
    for pattern, limit in SIZES:
        if re.match(pattern + "$" if pattern.endswith("*") else ".*" + pattern, path):
            if len(lines) - 1 > limit:
                find(path, 1, "size", f"expected at most {limit} lines, got {len(lines) - 1}")
            break
    if path.endswith((".cpp", ".h", ".td")) and path.startswith(("lib/", "include/", "tools/")):
        if not (text.startswith("//===- ") and "Apache License v2.0" in "".join(lines[1:2])):
            find(path, 1, "banner", "expected the two-line banner of docs/Style.md")
    if re.search(r"(Utils|Helper|Manager|Misc|Common)", Path(path).stem):
        find(path, 1, "name", "name the idea instead")
    for where, what, instead in BANNED:
        if re.match(where, path) and path != "utils/check-tree.py":
            for match in re.finditer(what, text):
                line = text.count("\n", 0, match.start()) + 1
                find(path, line, "banned", f"expected no '{match.group(0)}': {instead}")


def check_functions(path, text):
    """In formatted code a function starts and ends in the same column."""
    lines = text.split("\n")
    for end, line in enumerate(lines):
        if line not in ("}", "  }"):
            continue
        indent = len(line) - 1
        start = end - 1
        while start > 0 and not re.match(r" {%d}[^\s}/#]" % indent, lines[start]):
            start -= 1
        if end - start > LONGEST_FUNCTION and not re.match(r"\s*(namespace|extern)", lines[start]):
            find(path, start + 1, "function",
                 f"expected at most {LONGEST_FUNCTION} lines, got {end - start}")  # fmt: skip


def room_of(name, tree):
    """The folder of lib/ that `name` (without include/mx/ or lib/) belongs to."""
    stem = name.rsplit(".", 1)[0]
    # A header beside its room: the room is the one with the source of that name.
    if stem.count("/") and f"lib/{stem}.cpp" not in tree:
        parent, base = stem.rsplit("/", 1)
        for other in tree:
            if other.startswith(f"lib/{parent}/") and other.endswith(f"/{base}.cpp"):
                name = other[4:]
    rooms = [room for room in RANKS if name.startswith(room + "/")]
    return max(rooms, key=len) if rooms else None


def check_dependencies(path, text, tree):
    room = room_of(re.sub(r"^(include/mx|lib)/", "", path), tree)
    for match in re.finditer(r'^#include "([^"]+)"', text, re.M):
        included, line = match.group(1), text.count("\n", 0, match.start()) + 1
        if room in ("Numerics", "Runtime", "Simulator") and included.startswith(("mlir", "llvm")):
            find(path, line, "dependency", f"expected lib/{room} to use no MLIR")
        if not included.startswith("mx/"):
            continue
        other = room_of(included[3:], tree)
        if room and other and other != room and RANKS[other] >= RANKS[room]:
            find(path, line, "dependency", f"expected '{room}' not to use '{other}'")


def check_passes(path, text, tree):
    names = re.findall(r"^def (\w+) *: *Pass<", text, re.M)
    if names != sorted(names):
        find(path, 1, "passes", "expected passes in alphabetical order")
    for body in re.split(r"^def ", text, flags=re.M)[1:]:
        head = re.match(r'(\w+) *: *Pass<"([\w-]+)"', body)
        if not head:
            continue
        line = text.count("\n", 0, text.index("def " + head.group(1))) + 1
        places = [body.find(part) for part in PASS_PARTS]
        if -1 in places or places != sorted(places) or not body[: places[0]].count("[{"):
            find(path, line, "passes", f"expected {head.group(2)} to have the six parts in order")
        example = re.search(r"\(\* example: (\S+) \*\)", body)
        if not example or example.group(1) not in tree:
            find(path, line, "passes", f"expected the example test of {head.group(2)} to exist")
        flag = re.compile(r"(?<!\w)(?<!\w-)" + head.group(2) + r"(?![\w-])")
        if not any(p.startswith("test/") and p.endswith(".mlir") and flag.search(t)
                   for p, t in tree.items()):  # fmt: skip
            find(path, line, "passes", f"expected a test of {head.group(2)} under test/")


def check_links(path, text):
    for match in re.finditer(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        target = match.group(1).split("#")[0]
        if target and "://" not in target and not (ROOT / path).parent.joinpath(target).exists():
            find(path, 1, "link", f"expected '{match.group(1)}' to exist")


def main():
    argparse.ArgumentParser(description=__doc__.split("\n", 1)[0]).parse_args()
    tree = read_tree()
    for path, text in tree.items():
        check_text(path, text)
        if path.endswith((".cpp", ".h")) and path.startswith(("lib/", "include/", "tools/")):
            check_functions(path, text)
            check_dependencies(path, text, tree)
        if path.startswith("include/") and path.endswith("Passes.td"):
            check_passes(path, text, tree)
        if path.endswith(".md"):
            check_links(path, text)
    allowed = re.findall(r"^([^#\s]\S*) (\S+) \S", tree.get("utils/check-tree-allow.txt", ""), re.M)
    reported = [f for f in findings if (f[0], f[2]) not in allowed]
    for path, line, rule, message in reported:
        print(f"{path}:{line}: {rule}: {message}")
    for unneeded in set(allowed) - {(f[0], f[2]) for f in findings}:
        print(f"utils/check-tree-allow.txt: '{' '.join(unneeded)}' is no longer needed")
    print(f"check-tree: {len(tree)} files, {len(reported)} findings, {len(allowed)} allowed")
    return 1 if reported else 0


if __name__ == "__main__":
    sys.exit(main())
