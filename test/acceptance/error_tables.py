# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The relative squared errors that quantising must have.

Computed once in f64 by a program of its own over 2^22 samples of each distribution.
`sizes` are those of the rotation (0 for none). Errors of E8M0 formats depend on the
fraction of log2 σ and are means over σ = 2^(j/8); those of NVFP4 are for σ = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

THREES = "format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>"
SMALL_BLOCKS = "format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>"


@dataclass(frozen=True)
class Cell:
    """What becomes of a distribution that is rotated and encoded."""

    distribution: str
    rotation: int
    format: str
    rule: str
    error: float

    @property
    def averaged(self) -> bool:
        """Returns whether the error is a mean over σ."""
        return self.format != "nvfp4"

    @property
    def name(self) -> str:
        """Returns the cell in words."""
        rotated = f" rotated by {self.rotation}" if self.rotation else ""
        short = {THREES: "mxfp4 with tensor scale", SMALL_BLOCKS: "mxfp4 of 16"}
        return f"{self.distribution}{rotated}, {short.get(self.format, self.format)} {self.rule}"


# floor, ceil, rceil, even, mse
MXFP4 = {
    ("normal", 0): (0.01335, 0.0199, 0.01366, 0.01261, 0.01250),
    ("normal", 32): (0.01335, 0.0199, 0.01366, 0.01261, 0.01250),
    ("laplace", 0): (0.01596, 0.0288, 0.01751, 0.01532, 0.01502),
    ("laplace", 16): (0.01327, 0.0195, 0.01352, 0.01252, 0.01242),
    ("laplace", 32): (0.01318, 0.0191, 0.01339, 0.01243, 0.01233),
    ("laplace", 64): (0.01326, 0.0195, 0.01351, 0.01251, 0.01241),
    ("laplace", 128): (0.01330, 0.0197, 0.01359, 0.01256, 0.01246),
    ("t5", 0): (0.01588, 0.0292, 0.01749, 0.01526, 0.01494),
    ("t5", 16): (0.01327, 0.0195, 0.01354, 0.01253, 0.01243),
    ("t5", 32): (0.01318, 0.0192, 0.01340, 0.01243, 0.01234),
    ("t5", 64): (0.01325, 0.0194, 0.01350, 0.01250, 0.01240),
    ("t5", 128): (0.01330, 0.0196, 0.01357, 0.01255, 0.01245),
    ("chan", 0): (0.03093, 0.0492, 0.03411, 0.02927, 0.02846),
    ("chan", 16): (0.01281, 0.0158, 0.01263, 0.01202, 0.01196),
    ("chan", 32): (0.01178, 0.0127, 0.01127, 0.01106, 0.01104),
    ("chan", 64): (0.01183, 0.0130, 0.01132, 0.01109, 0.01107),
    ("chan", 128): (0.01183, 0.0130, 0.01133, 0.01109, 0.01107),
}

# amax, rceil with E8M0 scales, four_over_six_mse, four_over_six_mae, sweep
NVFP4 = {
    ("normal", 0): (0.00904, 0.01272, 0.00755, 0.00779, 0.00659),
    ("laplace", 0): (0.00859, 0.01522, 0.00760, 0.00784, 0.00680),
    ("laplace", 16): (0.00923, 0.01252, 0.00761, 0.00784, 0.00660),
    ("laplace", 32): (0.00914, 0.01263, 0.00757, 0.00781, 0.00659),
    ("laplace", 64): (0.00909, 0.01269, 0.00757, 0.00781, 0.00659),
    ("laplace", 128): (0.00907, 0.01269, 0.00757, 0.00781, 0.00659),
    ("t5", 0): (0.00853, 0.01493, 0.00752, 0.00773, 0.00674),
    ("t5", 16): (0.00921, 0.0125, 0.00760, 0.0078, 0.00660),
    ("t5", 32): (0.00913, 0.0126, 0.00758, 0.0078, 0.00660),
    ("t5", 64): (0.00910, 0.0127, 0.00757, 0.0078, 0.00660),
    ("t5", 128): (0.00907, 0.0127, 0.00757, 0.0078, 0.00660),
    ("chan", 0): (0.00857, 0.02227, 0.00829, 0.00834, 0.00808),
    ("chan", 16): (0.01219, 0.0111, 0.00765, 0.0078, 0.00615),
    ("chan", 32): (0.01119, 0.0111, 0.00781, 0.0079, 0.00647),
    ("chan", 64): (0.01044, 0.0113, 0.00785, 0.0080, 0.00662),
    ("chan", 128): (0.01044, 0.0113, 0.00784, 0.0080, 0.00661),
}

# floor, rceil, even, mse, in thousandths
WIDER = {
    ("mxfp6_e2m3", "normal"): (0.799, 0.798, 0.790, 0.788),
    ("mxfp6_e2m3", "laplace"): (0.934, 0.945, 0.925, 0.922),
    ("mxfp6_e2m3", "chan"): (1.83, 1.90, 1.82, 1.81),
    ("mxfp6_e3m2", "normal"): (2.93, 2.78, 2.78, 2.78),
    ("mxfp6_e3m2", "laplace"): (3.00, 2.78, 2.78, 2.78),
    ("mxfp6_e3m2", "chan"): (3.39, 2.78, 2.78, 2.78),
    ("mxfp8_e4m3", "normal"): (0.895, 0.702, 0.782, 0.702),
    ("mxfp8_e4m3", "laplace"): (0.991, 0.702, 0.824, 0.702),
    ("mxfp8_e4m3", "chan"): (1.49, 0.702, 1.04, 0.702),
    ("mxfp8_e5m2", "normal"): (2.93, 2.78, 2.78, 2.78),
    ("mxfp8_e5m2", "laplace"): (3.00, 2.78, 2.78, 2.78),
    ("mxfp8_e5m2", "chan"): (3.39, 2.77, 2.78, 2.78),
}


def all_cells() -> list[Cell]:
    """Returns every cell of the tables."""
    cells = []
    for (distribution, rotation), errors in MXFP4.items():
        rules = ("floor", "ceil", "rceil", "even", "mse")
        cells += [Cell(distribution, rotation, "mxfp4", r, e) for r, e in zip(rules, errors)]
        # The rule that scales by 3/4 has the errors of rceil.
        cells.append(Cell(distribution, rotation, THREES, "abs3", errors[2]))
    for (distribution, rotation), errors in NVFP4.items():
        rules = ("amax", "rceil", "four_over_six_mse", "four_over_six_mae", "sweep")
        for rule, error in zip(rules, errors):
            format = SMALL_BLOCKS if rule == "rceil" else "nvfp4"
            cells.append(Cell(distribution, rotation, format, rule, error))
    for (format, distribution), errors in WIDER.items():
        rules = ("floor", "rceil", "even", "mse")
        cells += [Cell(distribution, 0, format, r, e / 1000) for r, e in zip(rules, errors)]
    for distribution in ("laplace", "t5"):  # Rotated, these are normal.
        cells.append(Cell(distribution, 32, "mxfp6_e2m3", "even", 0.79e-3))
        cells.append(Cell(distribution, 32, "mxfp8_e4m3", "rceil", 0.702e-3))
    return cells
