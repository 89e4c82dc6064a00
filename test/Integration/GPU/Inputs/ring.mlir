// Adds two 32x8 arrays of i32 in four tiles. Thread 32 brings tiles to a ring
// of two stages, a left side by bulk copy and a right side by tensor copy; the
// first warp adds, and stores by bulk copy. seeded_bugs.py breaks it.
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a", features = "+ptx87">} {
  llvm.func @mxsim_encode_tensor_map(!llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> i32

  func.func @add(%left: memref<32x8xi32>, %right: memref<32x8xi32>) -> memref<32x8xi32> {
    %one = arith.constant 1 : index
    %threads = arith.constant 64 : index
    %sum = memref.alloc() : memref<32x8xi32>
    %l0 = memref.extract_aligned_pointer_as_index %left : memref<32x8xi32> -> index
    %l1 = arith.index_cast %l0 : index to i64
    %l = llvm.inttoptr %l1 : i64 to !llvm.ptr
    %r0 = memref.extract_aligned_pointer_as_index %right : memref<32x8xi32> -> index
    %r1 = arith.index_cast %r0 : index to i64
    %r = llvm.inttoptr %r1 : i64 to !llvm.ptr
    %s0 = memref.extract_aligned_pointer_as_index %sum : memref<32x8xi32> -> index
    %s1 = arith.index_cast %s0 : index to i64
    %s = llvm.inttoptr %s1 : i64 to !llvm.ptr
    // A map of 32 rows of 8 numbers, whose box is 8 rows.
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c128 = llvm.mlir.constant(128 : i32) : i32
    %map = llvm.alloca %c128 x i8 {alignment = 64 : i64} : (i32) -> !llvm.ptr
    %extents = llvm.alloca %c1 x !llvm.array<2 x i64> : (i32) -> !llvm.ptr
    %strides = llvm.alloca %c1 x i64 : (i32) -> !llvm.ptr
    %box = llvm.alloca %c1 x !llvm.array<2 x i32> : (i32) -> !llvm.ptr
    %extent = llvm.mlir.constant(dense<[8, 32]> : tensor<2xi64>) : !llvm.array<2 x i64>
    %stride = llvm.mlir.constant(32 : i64) : i64
    %side = llvm.mlir.constant(dense<8> : tensor<2xi32>) : !llvm.array<2 x i32>
    llvm.store %extent, %extents : !llvm.array<2 x i64>, !llvm.ptr
    llvm.store %stride, %strides : i64, !llvm.ptr
    llvm.store %side, %box : !llvm.array<2 x i32>, !llvm.ptr
    %rank = llvm.mlir.constant(2 : i32) : i32
    %bits = llvm.mlir.constant(32 : i32) : i32
    %swizzle = llvm.mlir.constant(0 : i32) : i32
    %refused = llvm.call @mxsim_encode_tensor_map(%map, %r, %rank, %bits, %extents, %strides, %box, %swizzle) : (!llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> i32
    gpu.launch_func @kernels::@add_tiles blocks in (%one, %one, %one) threads in (%threads, %one, %one) args(%l : !llvm.ptr, %map : !llvm.ptr, %s : !llvm.ptr)
    return %sum : memref<32x8xi32>
  }

  gpu.module @kernels [#nvvm.target<O = 3, chip = "sm_120a", features = "+ptx87">] {
    llvm.mlir.global internal @stages() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<1024 x i8>
    llvm.mlir.global internal @sums() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<256 x i8>
    llvm.mlir.global internal @barriers() {addr_space = 3 : i32, alignment = 32 : i64} : !llvm.array<4 x i64>

    gpu.func @add_tiles(%left: !llvm.ptr, %map: !llvm.ptr, %sum: !llvm.ptr) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      %c32 = arith.constant 32 : i32
      %tileBytes = arith.constant 256 : i32
      %stageBytes = arith.constant 512 : i32
      %true = arith.constant true
      %l = llvm.addrspacecast %left : !llvm.ptr to !llvm.ptr<1>
      %s = llvm.addrspacecast %sum : !llvm.ptr to !llvm.ptr<1>
      %stages = llvm.mlir.addressof @stages : !llvm.ptr<3>
      %sums = llvm.mlir.addressof @sums : !llvm.ptr<3>
      %fulls = llvm.mlir.addressof @barriers : !llvm.ptr<3>
      %empties = llvm.getelementptr %fulls[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %thread = nvvm.read.ptx.sreg.tid.x : i32
      %isFirst = arith.cmpi eq, %thread, %c0 : i32
      scf.if %isFirst {
        %full1 = llvm.getelementptr %fulls[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        %empty1 = llvm.getelementptr %empties[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        nvvm.mbarrier.init %fulls, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %full1, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %empties, %c32 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %empty1, %c32 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      }
      nvvm.barrier
      %isProducer = arith.cmpi eq, %thread, %c32 : i32
      scf.if %isProducer {
        scf.for %tile = %c0 to %c4 step %c1 : i32 {
          %stage = arith.remui %tile, %c2 : i32
          %round = arith.divui %tile, %c2 : i32
          %parity = arith.andi %round, %c1 : i32
          // A fresh barrier counts as one whose odd phase is complete.
          %other = arith.xori %parity, %c1 : i32
          %place = arith.muli %stage, %c8 : i32
          %full = llvm.getelementptr %fulls[%place] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %empty = llvm.getelementptr %empties[%place] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          scf.while : () -> () {
            %done = nvvm.mbarrier.try_wait %empty, %other : !llvm.ptr<3>, i32 -> i1
            %again = arith.xori %done, %true : i1
            scf.condition(%again)
          } do {
            scf.yield
          }
          %offset = arith.muli %stage, %stageBytes : i32
          %l_to = llvm.getelementptr %stages[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %r_to = llvm.getelementptr %l_to[256] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
          %start = arith.muli %tile, %tileBytes : i32
          %row = arith.muli %tile, %c8 : i32
          %from = llvm.getelementptr %l[%start] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          %l_cluster = llvm.addrspacecast %l_to : !llvm.ptr<3> to !llvm.ptr<7>
          nvvm.mbarrier.arrive.expect_tx %full, %stageBytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.shared.cluster.global %l_cluster, %from, %full, %tileBytes : !llvm.ptr<7>, !llvm.ptr<1>
          nvvm.cp.async.bulk.tensor.shared.cluster.global %r_to, %map, %full, box[%c0, %row] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        }
      }
      %isConsumer = arith.cmpi ult, %thread, %c32 : i32
      scf.if %isConsumer {
        %mask = arith.constant -1 : i32
        %mine = arith.muli %thread, %c8 : i32
        %target = llvm.getelementptr %sums[%mine] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        scf.for %tile = %c0 to %c4 step %c1 : i32 {
          %stage = arith.remui %tile, %c2 : i32
          %round = arith.divui %tile, %c2 : i32
          %parity = arith.andi %round, %c1 : i32
          %place = arith.muli %stage, %c8 : i32
          %full = llvm.getelementptr %fulls[%place] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %empty = llvm.getelementptr %empties[%place] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          scf.while : () -> () {
            %done = nvvm.mbarrier.try_wait %full, %parity : !llvm.ptr<3>, i32 -> i1
            %again = arith.xori %done, %true : i1
            scf.condition(%again)
          } do {
            scf.yield
          }
          %offset = arith.muli %stage, %stageBytes : i32
          %at = arith.addi %offset, %mine : i32
          %l_at = llvm.getelementptr %stages[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %r_at = llvm.getelementptr %l_at[256] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
          %a = llvm.load %l_at {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
          %b = llvm.load %r_at {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
          nvvm.mbarrier.arrive %empty, %c1 : !llvm.ptr<3> -> i64
          %total = arith.addi %a, %b : vector<2xi32>
          llvm.store %total, %target {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<3>
          nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
          nvvm.bar.warp.sync %mask : i32
          scf.if %isFirst {
            %start = arith.muli %tile, %tileBytes : i32
            %to = llvm.getelementptr %s[%start] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
            nvvm.cp.async.bulk.global.shared.cta %to, %sums, %tileBytes : !llvm.ptr<1>, !llvm.ptr<3>
            nvvm.cp.async.bulk.commit.group
            nvvm.cp.async.bulk.wait_group 0
          }
          // The sums may be overwritten only now.
          nvvm.bar.warp.sync %mask : i32
        }
      }
      gpu.return
    }
  }
}
