# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The bugs that seeded_bugs.py plants, and how each must be noticed.

A pattern is literal text in which `%?` stands for any value and `%<a>` for one that the
replacement may use. It is looked for in one section of the kernel, where it must be found
exactly `count` times; number `which` is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

WRONG_RESULT = "wrong result"
# Selectors that are constants are checked before anything runs.
REFUSED = "refused"


@dataclass(frozen=True)
class Edit:
    """A change of one place."""

    section: tuple[str, str]
    pattern: str
    replacement: str
    which: int = 0
    count: int = 1


@dataclass(frozen=True)
class Bug:
    """Edits that are one mistake, the kind of error, and a part of the line it is at."""

    name: str
    kind: str
    at: str
    edits: tuple[Edit, ...]


def bug(
    name: str,
    noticed: tuple[str, str] | str,
    section: tuple[str, str],
    pattern: str,
    replacement: str,
    which: int = 0,
    count: int = 1,
) -> Bug:
    """Makes a bug of one edit."""
    kind, at = noticed if isinstance(noticed, tuple) else (noticed, "")
    return Bug(name, kind, at, (Edit(section, pattern, replacement, which, count),))


# Sections of the kernel of a product, from the first text to the second.
HOST = ("func.func", "gpu.module")
SETUP = ("gpu.func", "scf.if")
LOOP = ("= scf.for", "scf.yield")
RESULTS = ("scf.yield", "gpu.return")

WAIT = "nvvm.cp.async.wait.group 0\n"
BARRIER = "nvvm.barrier\n"
COMMIT = "nvvm.cp.async.commit.group\n"
LDMATRIX = "nvvm.ldmatrix"
MMA = "nvvm.mma.block_scale"
FRAGMENTS = "A[%<a>, %<b>, %<c>, %<d>] B[%<e>, %<f>]"
SCALES = "scaleA[%<a>, %<i>, %<j>] scaleB[%<b>, %<k>, %<l>]"

