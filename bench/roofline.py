# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Draws speed over operations for each byte, both logarithmic, under the lines
of memory and arithmetic."""

import math

COLOURS = ("#1f5fbf", "#c44e1d", "#2e8b57", "#8a4fbf", "#888888", "#b8860b")
WIDTH, HEIGHT, MARGIN = 720, 420, 60


class Roofline:
    """One drawing; `speeds` and `intensities` are the ranges of its axes."""

    def __init__(self, intensities, speeds, unit):
        self.x_range, self.y_range = intensities, speeds
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        ]
        for exponent in range(0, int(math.log2(intensities[1])) + 1, 2):
            x, y = self.place(2**exponent, speeds[0])
            self.text(x, y + 18, 2**exponent)
            self.line([(x, y), self.place(2**exponent, speeds[1])], "#eeeeee")
        for exponent in range(math.ceil(math.log10(speeds[0])), int(math.log10(speeds[1])) + 1):
            x, y = self.place(intensities[0], 10**exponent)
            self.text(x - 8, y + 4, 10**exponent, "end")
            self.line([(x, y), self.place(intensities[1], 10**exponent)], "#eeeeee")
        self.text(WIDTH / 2, HEIGHT - 14, "operations for each byte of weights")
        self.text(MARGIN, MARGIN - 24, unit, "start")

    def place(self, x, y):
        def scale(value, bounds, size):
            low, high = (math.log(bound) for bound in bounds)
            return MARGIN + (math.log(value) - low) / (high - low) * (size - 2 * MARGIN)

        return scale(x, self.x_range, WIDTH), HEIGHT - scale(y, self.y_range, HEIGHT)

    def line(self, points, colour, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="{dash}"/>')

    def text(self, x, y, words, anchor="middle", colour="black"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>')

    def limit(self, words, speed, peak):
        """Draws what memory and arithmetic allow."""
        low, high = self.x_range
        points = [self.place(low, speed * low), self.place(peak / speed, peak), self.place(high, peak)]
        self.line(points, "black", "4 3")
        self.text(*self.place(high, peak * 1.08), words, "end")

    def points(self, series):
        """Draws what was measured: pairs of intensity and speed by provider."""
        for index, (provider, pairs) in enumerate(series.items()):
            colour = COLOURS[index % len(COLOURS)]
            self.text(WIDTH - MARGIN, MARGIN + 16 * index, provider, "end", colour)
            for x, y in (self.place(*pair) for pair in pairs):
                self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.7"/>')

    def finish(self):
        """Returns the SVG."""
        return "\n".join([*self.parts, "</svg>", ""])
