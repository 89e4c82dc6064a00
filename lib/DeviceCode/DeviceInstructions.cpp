//===- DeviceInstructions.cpp - names of device instructions --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From operations to rows of Instructions.def. A row stands for the forms that
// were tried; whatever else an operation can be is given a name without a row.
//===----------------------------------------------------------------------===//

#include "DeviceInstructions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/DeviceCode/WarpgroupInstructions.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

/// "tid.x", "laneid" and the like, which every chip has.
static bool isPlainRegister(StringRef name) {
  if (name.consume_back(".x") || name.consume_back(".y") ||
      name.consume_back(".z"))
    return name == "tid" || name == "ntid" || name == "ctaid" ||
           name == "nctaid";
  return name == "laneid" || name == "warpid" || name == "nwarpid" ||
         name == "smid" || name == "nsmid" || name == "clock" ||
         name == "clock64" || name.starts_with("lanemask.");
}

static std::string nameRegister(StringRef name) {
  if (isPlainRegister(name))
    return "read.ptx.sreg";
  if (name.contains("cluster"))
    return "read.ptx.sreg/cluster";
  return ("read.ptx.sreg/" + name).str();
}

static std::string nameMma(NVVM::MmaOp op) {
  std::optional<NVVM::MMATypes> type = op.getMultiplicandAPtxType();
  if (!type)
    return "mma.sync/untyped";
  StringRef name = NVVM::stringifyEnum(*type);
  return ("mma.sync/" + (name == "u8" ? StringRef("s8") : name)).str();
}

/// No intrinsic exists for some combinations that MLIR's verifier lets pass;
/// translating one would end the program.
static std::string nameBlockScaledMma(NVVM::MmaBlockScaleOp op) {
  std::string name =
      ("mma.block_scale/" + NVVM::stringifyEnum(op.getKind())).str();
  NVVM::MMAShapeAttr shape = op.getShape();
  auto a = op.getMultiplicandAPtxType(), b = op.getMultiplicandBPtxType();
  if (!a || !b ||
      !NVVM::MmaBlockScaleOp::getIntrinsicID(
          shape.getM(), shape.getN(), shape.getK(), *a, *b, NVVM::MMATypes::f32,
          op.getScaleVecSize(), op.getBlockScaleFormat(), op.getKind()))
    name += " in this shape, types and scales";
  return name;
}

/// The products that the NVVM dialect has no operation for.
static std::string nameIntrinsic(StringRef name) {
  StringRef rest = name;
  if (rest.consume_front("llvm.nvvm.mma.m16n8k32.row.col.")) {
    StringRef row =
        rest.consume_front("kind.f8f6f4.") ? "mma.sync/f8f6f4" : "mma.sync/fp8";
    SmallVector<StringRef> types;
    rest.split(types, '.');
    auto isNarrow = [&](StringRef type) {
      return type == "e4m3" || type == "e5m2" ||
             (row == "mma.sync/f8f6f4" &&
              (type == "e2m3" || type == "e3m2" || type == "e2m1"));
    };
    if (types.size() == 4 && types[0] == "f32" && types[3] == "f32" &&
        isNarrow(types[1]) && isNarrow(types[2]))
      return row.str();
  }
  return name.str();
}

/// Rows of wgmma with registers as operands; no other text has a row.
static std::string nameAssembly(LLVM::InlineAsmOp op) {
  auto instruction = matchWarpgroupInstruction(op);
  if (!instruction)
    return "inline assembly";
  switch (instruction->kind) {
  case WarpgroupInstruction::Kind::Fence:
    return "wgmma.fence.aligned/registers";
  case WarpgroupInstruction::Kind::Product:
    return "wgmma.mma_async/registers";
  case WarpgroupInstruction::Kind::Wait:
    return "wgmma.wait.group.sync.aligned/registers";
  }
  llvm_unreachable("all kinds are handled");
}