PRODUCT_BUGS = [
    bug("no wait for cp.async", ("in-flight", "llvm.load"), LOOP, WAIT, "\n"),
    bug("wait for one group too few", ("in-flight", "llvm.load"), LOOP, WAIT, WAIT.replace("0", "1")),
    bug("copies not committed", ("in-flight", "llvm.load"), LOOP, COMMIT, "\n"),
    bug("no barrier before reading", ("unwritten", "llvm.load"), LOOP, BARRIER, "\n"),
    Bug(
        "no barrier before the stage is overwritten",
        "race",
        "nvvm.cp.async.shared.global",
        (Edit(LOOP, BARRIER, "\n"), Edit(LOOP, COMMIT, COMMIT + BARRIER)),
    ),
    bug(
        "barrier before the wait",
        ("in-flight", "llvm.load"),
        LOOP,
        WAIT + "        " + BARRIER,
        BARRIER + WAIT,
    ),
    bug(
        "copies to the stage being read",
        "in-flight",
        LOOP,
        "%<r> = arith.remui %<a>, %c2_i32 : i32",
        "%b = arith.addi %<a>, %c1_i32 : i32\n%<r> = arith.remui %b, %c2_i32 : i32",
        which=1,
        count=2,
    ),
    bug(
        "reads the stage being filled",
        "unwritten",
        LOOP,
        "%<r> = arith.remui %<a>, %c2_i32 : i32",
        "%b = arith.addi %<a>, %c1_i32 : i32\n%<r> = arith.remui %b, %c2_i32 : i32",
        which=0,
        count=2,
    ),
    bug("scales copied behind shared memory", "out-of-bounds", LOOP, "[20736]", "[44000]", count=2),
    bug("dynamic shared memory too small", "out-of-bounds", HOST, "%c45056_i32 = arith.constant 45056", "%c45056_i32 = arith.constant 40960"),
    bug("misaligned matrix row", ("misaligned", LDMATRIX), LOOP, "getelementptr %<p>[2048]", "getelementptr %<p>[2056]", count=4),
    bug("misaligned source of a copy", ("misaligned", "nvvm.cp.async"), SETUP, "arith.muli %<p>, %c16_i32 : i32", "arith.muli %<p>, %c8_i32 : i32", count=6),
    bug("swapped halves of A", WRONG_RESULT, LOOP, FRAGMENTS, "A[%<b>, %<a>, %<c>, %<d>] B[%<e>, %<f>]", count=16),
    bug("swapped k halves of A", WRONG_RESULT, LOOP, FRAGMENTS, "A[%<c>, %<d>, %<a>, %<b>] B[%<e>, %<f>]", count=16),
    bug("swapped k halves of B", WRONG_RESULT, LOOP, FRAGMENTS, "A[%<a>, %<b>, %<c>, %<d>] B[%<f>, %<e>]", count=16),
    bug("transposed matrix", WRONG_RESULT, LOOP, "layout = #nvvm.mma_layout<row>, num", "layout = #nvvm.mma_layout<col>, num", count=12),
    bug("wrong nibbles of A", WRONG_RESULT, LOOP, "%<r> = nvvm.mma.block_scale A[%<a>,", "%b = arith.shrui %<a>, %c4_i32 : i32\n%<r> = nvvm.mma.block_scale A[%b,", count=16),
    bug("byte selector of the other k block", WRONG_RESULT, LOOP, SCALES, "scaleA[%<a>, %c2_i16, %<j>] scaleB[%<b>, %<k>, %<l>]", count=16),
    bug("byte selector that does not exist", (REFUSED, MMA), LOOP, SCALES, "scaleA[%<a>, %c1_i16, %<j>] scaleB[%<b>, %<k>, %<l>]", count=16),
    bug("thread selector of other rows of A", WRONG_RESULT, LOOP, SCALES, "scaleA[%<a>, %<i>, %c1_i16] scaleB[%<b>, %<k>, %<l>]", count=16),
    bug("thread selector of A that does not exist", (REFUSED, MMA), LOOP, SCALES, "scaleA[%<a>, %<i>, %c2_i16] scaleB[%<b>, %<k>, %<l>]", count=16),
    bug("thread selector of other columns of B", WRONG_RESULT, LOOP, SCALES, "scaleA[%<a>, %<i>, %<j>] scaleB[%<b>, %<k>, %c1_i16]", count=16),
    bug("scales of A and B swapped", WRONG_RESULT, LOOP, SCALES, "scaleA[%<b>, %<i>, %<j>] scaleB[%<a>, %<k>, %<l>]", count=16),
    bug("scales of another k block", WRONG_RESULT, LOOP, "llvm.extractelement %<v>[%c0_i32 : i32]", "llvm.extractelement %<v>[%c1_i32 : i32]", count=2),
    bug("elements of another k block", WRONG_RESULT, LOOP, "arith.muli %<s>, %c128_i32", "arith.muli %<s>, %c64_i32"),
    bug("last step left out", WRONG_RESULT, SETUP, "arith.addi %<k>, %c255_i32", "arith.addi %<k>, %c0_i32"),
    bug("swizzle forgotten on reading", WRONG_RESULT, ("cp.async.commit.group", "= scf.for"), "arith.muli %<c>, %c16_i32", "arith.muli %<c>, %c0_i32", count=8),
    bug("zeros from the middle of a chunk on", WRONG_RESULT, LOOP, "arith.select %<p>, %c16_i32, %c0_i32", "arith.select %<p>, %c8_i32, %c0_i32", count=5),
    Bug(
        "rows past the end are read",
        "out-of-bounds",
        "nvvm.cp.async",
        (
            Edit(SETUP, "arith.minui %<r>, %<m> : i32", "arith.addi %<r>, %c0_i32 : i32", 0, 7),
            Edit(LOOP, "arith.select %<p>, %c16_i32, %c0_i32", "arith.addi %c16_i32, %c0_i32", 0, 5),
        ),
    ),
    bug("rows past the end are written", ("race", "llvm.load"), RESULTS, "arith.cmpi ult, %<r>, %arg5", "arith.cmpi uge, %<r>, %c0_i32", which=3, count=8),
    bug("scales of half the rows not copied", ("unwritten", "llvm.load"), SETUP, "arith.cmpi ult, %<t>, %c64_i32", "arith.cmpi ult, %<t>, %c32_i32"),
    bug("sums not cleared", WRONG_RESULT, SETUP, "0.000000e+00", "1.000000e+00"),
    bug("sums lost between steps", WRONG_RESULT, LOOP, "C[%<a>, %<b>, %<c>, %<d>]", "C[%cst, %cst, %cst, %cst]", count=16),
    bug("wrong element of C is added to", WRONG_RESULT, RESULTS, "llvm.extractelement %<v>[%c1_i32 : i32]", "llvm.extractelement %<v>[%c0_i32 : i32]", count=8),
    bug("sums stored to the wrong column", ("race", "llvm.load"), RESULTS, "arith.shli %<t>, %c1_i32", "arith.shli %<t>, %c2_i32", count=8),
    bug("barrier of half the threads", ("race", LDMATRIX), LOOP, BARRIER, "nvvm.barrier id = %c0_i32 number_of_threads = %c128_i32\n"),
    bug("barrier that not all threads reach", ("deadlock", "nvvm.barrier"), LOOP, "%<p> = arith.cmpi ult, %<a>, %<b> : i32", "%<p> = arith.cmpi ult, %<a>, %<b> : i32\nscf.if %<p> {\nnvvm.barrier\n}", which=1, count=2),
    bug("warps store to the same columns", "race", SETUP, "arith.muli %<w>, %c16_i32 : i32", "arith.muli %<w>, %c0_i32 : i32", which=5, count=6),
    bug("one block too few", WRONG_RESULT, HOST, "blocks in (%c2,", "blocks in (%c1,"),
    bug("one block too many", ("out-of-bounds", "nvvm.cp.async"), HOST, "blocks in (%c2,", "blocks in (%c3,"),
    bug("half the threads are launched", "bad-launch", HOST, "%c256 = arith.constant 256", "%c256 = arith.constant 128"),
]

