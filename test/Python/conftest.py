# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What is printed after the tests."""

import sys


def pytest_terminal_summary(terminalreporter):
    """How many of ONNX's node tests there were: one test here runs all of an operator."""
    nodes = sys.modules.get("test_onnx_nodes")
    if nodes is not None:
        passed, refused = nodes.COUNTS["passed"], nodes.COUNTS["refused"]
        terminalreporter.write_line(f"ONNX: {passed} node tests passed, {refused} refused as they must be")
