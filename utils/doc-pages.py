#!/usr/bin/env python3
"""Checks, or with --write makes, the generated parts of docs/ and README.md.

Such a part stands between `<!-- generated: NAME -->` and `<!-- end -->`:

  dialect      operations, types and attributes, from TableGen
  transforms   the passes that decide and represent
  conversions  the conversions
  device       the passes on device code
  kernels      the support matrix, from include/mx/Target/Kernels.def

`(* example: TEST *)` in a pass description becomes the first function of that test
and what the pass makes of it.
"""
import argparse
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "docs/Dialect.md", "docs/Passes.md", "docs/Targets.md"]
DEFINITIONS = {
    "dialect": ["-gen-dialect-doc", "include/mx/Dialect/MX/IR/MX.td", "-dialect=mx"],
    "transforms": ["-gen-pass-doc", "include/mx/Dialect/MX/Transforms/Passes.td"],
    "conversions": ["-gen-pass-doc", "include/mx/Conversion/Passes.td"],
    "device": ["-gen-pass-doc", "include/mx/DeviceCode/Passes.td"],
}
LONGEST_OUTPUT = 40  # lines of a pasted example


def run(command, text=None):
    done = subprocess.run([str(c) for c in command], input=text, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(map(str, command))} failed:\n{done.stderr}")
    return done.stdout


def describe(name, tools):
    """What TableGen says, without what only an MLIR developer would ask for."""
    text = run([tools / "mlir-tblgen", *DEFINITIONS[name], "-I", "include", "-I", tools.parent / "include"])
    text = re.sub(r"^(<!--.*|# .*|\[TOC\]|\[source\].*|(Traits|Interfaces|Effects): .*)\n", "", text, flags=re.M)
    text = re.sub(r"^(###? .*?) \(mx::\w+\)$", r"\1", text, flags=re.M)
    text = re.sub(r"^#### (.*?):?$", r"**\1**", text, flags=re.M)
    text = text.replace("| tensor<f32> |", "| `tensor<f32>` |")
    return text.replace("`docs/Numerics.md`", "[Numerics.md](Numerics.md)")


def list_kernels():
    """One line for each row of the kernel list."""
    rows = re.findall(r'^MX_KERNEL\((\w+), "([\w.]+)", (\w+), "([^"]*)", "([^"]*)", (\w+), (\w+)\)',
                      (ROOT / "include/mx/Target/Kernels.def").read_text(), re.M)  # fmt: skip
    words = {"Exact": "bit-exact", "Bound": "within N7.2", "TensorCore": "tensor core", "Cpu": "CPU", "Nvvm": "GPU"}
    return "\n".join(["| operation | formats | kernel | machine | result |", "|---|---|---|---|---|"] + [
        f"| `{op}` | {formats.replace('*', ' × ') or 'any'} | `{name}` | {words[kind]}: {needs or 'any'} | {words[how]} |"
        for name, op, kind, needs, formats, _, how in rows])  # fmt: skip


def paste_example(test, mx_opt):
    """Input and output of the first function of a test, by its first RUN line."""
    text = (ROOT / test).read_text()
    line = re.search(r"RUN: (.*(?:\\\n// RUN: .*)*)", text).group(1)
    words = shlex.split(line.replace("\\\n// RUN:", " ").split("|")[0])
    flags = [w for w in words[1:] if not re.match(r"%s$|-?-(split-input-file|verify-diagnostics)", w)]
    chunk = re.split(r"^// -----", text, flags=re.M)[0]
    code = re.sub(r"^ *//.*\n", "", chunk, flags=re.M)
    source = re.search(r"^(?:func\.func|(?:gpu\.)?module).*?^(?:\}|\S.*\})$", code, re.M | re.S).group(0)
    output = run([mx_opt, *flags, "-"], chunk).rstrip()
    name = re.search(r"@\w+", source)
    function = name and re.search(rf"^  func\.func [^\n]*{name.group(0)}\(.*?^  }}$", output, re.M | re.S)
    if source.startswith("func") and function:
        aliases = [line for line in output.split("\n") if re.match(r"#\w+", line)]
        body = textwrap.dedent(function.group(0))
        output = "\n".join([a for a in aliases if a.split()[0] in body] + [body])
    lines = [line.rstrip() for line in output.split("\n")]
    if len(lines) > LONGEST_OUTPUT:
        lines[LONGEST_OUTPUT:] = [f"// and {len(lines) - LONGEST_OUTPUT} more lines"]
    return "\n".join([
        f"the first function of [`{test}`](../{test})", "", "```mlir", source, "```", "",
        f"becomes, by `{shlex.join(['mx-opt', *flags])}`,", "", "```mlir", *lines, "```"])  # fmt: skip


def generate(name, build, tools):
    text = list_kernels() if name == "kernels" else describe(name, tools)
    text = re.sub(r"\(\* example: (\S+) \*\)", lambda m: paste_example(m.group(1), build / "bin/mx-opt"), text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=ROOT / "build", type=Path, help="build folder")
    parser.add_argument("--write", action="store_true", help="replace the generated parts")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    cache = (build / "CMakeCache.txt").read_text()
    tools = Path(re.search(r"^MLIR_DIR:\w+=(.*)/lib/cmake/mlir$", cache, re.M).group(1), "bin")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for page in (ROOT / page for page in PAGES if (ROOT / page).exists()):
        old = page.read_text()
        try:
            new = re.sub(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)",
                         lambda m: f"{m.group(1)}\n{generate(m.group(2), build, tools)}\n\n{m.group(3)}",
                         old, flags=re.S)  # fmt: skip
        except (OSError, RuntimeError, AttributeError) as error:
            print(f"{page.name}: cannot be generated: {error}")
            counts["failed"] += 1
            continue
        if arguments.write:
            page.write_text(new)
        elif new != old:
            print(f"{page.name}: expected what utils/doc-pages.py --write makes, got older text")
        counts["passed" if arguments.write or new == old else "failed"] += 1
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