SUM = "arith.mulf %<s>, %<t> : f32"
SCALED_BUGS = [
    bug("tensor scales applied twice", WRONG_RESULT, RESULTS, f"%<r> = {SUM}", f"%b = {SUM}\n%<r> = arith.mulf %b, %<t> : f32", which=1, count=33),
    bug("tensor scales forgotten", WRONG_RESULT, RESULTS, SUM, "arith.addf %<s>, %cst : f32", which=1, count=33),
    bug("tensor scale of one side only", WRONG_RESULT, RESULTS, SUM, "arith.addf %<s>, %cst : f32", which=0, count=33),
    bug("four scales from byte 2 on", (REFUSED, MMA), LOOP, SCALES, "scaleA[%<a>, %<j>, %<j>] scaleB[%<b>, %<k>, %<l>]", which=2, count=16),
]

CHOICE = "arith.select %<p>, %<x>, %<y> : i32"
GROUPED_BUGS = [
    bug("ends not clamped to the previous one", "race", SETUP, "arith.maxsi %<e>, %<b> : i64", "arith.addi %<e>, %c0_i64 : i64"),
    bug("ends not clamped to the rows", ("out-of-bounds", "nvvm.cp.async"), SETUP, "arith.minsi %<e>, %<m> : i64", "arith.addi %<e>, %c0_i64 : i64"),
    bug("tiles of a group rounded down", WRONG_RESULT, SETUP, "arith.addi %<e>, %c31_i32", "arith.addi %<e>, %c0_i32"),
    bug("tiles of the groups before not counted", WRONG_RESULT, SETUP, "arith.subi %<t>, %<c> : i32", "arith.addi %<t>, %c0_i32 : i32", which=1, count=2),
    bug("matrix of the first group", WRONG_RESULT, SETUP, CHOICE, "arith.select %<p>, %c0_i32, %<y> : i32", which=0, count=3),
    bug("every tile begins where its group does", "race", SETUP, "arith.muli %<t>, %c32_i32", "arith.muli %<t>, %c0_i32"),
    bug("groups begin at the first row", "race", SETUP, "scf.yield %<e>, ", "scf.yield %c0_i32, "),
    bug("rows of the next group are written", "race", SETUP, CHOICE, "arith.select %<p>, %arg6, %<y> : i32", which=2, count=3),
    bug("blocks without rows go on", ("out-of-bounds", "nvvm.cp.async"), SETUP, "arith.cmpi ult, %<g>, %arg9 : i32", "arith.cmpi uge, %<g>, %c0_i32 : i32"),
    bug("ends of twice the size", ("out-of-bounds", "llvm.load"), SETUP, "arith.muli %<g>, %c4_i32 : i32", "arith.muli %<g>, %c8_i32 : i32"),
    bug("too few blocks", WRONG_RESULT, HOST, "blocks in (%c5,", "blocks in (%c1,"),
]

