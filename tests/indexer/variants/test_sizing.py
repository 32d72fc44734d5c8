import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.variants.contents import variants_of
from indexer.variants.memory import GIB, context_of
from indexer.variants.records import CONTEXTS, Facts, RepoFile, Variant
from indexer.variants.sizing import LEAST_BITS, MOST_BITS, estimated_bytes, params_in

Q4 = RepoFile("X-Q4_K_M.gguf", 4_920_000_000)
LLAMA = Facts("o/X-GGUF", gguf_params=8_030_000_000, architecture="llama", context_length=8192)


def only(file: RepoFile, facts: Facts) -> Variant:
    (variant,) = variants_of([file], facts)
    return variant


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("Llama-2-7B-Chat", 7e9), ("qwen2.5-1.5b-instruct", 1.5e9), ("gemma-3-270M-it", 270e6),
        ("Qwen3-30B-A3B", 30e9),
        ("stablelm-2-zephyr-1_6b", 1.6e9), ("llama_3_8b_chat", 8e9), ("bloom-560m", 560e6),
        ("OLMoE-1B-7B-0125", 6.92e9), ("franken-8B-235B", 8e9), ("x-E3B", 3e9),
        ("Mixtral-8x7B-v0.1", 46.69e9), ("gemma-3n-E2B-it", 4.6e9), ("Llama-4-Scout-17B-16E", 107.8e9),
        ("Qwen2.5-7B-Instruct-1M", 7e9), ("Kimi-1T", 1e12), ("7b", 7e9),
    ],
)  # fmt: skip
def test_a_name_says_how_many_parameters(name: str, params: float) -> None:
    assert params_in(name) == int(params)


@pytest.mark.parametrize(
    "name", ["x-v2b", "llama", "1M", "0B", "web2b-x", "7bit", "q4b", "v1.0", "x-7bx", "36T", ""]
)
def test_a_name_says_nothing_of_parameters(name: str) -> None:
    assert params_in(name) is None


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_name_says_a_number_or_none(name: str) -> None:
    params = params_in(name)

    assert params is None or params > 0


def test_bits_are_counted_of_exact_bytes() -> None:
    variant = only(Q4, LLAMA)

    assert variant.bits == 8 * 4_920_000_000 / 8_030_000_000
    assert (variant.params, variant.params_source) == (8_030_000_000, "header")
    assert (variant.is_nominal, variant.is_estimated) == (False, False)


def test_a_size_of_an_earlier_commit_is_an_estimate() -> None:
    variant = only(RepoFile("X-Q4_K_M.gguf", 4_920_000_000, is_exact=False), LLAMA)

    assert (variant.bytes, variant.is_estimated) == (4_920_000_000, True)


def test_before_the_tree_is_read_the_size_is_estimated() -> None:
    variant = only(RepoFile("X-Q4_K_M.gguf"), LLAMA)

    assert variant.bytes is not None
    assert abs(variant.bytes / 4_920_000_000 - 1) < 0.02
    assert (variant.is_estimated, variant.is_nominal, variant.bits) == (True, True, 4.5)


def test_without_any_parameters_nothing_is_made_up() -> None:
    variant = only(RepoFile("X-Q4_K_M.gguf"), Facts("o/x"))

    assert (variant.bytes, variant.params, variant.needs, variant.is_estimated) == (None, None, (), False)
    assert (variant.bits, variant.is_nominal) == (4.5, True)


@pytest.mark.parametrize(
    ("facts", "source", "billions"),
    [
        (Facts("o/X-8B-GGUF", gguf_params=8_030_000_000), "header", 8.03),
        (Facts("o/X-8B-GGUF", params=8_030_000_000), "header", 8.03),
        (Facts("o/X-8B-GGUF"), "name", 8.0),
        (Facts("o/X-GGUF", base_params=8_030_000_000), "base", 8.03),
        (Facts("o/X-8B-GGUF", base_params=8_030_000_000), "base", 8.03),
        (Facts("o/X-8B-GGUF", base_params=70_000_000_000), "name", 8.0),
        (Facts("o/X-GGUF"), "label", 8.016),
        (Facts("o/X-8B-GGUF", gguf_params=70_000_000_000), "name", 8.0),
        (Facts("o/X-70B-GGUF"), "label", 8.016),
    ],
)  # fmt: skip
def test_the_surest_parameters_that_fit_the_label_count(facts: Facts, source: str, billions: float) -> None:
    variant = only(Q4, facts)

    assert (variant.params_source, round((variant.params or 0) / 1e9, 3)) == (source, billions)
    assert variant.is_nominal == (source == "label")


def test_a_sibling_in_16_bits_tells_the_parameters() -> None:
    files = [Q4, RepoFile("X-F16.gguf", 16_060_000_000), RepoFile("Other-Q4_K_M.gguf", 1_000_000_000)]

    found = {variant.key: variant for variant in variants_of(files, Facts("o/r"))}

    assert (found["X-Q4_K_M.gguf"].params, found["X-Q4_K_M.gguf"].params_source) == (8_030_000_000, "sibling")
    assert found["Other-Q4_K_M.gguf"].params_source == "label"
    assert found["X-F16.gguf"].params_source == "label"