std::string mx::getInstructionName(Operation *op) {
  StringRef name = op->getName().getStringRef();
  name.consume_front("nvvm.");
  if (StringRef rest = name; rest.consume_front("read.ptx.sreg."))
    return nameRegister(rest);
  auto addForm = [&](bool hasForm, const Twine &form) {
    return hasForm ? (name + "/" + form).str() : name.str();
  };
  return TypeSwitch<Operation *, std::string>(op)
      .Case<NVVM::Barrier0Op>([](auto) { return "barrier"; })
      .Case<NVVM::MmaOp>(nameMma)
      .Case<NVVM::MmaBlockScaleOp>(nameBlockScaledMma)
      .Case<LLVM::InlineAsmOp>(nameAssembly)
      .Case<LLVM::CallIntrinsicOp>(
          [](auto call) { return nameIntrinsic(call.getIntrin()); })
      .Case<NVVM::LdMatrixOp, NVVM::StMatrixOp>([&](auto matrix) {
        return addForm(true, NVVM::stringifyEnum(matrix.getEltType()));
      })
      .Case<NVVM::PrefetchOp>([&](auto prefetch) {
        return addForm(prefetch.getTensormap(), "tensormap");
      })
      .Case<NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp>(
          [&](auto copy) { return addForm(copy.getIsCTAOnly(), "cta"); })
      .Case<NVVM::CpAsyncBulkGlobalToSharedClusterOp>([&](auto copy) {
        auto type = cast<LLVM::LLVMPointerType>(copy.getDstMem().getType());
        return addForm(type.getAddressSpace() == NVVM::NVVMMemorySpace::Shared,
                       "cta");
      })
      .Case<NVVM::ConvertF32x2ToF8x2Op>([&](auto convert) {
        return addForm(isa<Float8E8M0FNUType>(convert.getDstTy()), "ue8m0");
      })
      .Case<NVVM::Tcgen05MMAOp>([&](auto mma) {
        return addForm(mma.getKind() == NVVM::Tcgen05MMAKind::I8, "i8");
      })
      .Case<NVVM::Tcgen05LdOp, NVVM::Tcgen05StOp>([&](auto access) {
        // LLVM wants an offset that is part of the instruction.
        return addForm(access.getShape() ==
                           NVVM::Tcgen05LdStShape::SHAPE_16X32BX2,
                       "16x32bx2");
      })
      .Case<NVVM::ReduxOp>(
          [&](auto redux) { return addForm(redux.getType().isF32(), "f32"); })
      .Default([&](Operation *) { return name.str(); });
}

/// Integers of 128 bits are memory; LLVM would call a library to make numbers
/// of them.
static bool isWideConversion(Operation *op) {
  auto isWide = [](Type type) { return type.isInteger(128); };
  return isa<LLVM::FPToSIOp, LLVM::FPToUIOp, LLVM::SIToFPOp, LLVM::UIToFPOp>(
             op) &&
         (isWide(op->getOperand(0).getType()) ||
          isWide(op->getResult(0).getType()));
}

/// Whether the threads that an atomic operation or fence is for are those of a
/// block, of the device, or all.
static bool hasKnownScope(Operation *op) {
  auto scope = op->getAttrOfType<StringAttr>("syncscope");
  return !scope || scope == "block" || scope == "device";
}

/// Intrinsics of the LLVM dialect, without their prefix, that NVPTX selects for
/// every type.
static bool isOrdinaryIntrinsic(StringRef name) {
  if (name.starts_with("vector.reduce."))
    return true;
  return llvm::StringSwitch<bool>(name)
      .Cases({"abs", "smax", "smin", "umax", "umin", "ctpop", "ctlz", "cttz",
              "bitreverse", "fshl", "fshr"},
             true)
      .Cases({"fabs", "copysign", "fma", "maxnum", "minnum", "maximum",
              "minimum", "floor", "ceil", "trunc", "rint", "nearbyint",
              "roundeven", "sqrt"},
             true)
      .Cases({"assume", "expect", "lifetime.start", "lifetime.end", "memcpy",
              "memset"},
             true)
      .Default(false);
}

bool mx::isOrdinary(Operation *op) {
  StringRef name = op->getName().getStringRef();
  if (name.consume_front("llvm.intr."))
    return isOrdinaryIntrinsic(name);
  return !isa<LLVM::InlineAsmOp, LLVM::CallIntrinsicOp, LLVM::VaArgOp,
              LLVM::InvokeOp, LLVM::LandingpadOp, LLVM::ResumeOp, LLVM::IFuncOp,
              LLVM::AliasOp, LLVM::GlobalCtorsOp, LLVM::GlobalDtorsOp,
              LLVM::IndirectBrOp>(op) &&
         !isWideConversion(op) && hasKnownScope(op);
}
