"""The package itself: it is importable, typed and says its version."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import callwright


def test_the_version_is_a_python_version_number():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|a\d+|b\d+|rc\d+)?", callwright.__version__)


def test_the_package_declares_that_it_is_typed():
    assert resources.files(callwright).joinpath("py.typed").is_file()


def test_the_tests_of_the_conversation_need_no_database_driver():
    without_driver = (
        "import sys; sys.modules['asyncpg'] = None; import pytest;"
        " sys.exit(pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider', 'tests/unit/conversation/test_core.py']))"
    )
    command = [sys.executable, "-c", without_driver]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
