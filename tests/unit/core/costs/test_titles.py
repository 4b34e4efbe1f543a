"""What meters are called by people."""

import pytest

from core.costs import meter_title


@pytest.mark.row("C1")
@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("cpu_hours", "CPU hours"),
        ("memory_gb_hours", "Memory GB hours"),
        ("api_calls", "API calls"),
        ("agent_creation", "Agent creation"),
        ("GPU-Hours", "GPU-Hours"),
        ("", ""),
    ],
)
def test_a_meter_is_called_as_people_write_it(name, title):
    assert meter_title(name) == title
