# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The blocks of linalg_models.py in f64, with their sizes and weights.

Written from the models' definitions and not from the IR. Weights are Student-t with five
degrees of freedom, of variance 1/in: heavier tails than a normal distribution, as
checkpoints have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]
BASE = 10000.0
EPSILON = 1e-5


@dataclass(frozen=True)
class Sizes:
    """The sizes of a model. `has_data` says that its weights are drawn."""

    rows: int
    hidden: int
    intermediate: int
    heads: int = 0
    kv_heads: int = 0
    head_dim: int = 0
    vocabulary: int = 0
    layers: int = 0
    experts: int = 0
    top: int = 0
    has_data: bool = False


SIZES = {
    "tiny": Sizes(8, 64, 96, 4, 2, 32, 48, 2, 4, 2, has_data=True),
    "small": Sizes(32, 256, 512, 4, 2, 64, 512, 2, 4, 2, has_data=True),
    "llama3-8b": Sizes(16, 4096, 14336, 32, 8, 128, 128256, 2),
    "gpt-oss-20b": Sizes(16, 2880, 2880, 64, 8, 64, 201088, 2, 32, 4),
}


# --- weights ----------------------------------------------------------------------


def layer_shapes(s: Sizes) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of attention, then of the MLP."""
    width = s.heads * s.head_dim
    narrow = s.kv_heads * s.head_dim
    return {
        "attention_norm": (s.hidden,),
        "q_proj": (width, s.hidden),
        "k_proj": (narrow, s.hidden),
        "v_proj": (narrow, s.hidden),
        "o_proj": (s.hidden, width),
        "mlp_norm": (s.hidden,),
        "gate_proj": (s.intermediate, s.hidden),
        "up_proj": (s.intermediate, s.hidden),
        "down_proj": (s.hidden, s.intermediate),
    }


def shapes(name: str, s: Sizes) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each weight of a block, in order."""
    tables = {"cos": (s.rows, s.head_dim), "sin": (s.rows, s.head_dim)}
    layer = layer_shapes(s)
    if name == "llama_mlp":
        keys = ("mlp_norm", "gate_proj", "up_proj", "down_proj")
        return {key: layer[key] for key in keys}
    if name == "llama_attention":
        keys = ("attention_norm", "q_proj", "k_proj", "v_proj", "o_proj")
        return {key: layer[key] for key in keys} | tables
    if name == "llama_network":
        table = (s.vocabulary, s.hidden)
        layers = {f"l{i}_{key}": shape for i in range(s.layers) for key, shape in layer.items()}
        return {"embedding": table, **layers, **tables, "final_norm": (s.hidden,), "lm_head": table}
    both = 2 * s.intermediate
    if name == "gpt_oss_experts":  # [experts, out, in]
        return {
            "group_ends": (s.experts,),
            "gate_up_proj": (s.experts, both, s.hidden),
            "down_proj": (s.experts, s.hidden, s.intermediate),
        }
    return {  # [experts, in, out]
        "mlp_norm": (s.hidden,),
        "router": (s.experts, s.hidden),
        "router_bias": (s.experts,),
        "gate_up_proj": (s.experts, s.hidden, both),
        "gate_up_bias": (s.experts, both),
        "down_proj": (s.experts, s.intermediate, s.hidden),
        "down_bias": (s.experts, s.hidden),
    }


def draw(name: str, s: Sizes) -> Arrays:
    """Draws the weights of a block; nothing for sizes without data."""
    if not s.has_data:
        return {}
    random = np.random.RandomState(len(name))  # Its streams never change.
    arrays = {}
    for key, shape in shapes(name, s).items():
        if key in ("cos", "sin"):
            turns = np.arange(s.rows)[:, None] * BASE ** (-np.arange(0, s.head_dim, 2) / s.head_dim)
            arrays[key] = getattr(np, key)(np.concatenate([turns, turns], axis=1))
        elif key.endswith("norm"):
            arrays[key] = 1.0 + 0.25 * random.standard_normal(shape)
        elif key.endswith("bias"):
            arrays[key] = 0.5 * random.standard_normal(shape)
        elif key != "group_ends":
            last = name != "gpt_oss_moe" or key == "router"
            count = 1 if key == "embedding" else shape[-1] if last else shape[-2]
            arrays[key] = random.standard_t(5, shape) / np.sqrt(5 / 3 * count)
    return arrays


def source(name: str, s: Sizes) -> np.ndarray:
    """Draws the input of a block."""
    random = np.random.RandomState(99)
    if name == "llama_network":
        return random.randint(0, s.vocabulary, (1, s.rows))
    shape = (s.rows, s.hidden) if name == "gpt_oss_experts" else (1, s.rows, s.hidden)
    return random.standard_t(5, shape)


