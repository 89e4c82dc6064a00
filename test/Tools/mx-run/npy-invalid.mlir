// Malformed .npy files are refused with a byte offset (the many cases are in
// test/unit/Driver/NpyTest.cpp).

// RUN: mkdir -p %t && cd %t

// RUN: %python -c "open('x.npy', 'wb').write(b'not an array')"
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=MAGIC
// MAGIC: error: x.npy:0: expected '\93NUMPY', got 'not an'

// RUN: %python -c "import struct; open('x.npy', 'wb').write(b'\x93NUMPY\x02\x00' + struct.pack('<I', 2**32 - 1))"
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=LENGTH
// LENGTH: error: x.npy:8: expected a header of at most 0 bytes, got 4294967295

// RUN: %python %S/Inputs/npy.py raw x.npy "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}" 8
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=ENDIAN
// ENDIAN: error: x.npy:20: expected a little-endian element type ({{.*}}), got ''>f4', 'fortran_order': …'

// RUN: %python %S/Inputs/npy.py raw x.npy "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}" 8
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: error: x.npy:44: expected C order ('fortran_order': False), got 'True,

// RUN: %python %S/Inputs/npy.py raw x.npy "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}" 7
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: error: x.npy:66: expected 8 bytes for '2xf32', got 7

// RUN: %python %S/Inputs/npy.py raw x.npy "{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500)}" 8
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=PRODUCT
// PRODUCT: error: x.npy:10: expected an array of less than 2^62 bytes, got '3037000500x3037000500xf32'

// RUN: %python %S/Inputs/npy.py write x.npy "|u1" 2 1 2
// RUN: %python -c "d = open('x.npy', 'rb').read(); open('x.npy', 'wb').write(d.replace(b'|u1', b'|b1'))"
// RUN: not mx-run %s --input=@x.npy 2>&1 | FileCheck %s --check-prefix=BOOL
// BOOL: error: x.npy:{{[0-9]+}}: expected a boolean of 0 or 1, got 2

// RUN: not mx-run %s --input=@. 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: .: {{expected a regular file|Is a directory}}

func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
