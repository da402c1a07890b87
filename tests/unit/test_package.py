"""The package itself: it is importable, typed and says its version."""

import re
from importlib import resources

import callwright


def test_the_version_is_a_python_version_number():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|a\d+|b\d+|rc\d+)?", callwright.__version__)


def test_the_package_declares_that_it_is_typed():
    assert resources.files(callwright).joinpath("py.typed").is_file()