def group_ends(s: Sizes) -> np.ndarray:
    """Returns the ends of the experts' rows: the first two share all but one."""
    ends = np.full(s.experts, s.rows)
    ends[0], ends[1] = s.rows // 2, s.rows - 1
    return ends


# --- blocks -----------------------------------------------------------------------


def rms_norm(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Returns x / √(mean x² + ε) · gain."""
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON) * gain


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Returns 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    """Returns normalised exponentials along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def llama_mlp(p: Arrays, x: np.ndarray, s: Sizes) -> np.ndarray:
    """The gated MLP with norm and residual."""
    h = rms_norm(x, p["mlp_norm"])
    gate = h @ p["gate_proj"].T
    return x + (gate * sigmoid(gate) * (h @ p["up_proj"].T)) @ p["down_proj"].T


def rope(x: np.ndarray, p: Arrays) -> np.ndarray:
    """Rotary positions of x [rows, size]: pairs (i, i + size/2) turn."""
    a, b = np.split(x, 2, axis=-1)
    cos, sin = (np.split(p[key], 2, axis=-1) for key in ("cos", "sin"))
    return np.concatenate([a * cos[0] - b * sin[0], b * cos[1] + a * sin[1]], axis=-1)


def llama_attention(p: Arrays, x: np.ndarray, s: Sizes) -> np.ndarray:
    """Causal attention with norm and residual, head by head."""
    h = rms_norm(x, p["attention_norm"])[0]
    q, k, v = (h @ p[key].T for key in ("q_proj", "k_proj", "v_proj"))
    later = np.triu(np.ones((s.rows, s.rows), dtype=bool), 1)
    heads = []
    for i in range(s.heads):
        own = slice(i * s.head_dim, (i + 1) * s.head_dim)
        shared_index = i * s.kv_heads // s.heads
        shared = slice(shared_index * s.head_dim, (shared_index + 1) * s.head_dim)
        scores = rope(q[:, own], p) @ rope(k[:, shared], p).T / np.sqrt(s.head_dim)
        heads.append(softmax(np.where(later, -np.inf, scores)) @ v[:, shared])
    return x + np.concatenate(heads, axis=-1) @ p["o_proj"].T


def llama_network(p: Arrays, tokens: np.ndarray, s: Sizes) -> np.ndarray:
    """Embedding, layers, final norm and head."""
    x = p["embedding"][tokens]
    for i in range(s.layers):
        layer = p | {key.removeprefix(f"l{i}_"): value for key, value in p.items()}
        x = llama_mlp(layer, llama_attention(layer, x, s), s)
    return rms_norm(x, p["final_norm"]) @ p["lm_head"].T


def swiglu(x: np.ndarray) -> np.ndarray:
    """gpt-oss' activation of interleaved gates and ups."""
    gate, up = np.minimum(x[..., ::2], 7.0), np.clip(x[..., 1::2], -7.0, 7.0)
    return (up + 1.0) * gate * sigmoid(1.702 * gate)


def gpt_oss_moe(p: Arrays, x: np.ndarray, s: Sizes) -> np.ndarray:
    """A row at a time through the experts that it is routed to."""
    h = rms_norm(x, p["mlp_norm"])[0]
    logits = h @ p["router"].T + p["router_bias"]
    result = x[0].copy()
    for row in range(s.rows):
        chosen = np.argsort(-logits[row])[: s.top]
        for weight, e in zip(softmax(logits[row, chosen]), chosen):
            inner = swiglu(h[row] @ p["gate_up_proj"][e] + p["gate_up_bias"][e])
            result[row] += weight * (inner @ p["down_proj"][e] + p["down_bias"][e])
    return result[None]


def gpt_oss_experts(p: Arrays, x: np.ndarray, s: Sizes) -> np.ndarray:
    """Each group of rows through its expert."""
    result = np.zeros((s.rows, s.hidden))
    begin = 0
    for e, end in enumerate(group_ends(s)):
        inner = swiglu(x[begin:end] @ p["gate_up_proj"][e].T)
        result[begin:end] = inner @ p["down_proj"][e].T
        begin = end
    return result


BLOCKS: dict[str, Callable[[Arrays, np.ndarray, Sizes], np.ndarray]] = {
    "llama_mlp": llama_mlp,
    "llama_attention": llama_attention,
    "llama_network": llama_network,
    "gpt_oss_moe": gpt_oss_moe,
    "gpt_oss_experts": gpt_oss_experts,
}
