"""Prints a function of sites with random weights.

network.py NAME:DISTRIBUTION:ROWSxCOLUMNS:ACTIVATION … prints one mx.matmul for each
argument. Sites that name the same activation share it. Distributions have variance 1:
normal, laplace, t5 (Student's t), channels (normal, every 64th column 16 times larger); huge is 3e38 throughout.
"""
import math
import random
import struct
import sys

CHANNEL_DISTANCE, CHANNEL_FACTOR = 64, 16.0


def draw(source, distribution, column):
    if distribution == "huge":
        return 3e38
    if distribution == "laplace":
        return source.choice((-1, 1)) * source.expovariate(math.sqrt(2.0))
    if distribution == "t5":
        chi = sum(source.gauss(0, 1) ** 2 for _ in range(5))
        return source.gauss(0, 1) / math.sqrt(chi / 5) / math.sqrt(5 / 3)
    factor = CHANNEL_FACTOR if distribution == "channels" and column % CHANNEL_DISTANCE == 0 else 1.0
    return factor * source.gauss(0, 1)


def spell(distribution, rows, columns, seed):
    source = random.Random(seed)
    values = [draw(source, distribution, column) for _ in range(rows) for column in range(columns)]
    return struct.pack(f"<{len(values)}f", *values).hex().upper()


def main():
    activations, body, results = {}, [], []
    for index, argument in enumerate(sys.argv[1:]):
        name, distribution, shape, activation = argument.split(":")
        rows, columns = map(int, shape.split("x"))
        activations[activation] = columns
        data = spell(distribution, rows, columns, index)
        body += [
            f'  %w{index} = arith.constant dense<"0x{data}"> : tensor<{rows}x{columns}xf32>',
            f"  %c{index} = arith.constant dense<0.0> : tensor<4x{rows}xf32>",
            f"  %r{index} = mx.matmul ins(%{activation}, %w{index} : tensor<4x{columns}xf32>,"
            f" tensor<{rows}x{columns}xf32>) outs(%c{index} : tensor<4x{rows}xf32>)"
            f' {{mx.site = "{name}"}}',
        ]
        results.append((f"%r{index}", f"tensor<4x{rows}xf32>"))
    types = ", ".join(kind for _, kind in results)
    arguments = ", ".join(f"%{name}: tensor<4x{columns}xf32>" for name, columns in activations.items())
    print(f"func.func @network({arguments}) -> ({types}) {{")
    print("\n".join(body))
    print(f"  return {', '.join(name for name, _ in results)} : {types}\n}}")


if __name__ == "__main__":
    main()