# The kernel that decodes: between its sections, the ring is filled.
FILL = ("scf.if", "= scf.for")
RING_WAIT = "nvvm.cp.async.wait.group 2\n"
STAGE = "%<r> = arith.remui %<a>, %c4_i32 : i32"
SYNC_MMA = "A[%<a>, %<b>, %<c>, %<d>]  B[%<e>, %<f>]  C[%<g>,"
PLACE = "nvvm.prmt <default> %c17408_i32, %<a>, %<b> : i32"
SCALED = "%<r> = llvm.fmul %<e>, %<s> : vector<2xbf16>"

DECODED_BUGS = [
    bug("no wait for the ring", ("in-flight", "llvm.load"), LOOP, RING_WAIT, "\n"),
    bug("ring waited for one step late", ("in-flight", "llvm.load"), LOOP, RING_WAIT, RING_WAIT.replace("2", "3")),
    bug("no barrier before a stage is read", ("unwritten", "llvm.load"), LOOP, BARRIER, "\n"),
    bug("copies to the stage that is read", "in-flight", LOOP, STAGE, f"%b = arith.addi %<a>, %c1_i32 : i32\n{STAGE.replace('%<a>', '%b')}", which=1, count=2),
    bug("a stage read too early", "in-flight", LOOP, STAGE, f"%b = arith.addi %<a>, %c1_i32 : i32\n{STAGE.replace('%<a>', '%b')}", which=0, count=2),
    bug("third stage not filled at first", ("unwritten", "llvm.load"), FILL, "arith.cmpi ugt, %<s>, %c2_i32", "arith.cmpi ult, %<s>, %c2_i32"),
    bug("ring larger than shared memory", "out-of-bounds", HOST, "%c69632_i32 = arith.constant 69632", "%c69632_i32 = arith.constant 65536"),
    bug("last quarter of K left out", WRONG_RESULT, SETUP, "arith.addi %arg6, %c127_i32", "arith.addi %arg6, %c0_i32"),
    bug("swapped nibbles", WRONG_RESULT, LOOP, PLACE, PLACE.replace("%<a>, %<b>", "%<b>, %<a>"), count=8),
    bug("codes of another pair", WRONG_RESULT, LOOP, PLACE, PLACE.replace("17408", "21777"), count=8),
    bug("signs forgotten", WRONG_RESULT, LOOP, "arith.andi %<x>, %c-2147450880_i32", "arith.andi %<x>, %c0_i32", count=32),
    bug("scale forgotten", WRONG_RESULT, LOOP, SCALED, "%<r> = llvm.bitcast %<e> : vector<2xbf16> to vector<2xbf16>", which=1, count=64),
    bug("scale of another row", WRONG_RESULT, LOOP, "llvm.getelementptr %<p>[64]", "llvm.getelementptr %<p>[56]"),
    bug("scales read from the start of a word", WRONG_RESULT, LOOP, "arith.andi %<x>, %c3_i32", "arith.andi %<x>, %c0_i32"),
    bug("scales of unaligned rows copied as they are", ("misaligned", "nvvm.cp.async"), LOOP, "arith.andi %<x>, %c-4_i32", "arith.addi %<x>, %c0_i32"),
    bug("swizzle forgotten where the plain side is read", WRONG_RESULT, FILL, "arith.xori %<x>, %<y>", "arith.addi %<x>, %c0_i32", which=2, count=6),
    bug("rows of a fragment swapped", WRONG_RESULT, LOOP, SYNC_MMA, SYNC_MMA.replace("%<a>, %<b>", "%<b>, %<a>"), count=32),
    bug("halves of K swapped on one side", WRONG_RESULT, LOOP, SYNC_MMA, SYNC_MMA.replace("%<e>, %<f>", "%<f>, %<e>"), count=32),
    bug("sums of a step forgotten", WRONG_RESULT, LOOP, SYNC_MMA, SYNC_MMA.replace("%<g>", "%cst"), count=32),
]

