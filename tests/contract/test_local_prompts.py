"""Prompts kept in files: the store alone, what the engine makes of it, and with the real model (`make test-voice`)."""

import json
import os
from pathlib import Path

import pytest

from callwright.ports.model import Message, ModelRequest, ModelSettings
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.language_engine import KeptPrompts
from callwright.providers.local.manifest import DEFAULTS
from callwright.providers.local.model import LocalModel
from callwright.providers.local.prompt_store import PromptStore
from callwright.providers.local.store import ModelStore

MODELS = Path(os.environ.get("CALLWRIGHT_MODELS") or "~/.cache/callwright/models")
INSTALLED = not ModelStore(MODELS).missing(DEFAULTS)
DAY_S = 86_400
PROMPT = "You are Ava, the receptionist of Bright Smile Dental. Reply in one short sentence. " * 8


def written(store, prompt, data=b"state", tokens=7):
    """What the engine wrote for a prompt, taken in."""
    (store.folder / store.draft_of(prompt)).write_bytes(data)
    return store.keep(prompt, tokens)


def files(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def place(store, prompt):
    """The file of a prompt that is kept."""
    kept = store.find(prompt)
    assert kept is not None
    return store.folder / kept.name


def age(path, days):
    used = path.stat().st_mtime - days * DAY_S
    os.utime(path, (used, used))


def test_a_kept_prompt_is_found_in_another_life(tmp_path):
    assert written(PromptStore(tmp_path / "p", "engine"), "You are Ava.", tokens=9)
    store = PromptStore(tmp_path / "p", "engine")
    kept = store.find("You are Ava.")
    assert kept is not None
    assert kept.tokens == 9
    assert place(store, "You are Ava.").read_bytes() == b"state"


def test_files_are_private_and_name_no_words_of_the_prompt(tmp_path):
    store = PromptStore(tmp_path / "p", "engine")
    written(store, "You are Ava.")
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "p").iterdir()} == {0o600}
    assert not any("Ava" in name for name in files(tmp_path / "p"))


@pytest.mark.parametrize("other", ["engine 2", "context 4096"])
def test_a_prompt_of_another_engine_is_not_found(tmp_path, other):
    written(PromptStore(tmp_path, "engine"), "You are Ava.")
    assert PromptStore(tmp_path, other).find("You are Ava.") is None
    assert PromptStore(tmp_path, "engine").find("You are Ava.") is not None


@pytest.mark.parametrize("damage", ["changed", "cut", "undescribed", "foreign", "unreadable", "wrong format"])
def test_a_damaged_file_is_deleted_and_can_be_replaced(tmp_path, damage):
    store = PromptStore(tmp_path, "engine")
    written(store, "You are Ava.")
    state, about = next(tmp_path.glob("*.state")), next(tmp_path.glob("*.json"))
    if damage == "changed":
        state.write_bytes(b"statf")
    elif damage == "cut":
        state.write_bytes(b"")
    elif damage == "undescribed":
        about.unlink()
    elif damage == "foreign":
        about.write_text(json.dumps({**json.loads(about.read_text()), "key": "another"}))
    elif damage == "unreadable":
        about.write_bytes(b"\xff{")
    else:
        about.write_text("[]")
    assert store.find("You are Ava.") is None
    assert not files(tmp_path)
    assert written(store, "You are Ava.")
    assert store.find("You are Ava.") is not None


def test_the_least_recently_used_goes_first(tmp_path):
    store = PromptStore(tmp_path, "engine", most=2)
    for days, prompt in ((3, "a"), (2, "b")):
        written(store, prompt)
        age(place(store, prompt), days)
    store.find("a")
    written(store, "c")
    assert [store.find(prompt) is not None for prompt in "abc"] == [True, False, True]


def test_the_bytes_are_bounded_at_exactly_the_limit(tmp_path):
    store = PromptStore(tmp_path, "engine", most_bytes=10)
    assert written(store, "a", b"12345")
    age(place(store, "a"), 1)
    assert written(store, "b", b"12345")
    assert len(list(tmp_path.glob("*.state"))) == 2
    assert written(store, "c", b"123456")
    assert [store.find(prompt) is not None for prompt in "abc"] == [False, False, True]
    assert not written(store, "d", b"12345678901")
    assert store.find("d") is None


def test_what_was_not_used_for_long_is_deleted(tmp_path):
    store = PromptStore(tmp_path, "engine", most_days=30)
    for days, prompt in ((31, "old"), (29, "young")):
        written(store, prompt)
        age(place(store, prompt), days)
    PromptStore(tmp_path, "another engine", most_days=30)
    assert [store.find(prompt) is not None for prompt in ("old", "young")] == [False, True]


def test_drafts_of_a_writer_that_died_are_cleared_away(tmp_path):
    store = PromptStore(tmp_path, "engine")
    (tmp_path / "left-1.draft").touch()
    (tmp_path / "new-1.draft").touch()
    age(tmp_path / "left-1.draft", 2)
    store.prune()
    assert files(tmp_path) == ["new-1.draft"]


