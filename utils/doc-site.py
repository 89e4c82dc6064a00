#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Builds the documentation as a site in build/site, and checks every link and anchor in it.

Needs MkDocs; says so and skips where it is not. docs/ is copied first: a
link to a file outside of it becomes a link to a page that shows the file, so that the site
needs nothing beside itself. Warnings of MkDocs are errors. The last line is `N passed, N
failed, N skipped`, where a page is one.
"""

import argparse
import html.parser
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, SITE = ROOT / "build/site-source", ROOT / "build/site"
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
FENCE = re.compile(r"(^```.*?^```)", re.M | re.S)
LANGUAGES = {".def": "c++", ".h": "c++", ".cpp": "c++", ".mlir": "mlir", ".py": "python", ".c": "c", ".json": "json"}


def show_file(path):
    """The page of the staged site that shows a file of the project; returns its place."""
    relative = path.relative_to(ROOT)
    page = SOURCE / "source" / (relative if path.suffix == ".md" else Path(f"{relative}.md"))
    if not page.exists():
        page.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        fence = f"# {relative}\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{text}````\n"
        page.write_text(rewrite(text, path, page) if path.suffix == ".md" else fence, encoding="utf-8")
    return page


def rewrite(text, path, page):
    """`text` of the file at `path`, with links as they must be on `page`."""

    def replace(match):
        target, _, anchor = match[2].partition("#")
        if not target or "://" in target:
            return match[0]
        file = (path.parent / target).resolve()
        if file.is_dir():
            return match[0].replace(match[2], f"https://example.invalid/{target}")  # Found below: nothing shows folders.
        docs = ROOT / "docs"
        there = SOURCE / file.relative_to(docs) if docs in file.parents else show_file(file)
        place = os.path.relpath(there, page.parent)
        return f"{match[1]}{place}{'#' if anchor else ''}{anchor}{match[3]}"

    parts = FENCE.split(text)
    return "".join(part if i % 2 else LINK.sub(replace, part) for i, part in enumerate(parts))


def stage():
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SOURCE)
    for page in sorted(SOURCE.rglob("*.md")):
        original = ROOT / "docs" / page.relative_to(SOURCE)
        page.write_text(rewrite(original.read_text(encoding="utf-8"), original, page), encoding="utf-8")
    show_file(ROOT / "README.md")


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        self.links += [given[key] for key in ("href", "src") if given.get(key)]


def check(pages):
    """Links that lead nowhere."""
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            where = urllib.parse.urlsplit(link)
            if where.scheme in ("http", "https", "mailto") and where.netloc != "example.invalid":
                continue
            target = (path.parent / urllib.parse.unquote(where.path)).resolve() if where.path else path
            anchors = pages[target].anchors if target in pages else {""}
            if not target.is_file() or urllib.parse.unquote(where.fragment) not in anchors:
                wrong.append(f"{path.relative_to(SITE)}: expected '{link}' to lead somewhere, got nothing there")
    return wrong


def main():
    argparse.ArgumentParser(description=__doc__.split("\n", 1)[0]).parse_args()
    own = [sys.executable, "-m", "mkdocs"] if importlib.util.find_spec("mkdocs") else [shutil.which("mkdocs")]
    if own == [None]:
        print("not run: MkDocs is missing (utils/setup.sh --docs installs it)\n0 passed, 0 failed, 1 skipped")
        return 0
    stage()
    status = subprocess.run([*own, "build", "--strict", "--clean", "--quiet"], cwd=ROOT, check=False).returncode
    pages = {path.resolve(): Page(path) for path in SITE.rglob("*.html") if path.name not in ("404.html", "search.html")}
    wrong = check(pages)
    print("\n".join(wrong))
    failed = len({line.split(":")[0] for line in wrong}) + (status != 0)
    print(f"{len(pages) - failed if status == 0 else 0} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