# The same with weights in the order of fragments (N8.8), in steps of two lines.
FRAGMENT_BUGS = [
    bug("fragments, misaligned line", ("misaligned", "llvm.load"), LOOP, "llvm.getelementptr %<p>[512]", "llvm.getelementptr %<p>[520]"),
    bug("fragments, one line read twice", WRONG_RESULT, LOOP, "llvm.getelementptr %<p>[512]", "llvm.getelementptr %<p>[0]"),
    bug("fragments, scale of the row 8 below", WRONG_RESULT, LOOP, "arith.andi %<x>, %c255_i32", "arith.shrui %<x>, %c8_i32", count=2),
    bug("fragments, signs from elsewhere in the word", WRONG_RESULT, LOOP, "arith.shli %<w>, %c28_i32", "arith.shli %<w>, %c2_i32", count=8),
    bug("fragments, codes of another row", WRONG_RESULT, LOOP, "%<w> = llvm.extractelement %<v>[%c2_i32 : i32] : vector<4xi32>", "%<w> = llvm.extractelement %<v>[%c0_i32 : i32] : vector<4xi32>", count=18),
    bug("fragments, factor of a scale forgotten", WRONG_RESULT, LOOP, "arith.addi %<x>, %c1056980736_i32", "arith.addi %<x>, %c0_i32", count=4),
    bug("fragments, lines of another step", WRONG_RESULT, LOOP, "arith.muli %<s>, %c1024_i32", "arith.muli %<s>, %c256_i32"),
    bug("fragments, pieces of A in the wrong order", WRONG_RESULT, LOOP, "arith.muli %<s>, %c128_i32", "arith.muli %<s>, %c0_i32"),
]

# A grouped product that decodes, in tiles of 16 rows.
DECODED_GROUP_BUGS = [
    bug("decoded, ends not clamped to the previous one", "race", SETUP, "arith.maxsi %<e>, %<b> : i64", "arith.addi %<e>, %c0_i64 : i64"),
    bug("decoded, ends not clamped to the rows", ("out-of-bounds", "nvvm.cp.async"), SETUP, "arith.minsi %<e>, %<m> : i64", "arith.addi %<e>, %c0_i64 : i64"),
    bug("decoded, matrix of the first group", WRONG_RESULT, SETUP, CHOICE, "arith.select %<p>, %c0_i32, %<y> : i32", which=0, count=3),
    bug("decoded, every tile begins where its group does", "race", SETUP, "arith.muli %<t>, %c16_i32", "arith.muli %<t>, %c0_i32"),
    bug("decoded, blocks without rows go on", ("out-of-bounds", "nvvm.cp.async"), SETUP, "arith.cmpi ult, %<g>, %arg8 : i32", "arith.cmpi uge, %<g>, %c0_i32 : i32"),
]

