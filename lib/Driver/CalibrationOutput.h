//===- CalibrationOutput.h - the file that a run records into ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Several runs may add to one file, one after another or at once. Each holds
// the folder while it reads the file, adds to it and replaces it, so no run
// loses what another has written.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CALIBRATIONOUTPUT_H
#define MX_LIB_DRIVER_CALIBRATIONOUTPUT_H

#include "CalibrationRecorder.h"
#include "mx/Driver/Runner.h"

namespace mlir::mx {

/// Finds before a run what would be found wrong after it: a file that is none,
/// that is the program `program`, or that cannot be added to.
llvm::Error checkCalibrationOutput(const CalibrationOptions &options,
                                   StringRef program);

/// Writes what was recorded, together with what the file holds now if it is to
/// be added to. Returns what is in the file.
llvm::Expected<std::vector<SiteGroup>>
writeCalibrationOutput(const CalibrationOptions &options,
                       CalibrationRecorder &recorder);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CALIBRATIONOUTPUT_H
