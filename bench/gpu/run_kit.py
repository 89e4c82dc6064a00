#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checks and times the products of a kit on this machine's NVIDIA GPU.

    python3 run_kit.py --json=results.json

Every product is compared with float64 first; what differs is not timed. Then it
runs beside bf16 weights (cuBLAS), int4 weights (tinygemm), Triton's dot_scaled,
decoding before each product, and FP8 (_scaled_mm); what this machine lacks is
left out, with the reason. Times are medians of replayed graphs, on copies of the
weights in turn; "of copy" and "of matmul" compare them with what this machine
copied and multiplied in the same run. Needs PyTorch; Triton if it is there.
With --check-only it needs only the driver, and PyTorch or numpy.
"""

import argparse
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kit_check import check_product
from kit_library import Failed, Library, find_device
from kit_manifest import fits, parse_sizes, read_manifest
from kit_peers import PEERS
from kit_software import describe_machine, import_torch, make_machine
from kit_timing import Clock, time_case
from report import list_results

RESULT_VERSION = 1
MIB = 1 << 20


def run_cases(arguments, torch, capability, cases):
    """Returns checks and results; prints the former as they come."""
    clock = None if arguments.check_only else Clock(torch, arguments.repetitions, arguments.rotate * MIB)
    found = {"limits": clock.measure_limits() if clock else None, "checks": [], "results": []}
    for case in cases:
        library = Library(arguments.kit / case["library"], case["function"])
        for m in arguments.rows or case["rows"]:
            machine = make_machine(torch, library, arguments.seed + m)
            check = {"case": case["name"], "m": m}
            check |= check_product(machine, library, case, m, capability)
            found["checks"].append(check)
            print(f"{case['name']}, {m} rows: {'right' if check['ok'] else 'WRONG'}: {check['text']}", flush=True)
            if clock and check["ok"]:
                found["results"] += time_case(clock, machine, library, case, m, arguments.peers)
            if not torch:
                machine.release()
    return found


def run(arguments):
    """Returns whether every product is right."""
    manifest = read_manifest(arguments.kit)
    capability = find_device()
    wanted = [case for case in manifest["cases"] if arguments.only in case["name"]]
    cases = [case for case in wanted if fits(case, capability)]
    if not cases:
        chips = sorted({case["chip"] for case in wanted})
        raise Failed(f"expected products for compute capability {capability / 10}, got some for {chips}")
    torch = import_torch(needed=not arguments.check_only)
    about = {"version": RESULT_VERSION, "measured": not arguments.check_only, "compiler": manifest["compiler"]}
    about["machine"] = describe_machine(torch, capability)
    found = about | run_cases(arguments, torch, capability, cases)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    if found["results"]:
        print("\n" + "\n".join(list_results(found)))
    wrong = sum(not check["ok"] for check in found["checks"])
    print(f"{len(found['checks'])} products checked, {wrong} wrong")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kit", type=Path, default=HERE, help="the folder of the kit (default: that of this script)")
    parser.add_argument("--json", type=Path, help="where to write what was found")
    parser.add_argument("--only", default="", metavar="TEXT", help="products whose name has this text")
    parser.add_argument("--rows", metavar="M,M…", help="rows of activations (default: those of the kit)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--check-only", action="store_true", help="time nothing")
    parser.add_argument("--repetitions", type=int, default=21)
    parser.add_argument("--rotate", type=int, default=512, metavar="MIB", help="of weights that are read in turn (default 512)")
    parser.add_argument("--seed", type=int, default=None, help="of the numbers (default: another each time)")
    arguments = parser.parse_args()
    try:
        arguments.peers = arguments.peers.split(",")
        if unknown := [name for name in arguments.peers if name not in PEERS]:
            raise Failed(f"expected peers of {', '.join(PEERS)}, got '{unknown[0]}'")
        if arguments.rows:
            arguments.rows = [rows for (rows,) in parse_sizes(arguments.rows, 1)]
        if min(arguments.repetitions, arguments.rotate) < 1:
            raise Failed("expected positive numbers for --repetitions and --rotate, got less")
        if arguments.seed is None:
            arguments.seed = int.from_bytes(os.urandom(4), "little")
        print(f"seed {arguments.seed}")
        sys.exit(0 if run(arguments) else 1)
    except Failed as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
