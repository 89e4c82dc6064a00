// A program without MLIR: prints the magnitudes of FP4.
#include "mx/Numerics/SmallFloat.h"
#include <cstdio>

int main() {
  for (unsigned code = 0; code < 8; ++code)
    std::printf("%g ",
                mxnum::decodeElement(mxnum::ElementType::E2M1, uint8_t(code)));
  std::printf("\n");
}
