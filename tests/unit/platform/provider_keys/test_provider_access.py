"""Where a provider key may go: to the vendor, to an address the organisation chose, and to no other that an agent names."""

from __future__ import annotations

import pytest

from callwright.platform.custom_models.rules import CUSTOM_KEYS
from callwright.platform.provider_keys.rules.access import Reach, reach_of_agent

VENDORS = ("OPENAI", "OPENAI_API_KEY")
ADDRESS = "https://llm.example.org/v1"


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("names", [VENDORS, CUSTOM_KEYS])
def test_a_model_whose_agent_names_no_address_has_the_keys_of_its_provider(
    names: tuple[str, ...], trusted: bool
) -> None:
    assert reach_of_agent(names, "", trusted=trusted) == Reach(names)


@pytest.mark.parametrize("trusted", [True, False])
def test_the_address_an_agent_names_beside_a_vendor_is_refused_whosever_agent_it_is(trusted: bool) -> None:
    reach = reach_of_agent(VENDORS, ADDRESS, trusted=trusted)
    assert (reach.base_url, reach.refused_url) == ("", ADDRESS)


def test_a_plugin_that_asks_for_a_vendors_key_beside_those_for_any_endpoint_is_a_vendor() -> None:
    assert reach_of_agent(("MINE", *CUSTOM_KEYS), ADDRESS, trusted=True).refused_url == ADDRESS


def test_the_address_of_the_organisations_own_agent_has_the_keys_for_any_endpoint() -> None:
    assert reach_of_agent(CUSTOM_KEYS, ADDRESS, trusted=True) == Reach(CUSTOM_KEYS, ADDRESS)


def test_the_address_of_a_sub_accounts_agent_is_asked_without_a_key() -> None:
    assert reach_of_agent(CUSTOM_KEYS, ADDRESS, trusted=False) == Reach((), ADDRESS, withheld=True)
