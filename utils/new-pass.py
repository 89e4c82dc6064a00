#!/usr/bin/env python3
"""Writes the skeleton of a pass: its .td entry, source, CMake line and two tests.

  utils/new-pass.py Rotate mx-fuse-rotations "move rotations into their neighbours"
"""
import argparse
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = ROOT / "include/mx/Dialect/MX/Transforms/Passes.td"
SOURCES = ROOT / "lib/Dialect/MX/Transforms"
TESTS = ROOT / "test/Dialect/MX"

ENTRY = """def {name}Pass : Pass<"{flag}", "::mlir::ModuleOp"> {{
  let summary = "{summary}";
  let description = [{{
    What it does, in one sentence.

    **Requires** the phase before. **Ensures** what is true afterwards, and what is never
    touched. **Decides** how it chooses, and what is arbitrary.
    **Remarks** (`{flag}`): passed, what was done; missed, why not.
    **Example**: (* example: test/Dialect/MX/{stem}.mlir *)
  }}];
  let dependentDialects = ["::mlir::mx::MXDialect"];
}}

"""

SOURCE = """{banner}
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What this file is for and the one idea in it, in two to six sentences.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {{
#define GEN_PASS_DEF_{upper}PASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
}} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {{

struct {name}Pass
    : public mx::impl::{name}PassBase<{name}Pass> {{
  using Base::Base;

  void runOnOperation() override {{
    getOperation().emitError("expected a pass, got its skeleton");
    signalPassFailure();
  }}
}};

}} // namespace
"""

TEST = """// What is shown, in one sentence.
// RUN: mx-opt %s --{flag} | FileCheck %s

// CHECK-LABEL: func.func @what_is_shown
func.func @what_is_shown() {{
  return
}}
"""

INVALID = """// What {flag} refuses.
// RUN: mx-opt %s --{flag} --split-input-file --verify-diagnostics

// expected-error @below {{{{expected}}}}
module {{}}
"""


def insert_sorted(path, pattern, key, text):
    """Puts `text` before the first match of `pattern` whose group sorts after `key`."""
    old = path.read_text()
    matches = list(re.finditer(pattern, old, re.M))
    later = [match for match in matches if match.group(1) > key]
    if later:
        place = later[0].start()
    elif path.suffix == ".td":
        place = old.rindex("#endif")
    else:
        place = matches[-1].end() + 1
    path.write_text(old[:place] + text + old[place:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", choices=sorted(p.name for p in SOURCES.iterdir() if p.is_dir()))
    parser.add_argument("flag", help="mx-<verb>-<noun>")
    parser.add_argument("summary", help="one phrase, a lower-case verb first, no period")
    arguments = parser.parse_args()
    if not re.fullmatch(r"mx(-[a-z0-9]+)+", arguments.flag):
        parser.error(f"expected a flag such as mx-fuse-rotations, got '{arguments.flag}'")
    stem = arguments.flag[len("mx-") :]
    name = "".join(word.capitalize() for word in stem.split("-"))
    values = {
        "flag": arguments.flag, "stem": stem, "name": name, "upper": name.upper(),
        "summary": arguments.summary, "banner": f"//===- {name}.cpp - {arguments.summary} "[:74].ljust(75, "-") + "===//",
    }  # fmt: skip
    source = SOURCES / arguments.folder / f"{name}.cpp"
    if source.exists():
        parser.error(f"expected no {source.relative_to(ROOT)} yet")
    source.write_text(SOURCE.format(**values))
    for ending, text in (("", TEST), ("-invalid", INVALID)):
        (TESTS / f"{stem}{ending}.mlir").write_text(text.format(**values))
    insert_sorted(DEFINITIONS, r"^def (\w+) : Pass", name + "Pass", ENTRY.format(**values))
    entry = source.relative_to(SOURCES).as_posix()
    insert_sorted(SOURCES / "CMakeLists.txt", r"^  ([\w/]+\.cpp)$", entry, f"  {entry}\n")
    print(f"wrote {entry}, its tests and its entries; put it into lib/Pipelines")


if __name__ == "__main__":
    main()