# Sections of Inputs/ring.mlir.
RING_SETUP = ("gpu.func", "%isProducer")
PRODUCER = ("%isProducer", "%isConsumer")
CONSUMER = ("%isConsumer", "gpu.return")

PROXY_FENCE = (
    "nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}\n"
)
BULK_LOAD = "nvvm.cp.async.bulk.shared.cluster.global"
TENSOR_LOAD = "nvvm.cp.async.bulk.tensor"
BULK_STORE = "nvvm.cp.async.bulk.global.shared.cta"
TRY_WAIT = "nvvm.mbarrier.try_wait"
EXPECT = "nvvm.mbarrier.arrive.expect_tx %full, %stageBytes : !llvm.ptr<3>, i32\n"
WARP_SYNC = "nvvm.bar.warp.sync %mask : i32\n"

RING_BUGS = [
    bug("fewer bytes expected than come", "transaction-bytes", PRODUCER, EXPECT, EXPECT.replace("stage", "tile")),
    bug("more bytes expected than come", "transaction-bytes", PRODUCER, TENSOR_LOAD, "// "),
    bug("no bytes expected", ("in-flight", "llvm.load"), PRODUCER, EXPECT, "nvvm.mbarrier.arrive %full, %c1 : !llvm.ptr<3> -> i64\n"),
    bug("bytes expected twice", "barrier-misuse", PRODUCER, EXPECT, EXPECT + EXPECT),
    bug("no arrival of the producer", "deadlock", PRODUCER, EXPECT, "nvvm.mbarrier.expect_tx %full, %stageBytes : !llvm.ptr<3>, i32\n"),
    bug("copy counted at the other stage", "transaction-bytes", PRODUCER, "%from, %full, %tileBytes", "%from, %fulls, %tileBytes"),
    bug("mbarriers not fenced after they are made", "missing-fence", RING_SETUP, "nvvm.fence.mbarrier.init\n        " + PROXY_FENCE, "\n"),
    bug("mbarrier not made", "barrier-misuse", RING_SETUP, "nvvm.mbarrier.init %empty1, %c32 : !llvm.ptr<3>, i32\n", "\n"),
    bug("no barrier after mbarriers are made", ("race", TRY_WAIT), RING_SETUP, "nvvm.barrier\n", "\n"),
    bug("stage freed by a quarter of its readers", "race", RING_SETUP, "init %empties, %c32", "init %empties, %c8"),
    bug("too few arrivals at a stage", "deadlock", CONSUMER, "nvvm.mbarrier.arrive %empty, %c1 : !llvm.ptr<3> -> i64\n", "\n"),
    bug("consumer does not wait for the stage", "unwritten", CONSUMER, f"%done = {TRY_WAIT} %full, %parity : !llvm.ptr<3>, i32 -> i1", "%done = arith.constant true"),
    bug("consumer waits for the phase before", ("unwritten", "llvm.load"), CONSUMER, f"{TRY_WAIT} %full, %parity", f"{TRY_WAIT} %full, %c1"),
    bug("consumer never changes parity", "in-flight", CONSUMER, f"{TRY_WAIT} %full, %parity", f"{TRY_WAIT} %full, %c0"),
    bug("producer does not wait for the stage", ("barrier-misuse", "expect_tx"), PRODUCER, f"{TRY_WAIT} %empty, %other", f"{TRY_WAIT} %empties, %c1"),
    bug("producer waits for its own phase", "deadlock", PRODUCER, f"{TRY_WAIT} %empty, %other", f"{TRY_WAIT} %empty, %parity"),
    bug("stage freed before it is read", "race", CONSUMER, "%a = llvm.load", "nvvm.mbarrier.arrive %empty, %c1 : !llvm.ptr<3> -> i64\n%a = llvm.load"),
    bug("tile copied to the wrong stage", "in-flight", PRODUCER, "arith.muli %stage, %stageBytes", "arith.muli %c0, %stageBytes"),
    bug("misaligned bulk copy", ("misaligned", BULK_LOAD), PRODUCER, "%start = arith.muli %tile, %tileBytes", "%start = arith.muli %tile, %c8"),
    bug("bulk copy of a size not a multiple of 16", ("operand", BULK_LOAD), PRODUCER, "%full, %tileBytes", "%full, %c8"),
    bug("misaligned tensor copy", ("misaligned", TENSOR_LOAD), PRODUCER, "getelementptr %l_to[256]", "getelementptr %l_to[240]"),
    bug("tensor copy of the wrong rows", WRONG_RESULT, PRODUCER, "box[%c0, %row]", "box[%c0, %tile]"),
    bug("tensor copy with swapped coordinates", WRONG_RESULT, PRODUCER, "box[%c0, %row]", "box[%row, %c0]"),
    bug("tensor copy behind shared memory", ("out-of-bounds", TENSOR_LOAD), PRODUCER, "getelementptr %l_to[256]", "getelementptr %l_to[65536]"),
    bug("map of too wide a box", "transaction-bytes", ("func.func", "gpu.module"), "dense<8>", "dense<4>"),
    bug("no proxy fence before the store", ("missing-fence", BULK_STORE), CONSUMER, PROXY_FENCE, "\n"),
    bug("no barrier before the store", ("unwritten", BULK_STORE), CONSUMER, WARP_SYNC, "\n", which=0, count=2),
    bug("sums overwritten before they are stored", ("race", "llvm.store"), CONSUMER, WARP_SYNC, "\n", which=1, count=2),
    bug("no wait for the bulk store", "in-flight", CONSUMER, "nvvm.cp.async.bulk.wait_group 0", "\n"),
    bug("bulk store not committed", "in-flight", CONSUMER, "nvvm.cp.async.bulk.commit.group", "\n"),
    bug("bulk store past the end", ("out-of-bounds", BULK_STORE), CONSUMER, "%start = arith.muli %tile, %tileBytes", "%start = arith.muli %tile, %stageBytes"),
]

