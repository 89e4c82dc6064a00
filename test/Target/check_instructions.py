#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compares Instructions.def with what LLVM and ptxas accept.

Each row has a line in Inputs/instructions.txt. For each chip a kernel of it is translated
to PTX and assembled, in processes of their own, because LLVM ends the program where
it has no such instruction. It must go through where the table says so, and only there;
with the PTX version before that of the row, one of its chips must fail.
"""

import argparse
import collections
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VERSIONS = [70, 71, 72, 73, 74, 75, 76, 77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90]

MODULE = """
gpu.module @m [#nvvm.target<chip = "{chip}", features = "+ptx{ptx}", O = 3, verifyTarget = false>] {{
  llvm.mlir.global internal @shared() {{addr_space = 3 : i32, alignment = 1024 : i64}} : !llvm.array<4096 x i8>
  {kernels}
}}
"""
KERNEL = """
  llvm.func @k{number}(%g: !llvm.ptr<1>, %p: !llvm.ptr, %w: i32, %l: i64, %h: i16, %x: f32, %z: i128) attributes
      {{gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>, nvvm.minctasm = 1 : i32, nvvm.maxnreg = 168 : i32}} {{
    %s = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %c = llvm.addrspacecast %s : !llvm.ptr<3> to !llvm.ptr<7>
    %t = llvm.inttoptr %w : i32 to !llvm.ptr<6>
    %b = llvm.trunc %w : i32 to i1
    %v = llvm.bitcast %h : i16 to vector<2xi8>
    %q = llvm.bitcast %w : i32 to vector<2xf16>
    %u = llvm.mlir.undef : !llvm.struct<(f32, f32, f32, f32)>
    %d = llvm.insertvalue %x, %u[0] : !llvm.struct<(f32, f32, f32, f32)>
    {code}
    llvm.return
  }}
"""


def read_rows(name, count):
    text = (ROOT / "include/mx/Target" / name).read_text()
    rows = re.findall(r"^MX_(?:CHIP|INSTRUCTION)\((.*)\)$", text, re.M)
    return [[word.strip(' "') for word in row.split(",")][:count] for row in rows]


def read_code():
    text = (Path(__file__).parent / "Inputs/instructions.txt").read_text().split("---\n", 1)[1]
    code = dict(line.split(": ", 1) for line in text.splitlines())
    for name, body in code.items():
        if "%r = " in body:  # Or LLVM would drop it.
            kind = re.sub(r" \(.*", "", re.split(r" : | -> ", body)[-1])
            code[name] += f" llvm.store %r, %g : {kind}, !llvm.ptr<1>"
    return code


def fits(words, chip):
    """What the head of Instructions.def says about words such as "80+", "100f", "90a"."""
    name, capability, reach, family = chip
    for word in words.split():
        number, mark = re.match(r"(\d+)(.*)", word).groups()
        if ((mark == "+" and int(capability) >= int(number))
                or (mark == "f" and family == number and reach != "Later")
                or (mark in ("", "a") and name == "sm_" + word)):  # fmt: skip
            return True
    return False


def assembles(arguments, codes, chip, ptx):
    """Whether kernels of all these codes get through, in one process."""
    binary = f"gpu-module-to-binary{{format=bin toolkit={arguments.cuda}}}"
    pipeline = f"builtin.module(gpu.module(convert-nvvm-to-llvm),{binary})"
    kernels = "".join(KERNEL.format(number=number, code=code) for number, code in enumerate(codes))
    done = subprocess.run([arguments.mlir_opt, "-", "-o", "/dev/null", "--pass-pipeline=" + pipeline],
                          input=MODULE.format(chip=chip, ptx=ptx, kernels=kernels),
                          capture_output=True, text=True)  # fmt: skip
    return done.returncode == 0, done.stderr


def list_cases(arguments):
    """{(chip, PTX version, whether the table says it works): names}, and for each name
    the (chip, version) pairs just before the version of its row."""
    cases, earlier = collections.defaultdict(list), collections.defaultdict(list)
    for name, words, ptx in read_rows("Instructions.def", 3):
        if not re.fullmatch(arguments.instructions or ".*", name):
            continue
        for chip, capability, reach, family, least in read_rows("Chips.def", 5):
            if arguments.chips and chip not in arguments.chips.split(","):
                continue
            legal = fits(words, (chip, capability, reach, family))
            if legal or not arguments.only_legal:
                cases[chip, max(int(ptx), int(least)), legal].append(name)
            before = [version for version in VERSIONS if int(least) <= version < int(ptx)]
            if legal and before and not arguments.only_legal:
                earlier[name].append((chip, before[-1]))
    return cases, earlier


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mlir-opt", default="mlir-opt", help="MLIR's own mlir-opt")
    parser.add_argument("--cuda", default="/usr/local/cuda", help="folder with bin/ptxas")
    parser.add_argument("--chips", default="", help="only these, separated by commas")
    parser.add_argument("--instructions", default="", help="only names that match this regular expression")
    parser.add_argument("--only-legal", action="store_true", help="only what the table says works")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    code = read_code()
    cases, earlier = list_cases(arguments)

    def check(case):
        """How often the table is wrong about names on a chip."""
        (chip, ptx, legal), names = case
        # Where all shall work, one run shows it; what fails, fails alone.
        if legal and assembles(arguments, [code[name] for name in names], chip, ptx)[0]:
            return 0
        differing = 0
        for name in names:
            works, text = assembles(arguments, [code[name]], chip, ptx)
            if works != legal:
                differing += 1
                print(f"{name} on {chip} with PTX {ptx}: the table says {legal}, LLVM and ptxas {works}", flush=True)
            if arguments.verbose and legal and not works:
                print(text[:2000])
        return differing

    def check_earlier(case):
        name, pairs = case
        if not all(assembles(arguments, [code[name]], chip, ptx)[0] for chip, ptx in pairs):
            return 0
        print(f"{name}: the table's PTX version is too new, {pairs[0][1]} does on {pairs[0][0]}", flush=True)
        return 1

    with ThreadPoolExecutor(arguments.jobs) as pool:
        differing = sum(pool.map(check, cases.items())) + sum(pool.map(check_earlier, earlier.items()))
    count = sum(map(len, cases.values())) + len(earlier)
    print(f"{count} cases, {differing} differ")
    return 0 if count and not differing else 1


if __name__ == "__main__":
    sys.exit(main())
