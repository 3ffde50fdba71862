"""Our names in transformers' table of activations."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import actlab
from actlab.catalogue import ENTRIES
from actlab.integrations import transformers


class _Table(dict[str, Any]):
    """transformers' table: an item is made anew from its class at every access."""

    def __getitem__(self, name: str) -> Any:
        made = super().__getitem__(name)
        return made() if isinstance(made, type) else made


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> _Table:
    """A stand-in for `transformers.activations.ACT2FN` with one name of transformers' own."""
    stand_in = ModuleType("transformers.activations")
    stand_in.ACT2FN = _Table(gelu="theirs")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setitem(sys.modules, "transformers.activations", stand_in)
    return stand_in.ACT2FN  # type: ignore[attr-defined]


def test_registering_adds_every_name_that_keeps_the_shape_once(table: _Table) -> None:
    """Every entry but those that change the width is added, aliases too; a second call adds nothing."""
    added = set(transformers.register())
    for entry in ENTRIES.values():
        for name in (f"actlab:{entry.name}", entry.name, *entry.aliases):
            assert (name in added) == (entry.keeps_shape and name != "gelu")
    assert transformers.register() == ()
    assert len(added) == len(table) - 1 > 400


def test_their_names_stay_theirs(table: _Table) -> None:
    """A name of transformers is never replaced; ours of the same name is there under "actlab:"."""
    transformers.register()
    assert table["gelu"] == "theirs"
    assert torch.equal(table["actlab:relu"](torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))


def test_a_module_from_the_table_is_fresh_and_keeps_the_shape(table: _Table) -> None:
    """Every name in the table can be built without arguments, keeps the shape, and shares nothing with another call."""
    transformers.register()
    x = torch.randn(2, 3, 8)
    for name in (name for name in table if name.startswith("actlab:")):
        one, other = table[name], table[name]
        assert one is not other and one(x).shape == x.shape, name
        assert not {id(p) for p in one.parameters()} & {id(p) for p in other.parameters()}


def test_a_name_from_the_table_is_a_name_for_create(table: _Table) -> None:
    """What a saved config says, such as "actlab:mish", is understood here too."""
    transformers.register()
    assert all(actlab.create(name).name == name.removeprefix("actlab:") for name in table if name.startswith("actlab:"))


def test_without_transformers_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing ecosystem is one sentence, not a traceback from inside."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match="pip install transformers"):
        transformers.register()


def test_modules_are_built_where_there_are_no_numbers() -> None:
    """Frameworks build models on the meta device and fill them later: no entry needs a number to be made."""
    for name, entry in ENTRIES.items():
        given = {"gate": "first"} if entry.kind == "gated" else {}
        with torch.device("meta"):
            module = actlab.create(name, **given)
        reference = actlab.create(name, **given)
        assert all(parameter.is_meta for parameter in module.parameters()), name
        module.to_empty(device="cpu").reset_parameters()
        for mine, expected in zip(module.parameters(), reference.parameters(), strict=True):
            assert torch.equal(mine, expected), name


REAL = pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed")


@REAL
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["actlab:mish", "actlab:swish", "xielu", "s_shaped_relu", "actlab:sparsemax"])
def test_a_model_saved_with_our_name_loads_again(name: str, tmp_path: Path) -> None:
    """Config and weights make the round trip, learned activations included, and the outputs are the same bits."""
    from transformers import BertConfig, BertModel

    transformers.register()
    torch.manual_seed(0)
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = BertModel(BertConfig(**sizes, intermediate_size=12, hidden_act=name)).eval()
    with torch.no_grad():
        for parameter in model.encoder.layer[0].intermediate.intermediate_act_fn.parameters():
            parameter.add_(0.1)
    model.save_pretrained(tmp_path)
    again = BertModel.from_pretrained(tmp_path).eval()
    tokens = torch.tensor([[1, 2, 3]])
    assert again.config.hidden_act == name
    assert torch.equal(model(tokens).last_hidden_state, again(tokens).last_hidden_state)


@REAL
@pytest.mark.filterwarnings("default")
def test_their_activations_are_the_ones_we_resolve_to() -> None:
    """Each string of ACT2FN, built by transformers and by create, gives the same numbers in float64."""
    from transformers.activations import ACT2CLS, ACT2FN

    x = 6 * torch.randn(64, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for name in ACT2CLS:
        if name.startswith("actlab:") or isinstance(ACT2FN[name], actlab.nn.Activation):
            continue
        theirs, ours = ACT2FN[name].double(), actlab.create(f"transformers:{name}").double()
        # its constants are kept in bfloat16 (xielu) or cut to ten digits (gelu_fast)
        allowed = {"xielu": 1e-2, "gelu_fast": 1e-12}.get(name, 1e-14)
        torch.testing.assert_close(ours(x), theirs(x), rtol=allowed, atol=allowed)