# Sections of the kernel of warpgroups.
GROUP_SETUP = ("gpu.func", "nvvm.setmaxregister")
GROUP_CONSUMER = ("nvvm.setmaxregister  increase", "nvvm.setmaxregister  decrease")
GROUP_PRODUCER = ("nvvm.setmaxregister  decrease", "gpu.return")

GROUP_PRODUCT = '"wgmma.mma_async'
GROUP_WAIT = '"wgmma.wait_group'
GROUP_SUM = f"%<x> = llvm.extractvalue %<p>[0] : !llvm.struct<({', '.join(['f32'] * 64)})> \n"
GROUP_A = "%<x> = llvm.extractvalue %<p>[0] : !llvm.struct<(i32, i32, i32, i32)> \n"
# Fields of the descriptor but its start: a swizzle of 128 bytes, and the stride.
FIELDS = "_i64 = arith.constant 4611686293305294848"
SWIZZLE, STRIDE = 1 << 62, 64 << 32


def fields(number: int) -> str:
    """Makes the constant of other fields."""
    return FIELDS.replace(str(SWIZZLE | STRIDE), str(number))


WARPGROUP_BUGS = [
    bug("descriptor without a stride", ("operand", GROUP_PRODUCT), GROUP_SETUP, FIELDS, fields(SWIZZLE)),
    bug("descriptor with half of the stride", ("misaligned", GROUP_PRODUCT), GROUP_SETUP, FIELDS, fields(SWIZZLE | STRIDE // 2)),
    bug("descriptor of another swizzle", ("misaligned", GROUP_PRODUCT), GROUP_SETUP, FIELDS, fields((SWIZZLE << 1) - (1 << 64) + STRIDE)),
    bug("descriptor of a later chip", ("operand", GROUP_PRODUCT), GROUP_SETUP, FIELDS, fields(SWIZZLE | STRIDE | 1 << 46)),
    bug("slice that leaves the row", ("operand", GROUP_PRODUCT), GROUP_CONSUMER, "arith.addi %<s>, %c6_i32", "arith.addi %<s>, %c7_i32"),
    bug("slice of the step taken twice", WRONG_RESULT, GROUP_CONSUMER, "arith.addi %<s>, %c6_i32", "arith.addi %<s>, %c4_i32"),
    bug("activations of the first stage", "in-flight", GROUP_CONSUMER, "llvm.ptrtoint %<s> : !llvm.ptr<3>", "llvm.ptrtoint %1 : !llvm.ptr<3>"),
    bug("product not committed", ("in-flight", GROUP_PRODUCT), GROUP_CONSUMER, "nvvm.wgmma.commit.group.sync.aligned\n", "\n"),
    bug("a group left under way", ("in-flight", TENSOR_LOAD), GROUP_CONSUMER, "aligned 0;", "aligned 1;"),
    bug("register of A reused before the wait", ("in-flight", GROUP_WAIT), GROUP_CONSUMER, "%<a>, %<b> : (f32, ", "%<a>, %<a> : (f32, ", which=5, count=6),
    bug("register of A changed behind its fence", (REFUSED, GROUP_PRODUCT), GROUP_CONSUMER, GROUP_A, f"{GROUP_A.replace('%<x>', '%moved')}%<x> = arith.addi %moved, %c1_i32 : i32\n", count=4),
    bug("sum read before the wait", (REFUSED, "arith.mulf"), GROUP_CONSUMER, GROUP_SUM, f"{GROUP_SUM.replace('%<x>', '%early')}%<x> = arith.mulf %early, %early : f32\n", which=4, count=6),
    bug("consumer waits for the phase before", ("unwritten", "llvm.load"), GROUP_CONSUMER, f"{TRY_WAIT} %<b>, %<p>", f"{TRY_WAIT} %<b>, %c1_i32"),
    bug("producer waits for no round but the first", "in-flight", GROUP_PRODUCER, f"{TRY_WAIT} %<b>, %<p>", f"{TRY_WAIT} %<b>, %c1_i32"),
    bug("stage freed by half of its readers", ("race", "nvvm.cp.async"), GROUP_SETUP, "init %<b>, %c8_i32", "init %<b>, %c4_i32", count=6),
    bug("fewer bytes of activations expected", "transaction-bytes", GROUP_PRODUCER, "%<b>, %c16384_i32", "%<b>, %c128_i32"),
    bug("weights that nobody waits for", "deadlock", GROUP_PRODUCER, "nvvm.cp.async.mbarrier.arrive %<b>", "// "),
    bug("threads of a warpgroup part", "divergent", GROUP_CONSUMER, "= %c0_i32 to %<n> step %c1_i32 iter_args", "= %c0_i32 to %2 step %c1_i32 iter_args"),
    bug("byte of another lane", WRONG_RESULT, GROUP_CONSUMER, "arith.muli %<t>, %c4369_i32", "arith.muli %c3_i32, %c4369_i32"),
    bug("rows of a fragment swapped", WRONG_RESULT, GROUP_CONSUMER, "%<a>, %<b>, %<c>, %<d> : (i32, i32, i32, i32)", "%<b>, %<a>, %<c>, %<d> : (i32, i32, i32, i32)", count=4),
    bug("ring larger than shared memory", "out-of-bounds", HOST, "%c129120_i32 = arith.constant 129120", "%c129120_i32 = arith.constant 129024"),
]
