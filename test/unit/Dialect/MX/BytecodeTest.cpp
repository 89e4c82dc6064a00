//===- BytecodeTest.cpp - bytecode of another version ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A dialect that calls itself mx writes what a later or a broken compiler might
// write; the real dialect refuses it with a message.
//===----------------------------------------------------------------------===//

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace {

/// What the other dialect writes.
struct Content {
  uint64_t version = 1;
  uint64_t code = 0;
  bool isNumber = false;
};

struct OtherAttr
    : public Attribute::AttrBase<OtherAttr, Attribute, AttributeStorage> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OtherAttr)
  using Base::Base;
  static constexpr StringLiteral name = "mx.other";
};

struct OtherInterface : public BytecodeDialectInterface {
  OtherInterface(Dialect *dialect, Content content)
      : BytecodeDialectInterface(dialect), content(content) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(content.version);
  }

  LogicalResult writeAttribute(Attribute attr,
                               DialectBytecodeWriter &writer) const override {
    Builder builder(attr.getContext());
    Attribute part = DenseElementsAttr::get(
        RankedTensorType::get({1}, builder.getI8Type()), int8_t(0));
    writer.writeVarInt(content.code);
    writer.writeAttribute(content.isNumber ? builder.getI64IntegerAttr(3)
                                           : part);
    writer.writeAttribute(part);
    writer.writeOptionalAttribute(Attribute());
    return success();
  }

  Content content;
};

struct OtherDialect : public Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OtherDialect)
  OtherDialect(MLIRContext *context, Content content)
      : Dialect(getDialectNamespace(), context, TypeID::get<OtherDialect>()) {
    addAttributes<OtherAttr>();
    addInterface(std::make_unique<OtherInterface>(this, content));
  }
  static constexpr StringLiteral getDialectNamespace() { return {"mx"}; }
  void printAttribute(Attribute, DialectAsmPrinter &printer) const override {
    printer << "other";
  }
};

/// Bytecode of a module with one attribute of the other dialect.
std::string write(Content content) {
  MLIRContext context;
  context.getOrLoadDialect("mx", TypeID::get<OtherDialect>(), [&] {
    return std::make_unique<OtherDialect>(&context, content);
  });
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  (*module)->setAttr("mx.a", OtherAttr::get(&context));
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  EXPECT_TRUE(succeeded(writeBytecodeToFile(*module, stream)));
  return bytes;
}

/// Reads bytecode with the real dialect. Returns the messages, or "read".
std::string read(StringRef bytes) {
  DialectRegistry registry;
  registry.insert<mx::MXDialect>();
  MLIRContext context(registry);
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(bytes, ParserConfig(&context));
  return module ? "read" : messages;
}

TEST(Bytecode, SameVersionIsRead) { EXPECT_EQ("read", read(write({}))); }

TEST(Bytecode, NewerVersionIsRefused) {
  EXPECT_NE(read(write({/*version=*/2}))
                .find("expected an mx dialect version of at most 1, got 2"),
            std::string::npos);
}

TEST(Bytecode, UnknownAttributeIsRefused) {
  EXPECT_NE(read(write({1, /*code=*/7}))
                .find("expected the code 0 of an mx attribute, got 7"),
            std::string::npos);
}

TEST(Bytecode, WrongPartIsRefused) {
  EXPECT_NE(read(write({1, 0, /*isNumber=*/true}))
                .find("expected the parts of a constant, got 3 : i64, dense<0>"
                      " : tensor<1xi8> and <<NULL ATTRIBUTE>>"),
            std::string::npos);
}

TEST(Bytecode, TruncatedIsRefused) {
  std::string bytes = write({});
  for (size_t size = 4; size + 1 < bytes.size(); ++size)
    EXPECT_NE("read", read(StringRef(bytes).take_front(size))) << size;
}

} // namespace
