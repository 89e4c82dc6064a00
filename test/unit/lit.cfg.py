# The GoogleTest executables; their suffix is set by mx_add_unittest.
import os

import lit.formats

config.name = "mx-unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.suffixes = []
config.test_source_root = os.path.join(config.mx_build, "bin", "unit")
config.test_exec_root = config.test_source_root
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]
