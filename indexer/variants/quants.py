"""The quants that exist; pure."""

_COSTS = {"Q8_0": 0.003, "Q6_K": 0.02, "Q5_K_M": 0.06, "Q4_K_M": 0.18, "Q4_0": 0.47, "Q2_K": 3.52}


def quality_cost(label: str) -> float | None:
    """Give the rise of the perplexity of Llama 3 8B that a quant costs, where it is known; indicative."""
    return _COSTS.get(label)
