# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compares a compiled product with float64, in every element.

Twice, on fresh numbers: on the exact domain (N7.3) each bit must be that of the
exact sum, rounded once to the type of results; elsewhere the bound of N7.2 holds.
Results lie in memory that held NaNs, between guards that nobody may touch.
"""

from kit_formats import make_operand
from kit_machine import GUARD

# Bits of the fraction, with which half a unit in the last place is found.
FRACTIONS = {"f32": None, "bf16": 8, "f16": 11}


def count_roundings(k, capability):
    """Returns `n` of N7.2 as docs/Targets.md gives it for one plane of numbers."""
    return k + 1 if capability >= 90 else k * 9 // 8 + 1


def run_product(machine, library, case, sides, m):
    """Returns results and whether memory beside them is as it was."""
    shape = (m, case["n"])
    buffers, stored = [], []
    for side in sides:
        for array, kind in side.parts:
            stored.append(machine.store(array, kind))
            buffers.append((machine.address(stored[-1]), tuple(array.shape)))
    memory = machine.poisoned(shape, case["result"])
    buffers.append((machine.address(memory) + GUARD, shape))
    machine.synchronize()
    library.bind(buffers)()
    return machine.fetch(memory, shape, case["result"])


def compare_bits(machine, case, sides, results):
    """Returns how many results differ from the exact ones."""
    expected = machine.round(sides[0].values @ sides[1].values.T, case["result"])
    # A NaN differs from everything.
    return int((~(results == expected)).sum())


def compare_bound(machine, case, sides, results, capability):
    """Returns the largest error as a part of what N7.2 allows, or infinity."""
    exact = sides[0].values @ sides[1].values.T
    magnitudes = abs(sides[0].values) @ abs(sides[1].values).T
    n = count_roundings(case["k"], capability)
    bound = (n + 2) * 2.0**-24 * magnitudes + n * 2.0**-149
    if bits := FRACTIONS[case["result"]]:
        # Rounding moves the sum, whose magnitude is at most this.
        bound = bound + (abs(exact) + bound) * 2.0**-bits
    errors = abs(results - exact) / bound
    return float("inf") if bool((errors != errors).any()) else float(errors.max())


def check_product(machine, library, case, m, capability):
    """Returns what was found: `ok`, and in words."""
    found = []
    for exact in (True, False):
        sides = [
            make_operand(machine, case["lhs"], m, case["k"], exact),
            make_operand(machine, case["rhs"], case["n"], case["k"], exact),
        ]
        results, untouched = run_product(machine, library, case, sides, m)
        if not untouched:
            return {"ok": False, "text": "memory beside the results was written"}
        if exact:
            count = compare_bits(machine, case, sides, results)
            found.append((count == 0, f"{count} of {m * case['n']} bits differ"))
        else:
            worst = compare_bound(machine, case, sides, results, capability)
            found.append((worst <= 1, f"{worst:.3f} of bound"))
    return {"ok": all(ok for ok, _ in found), "text": ", ".join(text for _, text in found)}
