"""The list of what the clients of cloud speech bring."""

import re
from importlib.metadata import distribution

import cloud_licences


def test_each_package_has_a_line_with_its_licence_and_all_have_a_sum():
    told = list(cloud_licences.lines(iter(["websockets", "no-such-package-at-all"])))
    version = distribution("websockets").version
    assert re.fullmatch(rf"websockets {re.escape(version)}: BSD-3-Clause, \d\.\d MB", told[0])
    assert told[1].endswith(" MB in all; not installed: no-such-package-at-all")


def test_a_licence_that_our_list_names_goes_before_the_metadata():
    assert cloud_licences.licence_in(distribution("uvloop")) == "MIT OR Apache-2.0"