def test_a_header_of_the_first_shard_is_not_taken_for_all() -> None:
    facts = Facts("o/Mixtral-8x22B-GGUF", gguf_params=19_900_000_000)

    known = only(RepoFile("Mixtral-8x22B.Q4_K_M.gguf", 85_600_000_000), facts)
    hidden = only(RepoFile("Mixtral-8x22B.Q4_K_M.gguf"), facts)

    assert (known.params_source, hidden.params_source) == ("name", "name")


def test_q8_0_tells_the_parameters_of_its_siblings() -> None:
    files = [Q4, RepoFile("X-Q8_0.gguf", 8_531_875_000)]

    found = {variant.label: variant for variant in variants_of(files, Facts("o/X-7B"))}

    assert (found["Q4_K_M"].params, found["Q4_K_M"].params_source) == (8_030_000_000, "sibling")
    assert (found["Q8_0"].bits, found["Q8_0"].is_nominal) == (8.5, True)


def test_a_broken_sibling_tells_nothing() -> None:
    files = [Q4, RepoFile("X-Q8_0.gguf", 1), RepoFile("X.Q8_0.gguf", 12)]

    found = {variant.key: variant for variant in variants_of(files, Facts("o/X-8B"))}

    assert (found["X-Q4_K_M.gguf"].params, found["X-Q4_K_M.gguf"].params_source) == (8_000_000_000, "name")


def test_siblings_that_disagree_tell_nothing() -> None:
    names = [
        ("gpt-oss-20b-F16.gguf", 13_800),
        ("gpt-oss-20b-Q8_0.gguf", 12_110),
        ("gpt-oss-20b-Q4_K_M.gguf", 11_620),
    ]
    files = [RepoFile(name, size * 1_000_000) for name, size in names]

    variants = variants_of(files, Facts("o/gpt-oss-20b-GGUF", gguf_params=20_900_000_000))

    assert {variant.params for variant in variants} == {20_900_000_000}


def test_text_of_an_unknown_size_keeps_a_context_too() -> None:
    variant = only(RepoFile("2b_it_v2.gguf", 10_463_000_000), Facts("o/x", ("text-generation",)))

    assert (variant.params, variant.is_need_guessed) == (None, True)
    assert variant.needs[0] > 10_463_000_000 * 21 // 20


def test_gpt_oss_has_few_bits_whatever_its_label_says() -> None:
    variant = only(RepoFile("gpt-oss-20b-Q8_0.gguf", 12_110_000_000), Facts("o/gpt-oss-20b-GGUF"))

    assert (variant.params, variant.is_nominal) == (20_000_000_000, False)
    assert not variant.is_need_guessed


def test_weights_trained_in_4_bits_have_few_bits_whatever_they_are_called() -> None:
    facts = Facts("o/gpt-oss-20b-GGUF", gguf_params=20_900_000_000)

    variant = only(RepoFile("gpt-oss-20b-F16.gguf", 13_800_000_000), facts)

    assert (variant.params, variant.is_nominal) == (20_900_000_000, False)


def test_small_models_may_have_far_more_bits_than_their_label() -> None:
    variant = only(RepoFile("gemma-3-270m-Q2_K.gguf", 237_000_000), Facts("o/gemma-3-270m-GGUF"))

    assert variant.bits is not None
    assert (round(variant.bits, 1), variant.is_nominal) == (7.0, False)


def test_what_no_weights_can_have_are_nominal_bits() -> None:
    variant = only(RepoFile("X-Q4_K_M.gguf", 100), LLAMA)

    assert (variant.bits, variant.is_nominal) == (4.5, True)


def test_elements_of_packed_quants_are_no_parameters() -> None:
    facts = Facts("o/X-7B-AWQ", ("awq", "4-bit"), params=1_200_000_000)

    variant = only(RepoFile("model.safetensors", 4_150_000_000), facts)

    assert (variant.params, variant.params_source, variant.label) == (7_000_000_000, "name", "4bit")


def test_elements_of_plain_weights_are_parameters() -> None:
    variant = only(RepoFile("model.safetensors", 16_060_000_000), Facts("o/X", params=8_030_000_000))

    assert (variant.bits, variant.params_source) == (16.0, "header")


