"""Variables in prompts and messages."""

import pytest

from callwright.domain.variables import as_text, names_in, render

VALUES = {"name": "Ada", "order id": "7{name}", "user.city": "Oslo"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hello {name}!", "Hello Ada!"),
        ("Order {order id}, {user.city}.", "Order 7{name}, Oslo."),
        ("Hello {nobody}!", "Hello !"),
        ('Answer as {"day": "Monday"} or {}.', 'Answer as {"day": "Monday"} or {}.'),
        ("{ name}", "{ name}"),
        ("{name }", "Ada"),
        ("", ""),
    ],
)
def test_a_name_is_replaced_once_and_other_braces_stay(template, said):
    assert render(template, VALUES) == said


def test_the_names_of_a_template_come_in_order_and_once():
    assert names_in('{b} {a} {b} {user.city } {"json": 1}') == ["b", "a", "user.city"]
    assert names_in("no names") == []


@pytest.mark.parametrize(
    ("value", "said"), [(None, ""), (True, "yes"), (False, "no"), (0, "0"), (1.5, "1.5"), ("Ada", "Ada"), ([1], "[1]")]
)
def test_a_value_is_said_as_a_caller_would_hear_it(value, said):
    assert as_text(value) == said
