"""Checks reports of mx-choose-formats.

check-report.py REPORT.json [QUANTISED.mlir] checks that sums and choices agree with the
sites and the budget, and that the bytes are those of the constants in the quantised program.
check-report.py --page REPORT.html checks that the page is well-formed and complete.
check-report.py --sweep REPORT.json … checks each report, and that errors fall from each to the next.
check-report.py --same REPORT.json REPORT.json checks that both have the same errors, up to
the rounding of what is measured.
check-report.py --errors REPORT.json SITE PLAN=ERROR … checks errors of candidates, within
2 %.
"""
import json
import math
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Finds elements that are not closed in their order, and what a page loads."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.places, self.aims = [], set(), set(), set()

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        for name, value in attributes:
            assert name != "src" and not name.startswith("on"), (tag, name, value)
            if name == "href":
                assert value.startswith("#"), (tag, value)
                self.aims.add(value[1:])
            elif name == "id":
                self.places.add(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"expected </{self.open[-1:]}>, got </{tag}>"
        self.open.pop()


def check_page(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, page.open
    assert page.aims == page.places, page.aims ^ page.places
    assert {"html", "svg", "rect", "table", "details", "style"} <= page.seen, page.seen
    assert "script" not in page.seen and "link" not in page.seen and "://" not in text


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def check_sums(report):
    totals, sites = report["totals"], report["sites"]
    assert totals["sites"] == len(sites)
    for key in ("weights", "bytes_before", "bytes_after"):
        assert totals[key] == sum(site["stored_" + key] for site in sites), key
    weights = sum(site["weights"] for site in sites)
    error = sum(site["weights"] * site["relative_error"] for site in sites) / max(weights, 1)
    assert math.isclose(totals["relative_error"], error, rel_tol=1e-12, abs_tol=1e-300)
    if totals["weights"]:
        bits = 8 * totals["bytes_after"] / totals["weights"]
        assert math.isclose(totals["bits_per_weight"], bits, rel_tol=1e-12)
    budgets = {name: float(report["options"][name]) for name in ("bits", "error")}
    assert not budgets["bits"] or totals["bits_per_weight"] <= budgets["bits"]
    assert not budgets["error"] or totals["relative_error"] <= budgets["error"]
    for site in sites:
        [chosen] = [candidate for candidate in site["candidates"] if candidate["chosen"]]
        for key in ("plan", "relative_error", "bits_per_weight"):
            assert chosen[key] == site[key], (site["name"], key)


def count_bytes(path):
    """The bytes of all mx.constant operations: payload, scales, tensor scale."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    total = 0
    for line in re.findall(r".*mx\.constant.*", text):
        for shape in re.findall(r"tensor<([\dx]+)xi8>", line):
            total += math.prod(map(int, shape.split("x")))
        total += 4 if "tensor_scale" in line else 0
    return total


def check_sweep(paths):
    errors = []
    for path in paths:
        report = load(path)
        check_sums(report)
        errors.append(report["totals"]["relative_error"])
    assert errors == sorted(errors, reverse=True) and len(set(errors)) == len(errors), errors
    print(errors)


def check_errors(path, name, expected):
    [site] = [site for site in load(path)["sites"] if site["name"] == name]
    errors = {candidate["plan"]: candidate["relative_error"] for candidate in site["candidates"]}
    for text in expected:
        plan, error = text.rsplit("=", 1)
        assert math.isclose(errors[plan], float(error), rel_tol=0.02), (name, plan, errors[plan])


def check_same(paths):
    first, second = ([site["relative_error"] for site in load(path)["sites"]] for path in paths)
    assert len(first) == len(second)
    assert all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(first, second)), (first, second)


if sys.argv[1] == "--page":
    check_page(sys.argv[2])
elif sys.argv[1] == "--errors":
    check_errors(sys.argv[2], sys.argv[3], sys.argv[4:])
elif sys.argv[1] == "--same":
    check_same(sys.argv[2:])
elif sys.argv[1] == "--sweep":
    check_sweep(sys.argv[2:])
else:
    report = load(sys.argv[1])
    check_sums(report)
    if len(sys.argv) > 2:
        got, expected = count_bytes(sys.argv[2]), report["totals"]["bytes_after"]
        assert got == expected, f"expected {expected} bytes of constants, got {got}"
