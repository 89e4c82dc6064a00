// RUN: mx-opt %s --mx-fuse-rotations=insert=48 --verify-diagnostics

// expected-error @below {{expected 'insert' to be 0 or a power of two from 2 to 256, got 48}}
module {}
