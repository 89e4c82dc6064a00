# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The architecture of gpt-oss, as the package transformers has it, with random weights: the backend computes what the
same model computes with weights that were quantised and decoded.
"""

import copy
import logging

import mx
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
if not hasattr(transformers, "GptOssForCausalLM"):
    pytest.skip("needs a version of transformers with gpt-oss", allow_module_level=True)

# Weights of the experts, whose matrices are [K, N].
EXCHANGED = ("gate_up_proj", "down_proj")


def make_model():
    torch.manual_seed(8)
    torch._dynamo.reset()
    config = transformers.GptOssConfig(
        num_hidden_layers=2, hidden_size=64, intermediate_size=96, num_attention_heads=4, num_key_value_heads=2, head_dim=32,
        num_local_experts=4, num_experts_per_tok=2, vocab_size=128, sliding_window=8, max_position_embeddings=64,
    )  # fmt: skip
    config._attn_implementation, config._experts_implementation = "eager", "grouped_mm"
    model = transformers.GptOssForCausalLM(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.endswith("norm.weight"):
                parameter.normal_(std=0.1)
            # Far enough apart that no rounding sends a token to another expert.
            if "router" in name:
                parameter.mul_(20)
    return model.bfloat16()


def decode_weights(model, options):
    """The same model with weights of products that were quantised and decoded, exactly in bf16."""
    decoded = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in decoded.named_parameters():
            is_exchanged = name.endswith(EXCHANGED)
            if not is_exchanged and not name.endswith(("_proj.weight", "router.weight", "lm_head.weight")):
                continue
            matrices = parameter.transpose(1, 2) if is_exchanged else parameter
            values = torch.from_numpy(mx.quantize(matrices.float().contiguous(), **options).dequantize())
            assert torch.equal(values.bfloat16().float(), values)
            parameter.copy_(values.transpose(1, 2) if is_exchanged else values)
    return decoded


def get_logits(model, tokens):
    with torch.no_grad():
        return model(input_ids=tokens, use_cache=False).logits.float()


@pytest.mark.parametrize("options", [{"format": "mxfp4"}, {"format": "mxfp6_e2m3"}])
def test_gpt_oss_is_its_decoded_self_to_the_accuracy_of_bf16(options, caplog):
    model = make_model()
    tokens = torch.randint(128, (3, 20), generator=torch.Generator().manual_seed(9))
    with caplog.at_level(logging.INFO, "mx.torch"):
        compiled = get_logits(torch.compile(model, backend="mx", options=options), tokens)
    # Two layers of q, k, v, o, router and two products of experts, and the head; nothing else is a product by weights.
    lines = [record.getMessage() for record in caplog.records]
    assert sum(f"{options['format']} by even" in line for line in lines) == 15
    assert not any("stays as it is" in line for line in lines)
    eager = decode_weights(model, options)
    exact = get_logits(copy.deepcopy(eager).float(), tokens)
    error = (compiled - exact).norm() / exact.norm()
    of_eager = (get_logits(eager, tokens) - exact).norm() / exact.norm()
    # Both round to bf16 between products; which of them errs more is chance.
    assert error <= 1.5 * of_eager
    unquantised = (get_logits(model, tokens) - exact).norm() / exact.norm()
    assert error < unquantised / 4


def test_gpt_oss_by_gptq():
    model = make_model()
    generator = torch.Generator().manual_seed(10)
    batches = [{"input_ids": torch.randint(128, (16, 24), generator=generator), "use_cache": False} for _ in range(4)]
    calibration = mx.calibrate(model, batches)
    assert len(calibration) == 15
    assert len(calibration["model.layers.0.mlp.experts.down_proj"]) == 4
    tokens, exact, errors = torch.randint(128, (4, 24), generator=generator), None, []
    exact = get_logits(model, tokens)
    for method in ("rtn", "mr-gptq"):
        torch._dynamo.reset()
        options = {"format": "mxfp4", "method": method, "calibration": calibration}
        errors.append((get_logits(torch.compile(model, backend="mx", options=options), tokens) - exact).norm())
    assert errors[1] < errors[0]
