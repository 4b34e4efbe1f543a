import pytest

from bench.report import Case, Goal, Round, Section, as_data, figure, percentile, ratio, reached, spread


def case(name: str, *rates: float) -> Case:
    return Case(name, tuple(Round(rate) for rate in rates))


def test_a_spread_is_the_median_between_the_least_and_the_greatest_round():
    found = spread([3.0, 1.0, 10.0])

    assert (found.median, found.low, found.high) == (3.0, 1.0, 10.0)


def test_an_even_number_of_rounds_has_its_median_in_the_middle():
    assert spread([1.0, 2.0, 4.0, 8.0]).median == 3.0


def test_no_rounds_cannot_be_summarised():
    with pytest.raises(ValueError, match="nothing to summarise"):
        spread([])


def test_a_ratio_compares_within_a_round_and_not_the_medians():
    # The machine was ten times slower in the second round, for both.
    assert ratio([50.0, 6.0, 50.0], [100.0, 10.0, 100.0]).high == 0.6
    assert ratio([50.0, 6.0, 50.0], [100.0, 10.0, 100.0]).median == 0.5


def test_rounds_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0)])
def test_a_percentile_is_the_nearest_rank(share, expected):
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_the_percentile_of_one_call_is_that_call():
    assert percentile([0.25], 0.99) == 0.25


def test_no_calls_have_no_percentile():
    with pytest.raises(ValueError, match="nothing to rank"):
        percentile([], 0.5)


def test_a_goal_is_taken_against_the_rival_that_was_faster_in_each_round():
    section = Section(
        "decisions",
        (case("ours", 100.0, 100.0, 100.0), case("slow", 1.0, 4.0, 1.0), case("fast", 2.0, 1.0, 2.0)),
        baselines=("slow",),
    )

    found = reached(section, Goal("fifty times", "ours", ("slow", "fast"), 50))

    assert (found.low, found.median, found.high) == (25.0, 50.0, 50.0)


def test_data_holds_every_round_and_what_was_reached():
    section = Section(
        "decisions",
        (case("ours", 10.0, 30.0), case("theirs", 5.0, 10.0)),
        baselines=("theirs",),
        goals=(Goal("twice", "ours", ("theirs",), 2),),
    )

    data = as_data(section)

    assert [each["rate"] for each in data["cases"]["ours"]] == [10.0, 30.0]
    assert data["goals"] == [{"goal": "twice", "at_least": 2, "reached": 2.5}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (0.999, "0.999"),
        (1.14, "1.14"),
        (12.345, "12.3"),
        (123.4, "123"),
        (1_426_312.0, "1,430,000"),
    ],
)
def test_figures_have_three_significant_digits(value, expected):
    assert figure(value) == expected
