"""What the guides show is true: parts of agents are read, code to copy works, paths exist, and links lead to a heading."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from callwright.api.credentials import TOKEN_PREFIX
from callwright.outbox.schedule import DELAYS_S
from callwright.outbox.sign import decode_secret, signature_headers
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.executions.rules.execution import PUBLISHED_BY_DEFAULT
from callwright.ports.door import INBOUND_CALL, LINES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md"))
OTHER_PAGES = sorted([*ROOT.glob("*.md"), ROOT / "proof/README.md", ROOT / "bench/README.md"])
ACTED_ON = {row.key for row in SETTINGS if not row.kept}
SECTIONS = {"task_config", "tools_config", "agent_config"}
#: Providers that a guide tells the reader to make, and one of the same kind that is there.
TO_BE_MADE = {"my-recogniser": "local", "my-voice": "local", "house-llm": "custom"}
INDEX = DOCS / "README.md"
#: Folders with an index of their own.
LISTED_ELSEWHERE = {"decisions"}


def parts_of_agents() -> list[tuple[str, dict[str, Any]]]:
    """Every JSON example of the guides that is a part of an agent."""
    found = []
    for page in PAGES:
        for number, text in enumerate(re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL)):
            if text.startswith("{"):
                part = json.loads(text)
                if SECTIONS & part.keys():
                    found.append((f"{page.stem}-{number}", part))
    return found


PARTS = parts_of_agents()
assert len(PARTS) > 10, "the guides show parts of agents"


def body_of(part: dict[str, Any]) -> dict[str, Any]:
    """The flat body of an agent with ``part``, which is a whole agent or belongs into its first task."""
    if "agent_config" in part:
        return {**part["agent_config"], "agent_prompts": part.get("agent_prompts")}
    return {"agent_name": "Ada", "tasks": [{"task_type": "conversation", **part}]}


@pytest.mark.parametrize("part", [part for _, part in PARTS], ids=[name for name, _ in PARTS])
def test_a_part_of_an_agent_can_be_saved_and_does_something(part: dict[str, Any]) -> None:
    body = body_of(part)
    text = json.dumps(body)
    for name, known in TO_BE_MADE.items():
        text = text.replace(f'"{name}"', f'"{known}"')
    parse_agent(json.loads(text))
    for task in body["tasks"]:
        assert {f"task_config.{name}" for name in task.get("task_config", {})} <= ACTED_ON


def test_the_check_of_a_signature_that_the_guide_shows_accepts_ours_and_nothing_else() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "how-to/webhooks.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    is_genuine = names["is_genuine"]
    now, body = int(time.time()), b'{"id": "e"}'
    for secret in ("whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0", "plain text"):
        headers = signature_headers(decode_secret(secret), "evt-1", now, body)
        assert is_genuine(secret, headers, body)
        assert is_genuine(secret, signature_headers(b"new", "evt-1", now, body, decode_secret(secret)), body)
        assert not is_genuine(secret, headers, body + b" ")
        assert not is_genuine("another", headers, body)
        assert not is_genuine(secret, signature_headers(decode_secret(secret), "evt-1", now - 400, body), body)


NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no node to run the example with")
def test_the_check_of_a_signature_in_node_accepts_ours_and_nothing_else() -> None:
    (code,) = re.findall(r"```js\n(.*?)```", (DOCS / "how-to/webhooks.md").read_text(), re.DOTALL)
    now, body = int(time.time()), '{"id": "e", "said": "naïve"}'
    cases = []
    for secret in ("whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0", "plain téxt"):
        headers = signature_headers(decode_secret(secret), "evt-1", now, body.encode())
        late = signature_headers(decode_secret(secret), "evt-1", now - 400, body.encode())
        short = {**headers, "webhook-signature": "v1,"}
        cases += [(secret, headers, body), (secret, headers, f"{body} "), ("another", headers, body)]
        overlap = signature_headers(b"new", "evt-1", now, body.encode(), decode_secret(secret))
        cases += [(secret, late, body), (secret, short, body), (secret, overlap, body)]
    ask = f"console.log(JSON.stringify({json.dumps(cases)}.map(([s, h, b]) => isGenuine(s, h, Buffer.from(b)))))"
    run = subprocess.run([str(NODE), "-e", code + ask], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(run.stdout) == [True, False, False, False, False, True] * 2


def test_the_guide_to_webhooks_says_what_is_signed_and_for_how_long_it_is_good() -> None:
    page = (DOCS / "how-to/webhooks.md").read_text()
    assert "`{webhook-id}.{webhook-timestamp}.{body}`" in page
    headers = signature_headers(b"k", "e", 7, b"body")
    assert all(f"`{name}`" in page for name in headers)
    assert "five minutes" in page


def test_the_guide_to_webhooks_has_the_times_of_the_tries_and_the_statuses_without_a_choice() -> None:
    page = " ".join((DOCS / "how-to/webhooks.md").read_text().split())
    times = re.findall(r"(\d+) (s|min|h)\b", page.partition("repeated after ")[2].partition(":")[0])
    assert tuple(int(number) * {"s": 1, "min": 60, "h": 3_600}[unit] for number, unit in times) == DELAYS_S
    begun = {"initiated", "ringing", "in-progress", "call-disconnected"}
    assert begun <= {str(status) for status in PUBLISHED_BY_DEFAULT}
    assert all(f"`{status}`" in page for status in begun)


def test_the_proxy_of_the_guide_lets_websockets_through_and_logs_no_address_that_holds_a_secret() -> None:
    server = (DOCS / "how-to/deploy.md").read_text().partition("    server {\n")[2].partition("\n    }\n")[0]
    places = dict(re.findall(r"location (.+?) \{(.*)\}", server))
    assert {"proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $connection_upgrade;"} <= set(
        re.findall(r"^ +(proxy_set_header .*)$", server, re.MULTILINE)
    )
    # A header of a location would drop those of the server.
    assert not any("proxy_set_header" in place for place in places.values())
    (quiet,) = (name.removeprefix("~ ") for name, place in places.items() if "access_log off;" in place)
    assert all(re.search(quiet, path) for path in (LINES, INBOUND_CALL, TOKEN_PREFIX, "/dashboard/enter"))


def anchors(page: Path) -> set[str]:
    """Names of the headings of a page, as links write them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
    own = [(path, name) for path, name in links if not re.match(r"[a-z]+:", path)]
    lost = [f"{path}#{name}" for path, name in own if name not in anchors((page.parent / path) if path else page)]
    assert lost == []


@pytest.mark.parametrize("page", [*PAGES, *OTHER_PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:src|tests|tools|bench|requirements|proof|deploy)/[\w./-]+)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_page_that_code_and_configuration_name_exists() -> None:
    files = [ROOT / name for name in ("Makefile", "Containerfile", "compose.yaml", "pyproject.toml", ".ci/run")]
    files += [file for folder in ("src", "deploy", "tools", "proof", "bench") for file in (ROOT / folder).rglob("*.*")]
    named = {
        page
        for file in files
        if file.suffix in {"", ".py", ".sh", ".yaml", ".toml", ".service"}
        for page in re.findall(r"docs/[a-z0-9_/-]+\.md", file.read_text())
    }
    assert len(named) > 10
    assert {page for page in named if not (ROOT / page).exists()} == set()


def test_the_index_lists_every_page() -> None:
    linked = {(INDEX.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s]+\.md)\)", INDEX.read_text())}
    pages = {page for page in PAGES if page.parent.name not in LISTED_ELSEWHERE and page != INDEX}
    assert {str(page.relative_to(DOCS)) for page in pages - linked} == set()
