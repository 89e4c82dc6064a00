# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tiles and stages that a product can be compiled with, and what measurements of
them say (include/mx/Target/Tuning.def)."""

# The tiles of a kernel, from the largest on; with each the stages to try (0: its own).
TILES = {
    "matmul_wgmma": {"256x128": (2, 3, 0), "128x128": (2, 3, 4, 0)},
    "matmul_mma_block_scale": {"128x128_ring": (0,), "128x128": (0,), "32x128": (0,)},
}
# More rows than any product has.
NEVER = 2**31 - 1


def kernel_of(chip, lhs, rhs):
    """Returns the kernel with a choice that these formats have on a chip, or None."""
    if chip == "sm_90a" and lhs == "bf16" and rhs in ("mxfp4", "nvfp4"):
        return "matmul_wgmma"
    if chip.startswith("sm_12") and (lhs == rhs == "nvfp4" or lhs.startswith("mxfp") and rhs.startswith("mxfp")):
        return "matmul_mma_block_scale"
    return None


def list_variants(chip, lhs, rhs):
    """Returns what to compile: pairs of a dictionary that names the variant and the
    module's `mx.tuning`, which lets it take this tile whenever it fits."""
    kernel = kernel_of(chip, lhs, rhs)
    return [
        (
            {"kernel": kernel, "tile": tile, "stages": count},
            [f"{kernel} {other} {0 if other == tile else NEVER} {count if other == tile else 0}" for other in TILES[kernel]],
        )
        for tile, stages in TILES.get(kernel, {}).items()
        for count in stages
    ]


def best_times(results):
    """Returns for each number of rows and tile the least time and its stages."""
    best = {}
    for row in results:
        if "seconds" in row:
            tile, place = row["variant"]["tile"], (row["seconds"], row["variant"]["stages"])
            times = best.setdefault(row["m"], {})
            times[tile] = min(times.get(tile, place), place)
    return best


def choose_tiles(kernel, best):
    """Returns pairs of a tile and (rows below, stages): a tile is taken for more rows
    than the largest number for which a smaller one was faster. None where a tile has
    no time in every place."""
    tiles, chosen = list(TILES[kernel]), []
    for index, tile in enumerate(tiles):
        if not all(set(tiles[index:]) <= set(times) for times in best.values()):
            return None
        slower = [m for m, times in best.items() if min(times[other] for other in tiles[index:]) < times[tile]]
        below = max(slower, default=0)
        if below == max(best):
            below = NEVER
        chosen.append((tile, (below, best[max(best)][tile][1])))
    return chosen
