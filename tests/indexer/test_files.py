import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.files import is_weights, weights_first


@pytest.mark.parametrize(
    "path",
    [
        "model.safetensors", "x.Q4_K_M.GGUF", "onnx/model.onnx", "pytorch_model-00001-of-00002.bin",
        "tf_model.h5", "consolidated.00.pth", ".bin",
    ],
)  # fmt: skip
def test_weights_are_told_by_their_name(path: str) -> None:
    assert is_weights(path)


@pytest.mark.parametrize(
    "path",
    [
        "training_args.bin", "checkpoint-5/optimizer.pt", "rng_state_0.pth", "checkpoint-5/scaler.pt",
        "logs/plugins/profile/x.pb", "a/zero_rank_0_optim_states.pt",
        "README.md", "bin", "",
        "model.safetensors.index.json",
    ],
)  # fmt: skip
def test_what_stands_beside_weights_is_none(path: str) -> None:
    assert not is_weights(path)


def test_weights_stand_first_and_parts_in_their_order() -> None:
    paths = ["README.md", "b-10.gguf", "a/b.gguf", "config.json", "b-2.gguf", "model.safetensors", "tf.h5"]

    assert weights_first(paths, 100) == [
        "b-2.gguf", "b-10.gguf", "model.safetensors", "tf.h5", "a/b.gguf", "config.json", "README.md",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=30)), st.integers(0, 20))
def test_any_paths_are_put_in_order(paths: list[str], limit: int) -> None:
    ordered = weights_first(paths, len(paths))
    some = weights_first(paths, limit)

    assert sorted(ordered) == sorted(paths)
    assert ordered == weights_first(paths[::-1], len(paths))
    assert [is_weights(path) for path in ordered] == sorted(map(is_weights, ordered), reverse=True)
    assert len(some) == min(limit, len(paths))
    assert [is_weights(path) for path in some] == [is_weights(path) for path in ordered[:limit]]