def test_a_draft_that_was_never_written_is_not_kept(tmp_path):
    assert not PromptStore(tmp_path, "engine").keep("a", 1)
    assert not files(tmp_path)


class Engine:
    """What ``KeptPrompts`` uses of the engine: a door that reads and writes files, and a chat that counts."""

    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        self.cached = 100
        self.tokens = 100
        self.refuses = False
        self.completion = 1
        self.touched = 0

    def chat(self, body, emit, cancelled):
        emit({"text": "To"})
        self.asked.append(body)
        return {"prompt": 110, "cached": self.cached, "completion": self.completion}

    def touch(self):
        self.touched += 1

    def last_used(self):
        if not self.touched:
            raise LookupError("no slot has answered yet")
        return 1

    def save(self, slot, name):
        if self.refuses:
            raise OSError("no")
        (self.folder / name).write_bytes(b"state")
        return self.tokens

    def restore(self, slot, name):
        if self.refuses:
            raise OSError("no")
        assert (self.folder / name).read_bytes() == b"state"
        return self.tokens


REQUEST = {"messages": [{"role": "system", "content": PROMPT + " Today is Monday."}, {"role": "user", "content": "x"}]}


def life(folder):
    """Another life of the process."""
    engine = Engine(folder)
    return engine, KeptPrompts(PromptStore(folder, "engine"), engine, engine.chat, engine.touch)


def never():
    return False


def test_a_new_prompt_is_read_alone_and_kept_then_the_call(tmp_path):
    engine, prompts = life(tmp_path)
    assert prompts.warm(REQUEST, len(PROMPT), never)["restored"] == 0
    assert [body["messages"] for body in engine.asked] == [
        [{"role": "system", "content": PROMPT}],
        REQUEST["messages"],
    ]
    assert len(list(tmp_path.glob("*.state"))) == 1
    prompts.warm(REQUEST, len(PROMPT), never)
    assert len(engine.asked) == 3  # known in this life: only the call's own words are read


def test_a_kept_prompt_is_not_read_again(tmp_path):
    _, prompts = life(tmp_path)
    prompts.warm(REQUEST, len(PROMPT), never)
    engine, prompts = life(tmp_path)
    assert prompts.warm(REQUEST, len(PROMPT), never)["restored"] == 100
    assert [body["messages"] for body in engine.asked] == [REQUEST["messages"]]


@pytest.mark.parametrize("fault", ["refuses", "other tokens"])
def test_a_file_the_engine_does_not_take_is_replaced(tmp_path, fault):
    _, prompts = life(tmp_path)
    prompts.warm(REQUEST, len(PROMPT), never)
    engine, prompts = life(tmp_path)
    engine.refuses = fault == "refuses"
    engine.tokens = 100 if engine.refuses else 99
    assert prompts.warm(REQUEST, len(PROMPT), never)["restored"] == 0
    assert len(engine.asked) == 2
    assert len(list(tmp_path.glob("*.state"))) == (0 if engine.refuses else 1)


def test_a_file_that_did_not_help_is_deleted(tmp_path):
    _, prompts = life(tmp_path)
    prompts.warm(REQUEST, len(PROMPT), never)
    engine, prompts = life(tmp_path)
    engine.cached = 3
    prompts.warm(REQUEST, len(PROMPT), never)
    assert not list(tmp_path.glob("*.state"))


@pytest.mark.parametrize(("completion", "cancelled"), [(0, False), (1, True)])
def test_a_prompt_that_was_not_read_to_its_end_is_not_kept(tmp_path, completion, cancelled):
    engine, prompts = life(tmp_path)
    engine.completion = completion
    prompts.warm(REQUEST, len(PROMPT), lambda: cancelled)
    assert not list(tmp_path.glob("*.state"))


@pytest.mark.voice
@pytest.mark.skipif(not INSTALLED, reason="the default local models are not installed: make models")
async def test_a_restored_prompt_gives_the_same_words_without_being_read(tmp_path):
    """Two lives of the language process over one data folder; the second starts after the first is gone."""
    system = Message("system", PROMPT + "A cleaning costs ninety dollars.")
    asked = ModelRequest(
        (system, Message("user", "How much is a cleaning?")), ModelSettings(max_tokens=40, temperature_milli=0)
    )
    warm = ModelRequest((system,), ModelSettings(), "warm", stable_characters=len(system.content))
    lives = []
    for _ in range(2):
        inference = LocalInference(MODELS, {"data": str(tmp_path)})
        model = LocalModel(inference)
        report = await inference.language.ask("warm", {"request": body_of(warm), "stable": warm.stable_characters})
        deltas = [delta async for delta in model.answer(asked)]
        lives.append((report["restored"], "".join(delta.text for delta in deltas), deltas[-1].usage))
        await inference.aclose()
    (read, first, _), (restored, second, usage) = lives
    assert read == 0
    assert restored > 100
    assert second == first
    assert usage is not None
    assert usage.amount_cached >= restored - 16


def body_of(request):
    return {
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": 1,
        "temperature": 0,
    }
