from benchmarks.understand import TARGET_US, measure


def test_both_centiles_stand_beside_the_target_and_every_length_has_a_figure() -> None:
    figures = {figure.name: figure for figure in measure(latin_terms=600, han_terms=400)}
    assert [figures[name].target for name in ("a query, p50", "a query, p99")] == [TARGET_US, TARGET_US]
    assert list(figures) == [
        "a query, p50",
        "a query, p99",
        "English, 2 to 4 words, p50",
        "English, 5 to 8 words, p50",
        "English, 9 and more words, p50",
        "Chinese, 2 to 4 characters, p50",
        "Chinese, 5 to 8 characters, p50",
        "Chinese, 9 and more characters, p50",
        "load 1,000 terms",
    ]
    assert all(figure.value > 0 for figure in figures.values())
