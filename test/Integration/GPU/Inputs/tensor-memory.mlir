// Multiplies MXFP4 arrays of 128 and of 48 rows of 768 numbers by tcgen05. Thread
// 128 brings 256 numbers of each row at once to a ring of two stages, and two
// tiles of scales (128x4) of each side; thread 160 multiplies, with the sums in
// tensor memory; four warps write them. tensor_memory.py runs and breaks it.
//
//   a stage   A 16384 | B 6144 | scales of A 1024 | of B 1024
//   behind    barriers: two full, two empty, finished; the address of columns
//   columns   sums 0 to 63, scales of A from 64, of B from 72, in two tiles
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_100a", features = "+ptx88">} {
  func.func private @mx_encode_tensor_map(!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr

  func.func @multiply(%a: memref<128x384xi8>, %sa: memref<6x512xi8>, %b: memref<48x384xi8>, %sb: memref<6x512xi8>) -> memref<128x48xf32> {
    %one = arith.constant 1 : index
    %threads = arith.constant 192 : index
    %c = memref.alloc() : memref<128x48xf32>
    %a0 = memref.extract_aligned_pointer_as_index %a : memref<128x384xi8> -> index
    %a1 = arith.index_cast %a0 : index to i64
    %ap = llvm.inttoptr %a1 : i64 to !llvm.ptr
    %b0 = memref.extract_aligned_pointer_as_index %b : memref<48x384xi8> -> index
    %b1 = arith.index_cast %b0 : index to i64
    %bp = llvm.inttoptr %b1 : i64 to !llvm.ptr
    %sa0 = memref.extract_aligned_pointer_as_index %sa : memref<6x512xi8> -> index
    %sa1 = arith.index_cast %sa0 : index to i64
    %sap = llvm.inttoptr %sa1 : i64 to !llvm.ptr
    %sb0 = memref.extract_aligned_pointer_as_index %sb : memref<6x512xi8> -> index
    %sb1 = arith.index_cast %sb0 : index to i64
    %sbp = llvm.inttoptr %sb1 : i64 to !llvm.ptr
    %c0 = memref.extract_aligned_pointer_as_index %c : memref<128x48xf32> -> index
    %c1 = arith.index_cast %c0 : index to i64
    %cp = llvm.inttoptr %c1 : i64 to !llvm.ptr
    // Maps of rows of 384 bytes, whose boxes are 128 bytes of all rows.
    %unit = llvm.mlir.constant(1 : i32) : i32
    %extents = llvm.alloca %unit x !llvm.array<2 x i64> {alignment = 8 : i64} : (i32) -> !llvm.ptr
    %strides = llvm.alloca %unit x i64 {alignment = 8 : i64} : (i32) -> !llvm.ptr
    %box = llvm.alloca %unit x !llvm.array<2 x i32> {alignment = 4 : i64} : (i32) -> !llvm.ptr
    %stride = llvm.mlir.constant(384 : i64) : i64
    llvm.store %stride, %strides : i64, !llvm.ptr
    %extentA = llvm.mlir.constant(dense<[384, 128]> : tensor<2xi64>) : !llvm.array<2 x i64>
    %extentB = llvm.mlir.constant(dense<[384, 48]> : tensor<2xi64>) : !llvm.array<2 x i64>
    %boxA = llvm.mlir.constant(dense<[128, 128]> : tensor<2xi32>) : !llvm.array<2 x i32>
    %boxB = llvm.mlir.constant(dense<[128, 48]> : tensor<2xi32>) : !llvm.array<2 x i32>
    %rank = arith.constant 2 : i32
    %bits = arith.constant 8 : i32
    %swizzle = arith.constant 128 : i32
    llvm.store %extentA, %extents : !llvm.array<2 x i64>, !llvm.ptr
    llvm.store %boxA, %box : !llvm.array<2 x i32>, !llvm.ptr
    %mapA = func.call @mx_encode_tensor_map(%ap, %rank, %bits, %extents, %strides, %box, %swizzle) : (!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr
    llvm.store %extentB, %extents : !llvm.array<2 x i64>, !llvm.ptr
    llvm.store %boxB, %box : !llvm.array<2 x i32>, !llvm.ptr
    %mapB = func.call @mx_encode_tensor_map(%bp, %rank, %bits, %extents, %strides, %box, %swizzle) : (!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr
    %shared = arith.constant 49196 : i32
    gpu.launch_func @kernels::@multiply_tile blocks in (%one, %one, %one) threads in (%threads, %one, %one)
      dynamic_shared_memory_size %shared args(%mapA : !llvm.ptr, %mapB : !llvm.ptr, %sap : !llvm.ptr, %sbp : !llvm.ptr, %cp : !llvm.ptr)
    return %c : memref<128x48xf32>
  }

  gpu.module @kernels [#nvvm.target<O = 3, chip = "sm_100a", features = "+ptx88">] {
    llvm.mlir.global external @mx_dynamic_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    gpu.func @multiply_tile(%mapA: !llvm.ptr, %mapB: !llvm.ptr, %scalesA: !llvm.ptr, %scalesB: !llvm.ptr, %results: !llvm.ptr)
        kernel attributes {known_block_size = array<i32: 192, 1, 1>, mx.tensor_maps = array<i32: 0, 1>} {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c3 = arith.constant 3 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      %c16 = arith.constant 16 : i32
      %c32 = arith.constant 32 : i32
      %c128 = arith.constant 128 : i32
      %stageBytes = arith.constant 24576 : i32
      %true = arith.constant true
      %s = llvm.addrspacecast %scalesA : !llvm.ptr to !llvm.ptr<1>
      %t = llvm.addrspacecast %scalesB : !llvm.ptr to !llvm.ptr<1>
      %out = llvm.addrspacecast %results : !llvm.ptr to !llvm.ptr<1>
      %stages = llvm.mlir.addressof @mx_dynamic_shared : !llvm.ptr<3>
      %fulls = llvm.getelementptr %stages[49152] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %empties = llvm.getelementptr %fulls[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %finished = llvm.getelementptr %fulls[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %fulls[40] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %thread = nvvm.read.ptx.sreg.tid.x : i32
      %warp = arith.divui %thread, %c32 : i32
      %isFirstWarp = arith.cmpi eq, %warp, %c0 : i32
      %isFirst = arith.cmpi eq, %thread, %c0 : i32
      %columns = arith.constant 128 : i32
      scf.if %isFirstWarp {
        nvvm.tcgen05.alloc %slot, %columns : !llvm.ptr<3>, i32
        nvvm.tcgen05.relinquish_alloc_permit
      }
      scf.if %isFirst {
        %full1 = llvm.getelementptr %fulls[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        %empty1 = llvm.getelementptr %empties[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        nvvm.mbarrier.init %fulls, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %full1, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %empties, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %empty1, %c1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.init %finished, %c1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      }
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
      nvvm.barrier
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
      %base = llvm.load %slot {alignment = 4 : i64} : !llvm.ptr<3> -> i32

      %isProducer = arith.cmpi eq, %thread, %c128 : i32
      scf.if %isProducer {
        scf.for %step = %c0 to %c3 step %c1 : i32 {
          %stage = arith.remui %step, %c2 : i32
          %round = arith.divui %step, %c2 : i32
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
          %a_to = llvm.getelementptr %stages[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %b_to = llvm.getelementptr %a_to[16384] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
          %s_to = llvm.getelementptr %a_to[22528] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
          %t_to = llvm.getelementptr %a_to[23552] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
          %depth = arith.muli %step, %c128 : i32
          %scaleBytes = arith.constant 1024 : i32
          %start = arith.muli %step, %scaleBytes : i32
          %s_from = llvm.getelementptr %s[%start] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          %t_from = llvm.getelementptr %t[%start] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          %s_cluster = llvm.addrspacecast %s_to : !llvm.ptr<3> to !llvm.ptr<7>
          %t_cluster = llvm.addrspacecast %t_to : !llvm.ptr<3> to !llvm.ptr<7>
          nvvm.mbarrier.arrive.expect_tx %full, %stageBytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.tensor.shared.cluster.global %a_to, %mapA, %full, box[%depth, %c0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
          nvvm.cp.async.bulk.tensor.shared.cluster.global %b_to, %mapB, %full, box[%depth, %c0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
          nvvm.cp.async.bulk.shared.cluster.global %s_cluster, %s_from, %full, %scaleBytes : !llvm.ptr<7>, !llvm.ptr<1>
          nvvm.cp.async.bulk.shared.cluster.global %t_cluster, %t_from, %full, %scaleBytes : !llvm.ptr<7>, !llvm.ptr<1>
        }
      }

      %issuer = arith.constant 160 : i32
      %isIssuer = arith.cmpi eq, %thread, %issuer : i32
      scf.if %isIssuer {
        %sums = llvm.inttoptr %base : i32 to !llvm.ptr<6>
        %c64 = arith.constant 64 : i32
        %c72 = arith.constant 72 : i32
        %columnA = arith.addi %base, %c64 : i32
        %columnB = arith.addi %base, %c72 : i32
        // A swizzle of 128 bytes, eight rows in 1024; scales without a swizzle,
        // eight rows in 128; and the version.
        %rows = arith.constant 4611756662049538048 : i64
        %tiles = arith.constant 70403103916032 : i64
        // 128 rows, 48 columns, both of e2m1, scales of ue8m0.
        %instruction = arith.constant 143393920 : i32
        scf.for %step = %c0 to %c3 step %c1 : i32 {
          %stage = arith.remui %step, %c2 : i32
          %round = arith.divui %step, %c2 : i32
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
          nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
          %offset = arith.muli %stage, %stageBytes : i32
          %at = llvm.getelementptr %stages[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          %address = llvm.ptrtoint %at : !llvm.ptr<3> to i32
          %chunk = arith.divui %address, %c16 : i32
          %first = arith.extui %chunk : i32 to i64
          %a = arith.addi %rows, %first : i64
          %c1024 = arith.constant 1024 : i64
          %b = arith.addi %a, %c1024 : i64
          %scaleChunk = arith.constant 1408 : i64
          %s0 = arith.addi %tiles, %first : i64
          %sFirst = arith.addi %s0, %scaleChunk : i64
          scf.for %tile = %c0 to %c2 step %c1 : i32 {
            // 512 bytes further; those of B 1024 behind those of A.
            %tileChunk = arith.muli %tile, %c32 : i32
            %tileStart = arith.extui %tileChunk : i32 to i64
            %sTile = arith.addi %sFirst, %tileStart : i64
            %between = arith.constant 64 : i64
            %tTile = arith.addi %sTile, %between : i64
            %tileColumns = arith.muli %tile, %c4 : i32
            %sWord = arith.addi %columnA, %tileColumns : i32
            %tWord = arith.addi %columnB, %tileColumns : i32
            %sTo = llvm.inttoptr %sWord : i32 to !llvm.ptr<6>
            %tTo = llvm.inttoptr %tWord : i32 to !llvm.ptr<6>
            nvvm.tcgen05.cp %sTo, %sTile {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>, group = #nvvm.cta_group<cta_1>}
            nvvm.tcgen05.cp %tTo, %tTile {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>, group = #nvvm.cta_group<cta_1>}
            scf.for %half = %c0 to %c2 step %c1 : i32 {
              // 64 numbers are 32 bytes of a row, and two scales of a word.
              %twice = arith.muli %tile, %c2 : i32
              %slice = arith.addi %twice, %half : i32
              %inRow = arith.muli %slice, %c2 : i32
              %further = arith.extui %inRow : i32 to i64
              %aSlice = arith.addi %a, %further : i64
              %bSlice = arith.addi %b, %further : i64
              %byte = arith.muli %half, %c2 : i32
              %byteB = arith.shli %byte, %c4 : i32
              %c29 = arith.constant 29 : i32
              %byteA = arith.shli %byte, %c29 : i32
              %bytes = arith.ori %byteA, %byteB : i32
              %selected = arith.ori %instruction, %bytes : i32
              %before = arith.muli %step, %c4 : i32
              %count = arith.addi %before, %slice : i32
              %add = arith.cmpi ne, %count, %c0 : i32
              nvvm.tcgen05.mma.block_scale %sums, %aSlice, %bSlice, %selected, %add, %sTo, %tTo {kind = #nvvm.block_scale_kind<mxf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block32>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
            }
          }
          nvvm.tcgen05.commit %empty : !llvm.ptr<3>
        }
        nvvm.tcgen05.commit %finished : !llvm.ptr<3>
      }

      %isConsumer = arith.cmpi ult, %thread, %c128 : i32
      scf.if %isConsumer {
        scf.while : () -> () {
          %done = nvvm.mbarrier.try_wait %finished, %c0 : !llvm.ptr<3>, i32 -> i1
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
        nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
        %c21 = arith.constant 21 : i32
        %lanes = arith.shli %warp, %c21 : i32
        %left = arith.addi %base, %lanes : i32
        %right = arith.addi %left, %c32 : i32
        %leftAt = llvm.inttoptr %left : i32 to !llvm.ptr<6>
        %rightAt = llvm.inttoptr %right : i32 to !llvm.ptr<6>
        %x = nvvm.tcgen05.ld %leftAt {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<32xi32>
        %y = nvvm.tcgen05.ld %rightAt {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<16xi32>
        nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>
        nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
        %rowBytes = arith.constant 192 : i32
        %start = arith.muli %thread, %rowBytes : i32
        %to = llvm.getelementptr %out[%start] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
        %rest = llvm.getelementptr %to[128] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
        llvm.store %x, %to {alignment = 16 : i64} : vector<32xi32>, !llvm.ptr<1>
        llvm.store %y, %rest {alignment = 16 : i64} : vector<16xi32>, !llvm.ptr<1>
      }
      nvvm.barrier
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
      scf.if %isFirstWarp {
        %all = llvm.inttoptr %base : i32 to !llvm.ptr<6>
        nvvm.tcgen05.dealloc %all, %columns : !llvm.ptr<6>, i32
      }
      gpu.return
    }
  }
}
