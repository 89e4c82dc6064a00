#!/usr/bin/env python3
"""Gives every example of the documentation to mx-opt.

That is each ```mlir block in a description of include/mx/Dialect/MX/IR/*.td and in
docs/. A block is one or more functions or modules, or a list of types or attributes,
one to a line; a block of docs/ that is neither is a fragment and is skipped.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^ *```mlir\n(.*?)^ *```", re.M | re.S)

GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.S)


def wrap(example):
    """A module for one block, or None for a fragment."""
    code = "\n".join(line for line in example.split("\n") if not line.strip().startswith("//"))
    if code.lstrip().startswith(("func.func", "module", "#map", "tosa")):
        return example
    lines = [line.split("//")[0].strip() for line in code.split("\n") if line.strip()]
    if lines and all(line.startswith("!mx.") for line in lines):
        return "\n".join(f"func.func private @e{i}({t})" for i, t in enumerate(lines))
    if lines and all(line.startswith("#mx.") for line in lines):
        attributes = ", ".join(f"e{i} = {a}" for i, a in enumerate(lines))
        return f"func.func private @e() attributes {{{attributes}}}"
    return None


def check_file(path, mx_opt, counts):
    """Parses the blocks of one file and prints what is wrong."""
    name = path.relative_to(ROOT)
    text = path.read_text()
    # What was generated comes from the .td files and from tests.
    text = GENERATED.sub(lambda match: "\n" * match.group(0).count("\n"), text)
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        module = wrap(match.group(1))
        if module is None:
            if path.suffix == ".td":
                counts["failed"] += 1
                print(f"{name}:{line}: expected functions, types or attributes, got a fragment")
            else:
                counts["skipped"] += 1
            continue
        done = subprocess.run([mx_opt, "-"], input=module, capture_output=True, text=True)
        counts["failed" if done.returncode else "passed"] += 1
        if done.returncode:
            print(f"{name}:{line}: example does not parse:\n{done.stderr}")
    for body in re.split(r"^def ", text, flags=re.M)[1:]:
        if path.suffix == ".td" and re.match(r"MX_\w+ : (MX_(Op|PackedOp|Attr)|TypeDef)<", body) and not BLOCK.search(body):
            counts["failed"] += 1
            print(f"{name}: expected an example in the description of {body.split()[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=ROOT / "build", type=Path, help="build folder")
    mx_opt = parser.parse_args().build.resolve() / "bin/mx-opt"
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for pattern in ("include/mx/Dialect/MX/IR/*.td", "docs/**/*.md", "*.md"):
        for path in sorted(ROOT.glob(pattern)):
            check_file(path, mx_opt, counts)
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
