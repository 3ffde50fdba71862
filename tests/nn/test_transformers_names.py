"""Our names in transformers' table of activations."""

import sys
from types import ModuleType

import pytest
import torch

from actlab.integrations import transformers


def test_registering_adds_every_elementwise_name_once(monkeypatch):
    """Names are added explicitly, theirs are never replaced, and a second call adds nothing."""
    stand_in = ModuleType("transformers.activations")
    stand_in.ACT2FN = {"gelu": "theirs"}
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setitem(sys.modules, "transformers.activations", stand_in)
    added = transformers.register()
    assert stand_in.ACT2FN["gelu"] == "theirs" and {"actlab:gelu", "mish", "actlab:mish"} <= set(added)
    assert "softmax" not in stand_in.ACT2FN
    assert torch.equal(stand_in.ACT2FN["actlab:relu"]()(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))
    assert transformers.register() == ()


def test_without_transformers_the_message_says_what_to_install(monkeypatch):
    """A missing ecosystem is one sentence, not a traceback from inside."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match="pip install transformers"):
        transformers.register()
