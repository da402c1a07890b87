"""Variables in prompts and messages."""

import time

import pytest

from callwright.domain.variables import names_in, outside_braces, render

LONG = "x" * 200
VALUES = {
    "name": "Ada",
    "order id": "7{name}",
    "user.city": "Oslo",
    "Prénom": "Zoë",
    "नाम": "Asha",
    "1st": "Ann",
    "name (first)": "Lee",
    "a/b": "or",
    " both ": "sides",
    LONG: "long",
    "": "nothing",
    " ": "blank",
}


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
        ("Bonjour {Prénom}, {नाम}।", "Bonjour Zoë, Asha।"),
        ("{1st} {name (first)} {a/b} {a/b }", "Ann Lee or or"),
        (f"{{{LONG}}}", "long"),
        ("{ both }", "sides"),
        ("{Straße} {2nd} {x!}", "{Straße} {2nd} {x!}"),
        ("{{name}} {{} {{1st}", "{Ada} {{} {Ann"),
        ("{}|{  }", "{}|{  }"),
    ],
)
def test_a_name_is_replaced_once_and_other_braces_stay(template, said):
    assert render(template, VALUES) == said


def test_the_names_of_a_template_come_in_order_and_once():
    assert names_in('{b} {a} {b} {user.city } {"json": 1}') == ["b", "a", "user.city"]
    assert names_in("no names") == []
    assert names_in("{1st} {2nd}", VALUES) == ["1st"]


def test_what_stands_in_braces_can_be_left_out():
    assert outside_braces("a{name}b{1 x}{}") == "ab{}"


@pytest.mark.parametrize("bit", ["{", "{a", "{ ", "{}", "}{", "{name"])
def test_a_hostile_text_is_rendered_in_time(bit):
    text = bit * 200_000
    began = time.process_time()
    render(text, VALUES)
    names_in(text, VALUES)
    assert time.process_time() - began < 2.0