@settings(deadline=None)
@given(
    size=st.one_of(st.none(), st.integers(0, 1 << 60)),
    params=st.one_of(st.none(), st.integers(0, 1 << 50)),
    base=st.one_of(st.none(), st.integers(0, 1 << 50)),
    name=st.sampled_from(["X-Q4_K_M.gguf", "X.gguf", "X-7B-BF16.gguf", "model.safetensors", "X-Q4_K_P.gguf"]),
)
def test_counted_bits_are_always_possible(
    size: int | None, params: int | None, base: int | None, name: str
) -> None:
    variant = only(RepoFile(name, size), Facts("o/r", gguf_params=params, params=base, base_params=base))

    if variant.bits is not None and not variant.is_nominal:
        assert LEAST_BITS <= variant.bits <= MOST_BITS
        assert variant.bytes == size
    if variant.bytes is not None:
        assert variant.needs == tuple(sorted(variant.needs))
        assert all(need >= variant.bytes for need in variant.needs)


def test_small_models_are_estimated_larger_for_their_embeddings() -> None:
    small, large = estimated_bytes(300_000_000, 3.17) / 3e8, estimated_bytes(30_000_000_000, 3.17) / 3e10

    assert small > estimated_bytes(8_000_000_000, 3.17) / 8e9 > large


def test_the_context_is_counted_from_layers_and_heads() -> None:
    llama = context_of("llama", 8_030_000_000)

    assert not llama.is_guessed
    assert llama.bytes == tuple(2 * 2 * 32 * 8 * 128 * length for length in CONTEXTS)


@pytest.mark.parametrize(
    ("architecture", "params", "kib_per_token"),
    [
        ("llama", 6_738_000_000, 512), ("llama", 1_236_000_000, 32), ("llama", 70_550_000_000, 320),
        ("llama", 12_250_000_000, 160), ("llama", 46_700_000_000, 128), ("qwen2", 7_616_000_000, 56),
        ("qwen2", 494_000_000, 12), ("qwen3", 8_190_000_000, 144), ("qwen3moe", 30_530_000_000, 96),
        ("phi3", 3_821_000_000, 384), ("gemma", 2_506_000_000, 18), ("mistral", 7_242_000_000, 128),
    ],
)  # fmt: skip
def test_known_families_keep_so_much_for_each_token(
    architecture: str, params: int, kib_per_token: int
) -> None:
    context = context_of(architecture, params)

    assert not context.is_guessed
    assert context.bytes[0] == kib_per_token * 1024 * CONTEXTS[0]


def test_layers_with_a_window_keep_no_more_than_it() -> None:
    gemma = context_of("gemma3", 27_010_000_000)

    kept = [(10 * length + 52 * min(length, 1024)) * 2 * 2 * 16 * 128 for length in CONTEXTS]
    assert list(gemma.bytes) == kept


def test_unknown_families_take_a_gib_per_7_billion_at_4k_and_it_is_said() -> None:
    context = context_of("something", 14_000_000_000)

    assert context.is_guessed
    assert [round(one / GIB, 3) for one in context.bytes] == [2, 4, 16, 64]


def test_a_name_that_fits_several_models_is_no_ground_to_count_on() -> None:
    assert context_of("llama", 7_000_000_000, "name").is_guessed
    assert not context_of("llama", 70_000_000_000, "name").is_guessed
    assert not context_of("qwen2", 7_000_000_000, "name").is_guessed


def test_memory_is_files_projector_and_context_and_a_twentieth() -> None:
    files = [Q4, RepoFile("mmproj-F16.gguf", 600_000_000)]

    (variant,) = variants_of(files, LLAMA)

    kept = 2 * 2 * 32 * 8 * 128 * 4096
    assert variant.needs[0] == (4_920_000_000 + 600_000_000 + kept) * 21 // 20
    assert len(variant.needs) == len(CONTEXTS)
    assert not variant.is_need_guessed


@pytest.mark.parametrize(
    ("facts", "keeps"),
    [
        (Facts("o/X-8B", ("text-to-image",)), False), (Facts("o/X-8B", ("feature-extraction",)), False),
        (Facts("o/X-8B", ("text-generation",)), True), (Facts("o/X-8B"), True),
    ],
)  # fmt: skip
def test_only_what_writes_text_keeps_a_context(facts: Facts, keeps: object) -> None:
    variant = only(Q4, facts)

    assert (variant.needs[0] < variant.needs[-1]) == keeps


def test_an_adapter_s_need_is_that_of_its_base_and_not_said() -> None:
    assert only(RepoFile("adapter_model.safetensors", 1000), Facts("o/r")).needs == ()


@given(st.integers(1, 2**63 - 1), st.lists(st.integers(0, 2**62 - 1), min_size=1, max_size=3))
def test_numbers_beyond_belief_stay_such_as_json_holds(params: int, sizes: list[int]) -> None:
    files = [RepoFile(f"X-F32-{at:05}-of-00003.gguf", size) for at, size in enumerate(sizes, 1)]
    files += [RepoFile("mmproj-F16.gguf", sizes[0]), RepoFile("model.safetensors")]
    facts = Facts("o/X-900000T-F32", params=params, gguf_params=params, base_params=params)

    for variant in variants_of(files, facts):
        assert all(
            number is None or number < 2**63 for number in (variant.bytes, variant.params, *variant.needs)
        )
