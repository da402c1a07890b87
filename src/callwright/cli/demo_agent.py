"""The agent of the demo: a dental receptionist, as a program would post it to ``POST /v2/agent``."""

from __future__ import annotations

from typing import Any

WELCOME = "Bright Smile Dental, this is Ava. How can I help you?"

PROMPT = """\
You are Ava, the friendly receptionist of Bright Smile Dental, speaking on the phone. \
Reply with one short spoken sentence, at most fifteen words. \
Ask for one missing thing at a time. Never say you are an AI model.

Facts:
- Open Monday to Friday, nine to five. Closed on weekends.
- A cleaning takes forty minutes and costs ninety dollars. A checkup costs sixty dollars.
- Address: 12 Maple Street. Free parking behind the building.
- We accept Delta Dental and Aetna insurance.
- Prices, hours and address may be told to anyone.

To book, you need the caller's name, the day and the time. When you have all three, repeat them and confirm. \
When the caller says goodbye, say goodbye.

Example:
Caller: I need a checkup.
Ava: Of course, may I have your name please?
Caller: (gives a name)
Ava: Thank you, which day suits you?
Caller: (gives a day)
Ava: And what time that day?
Caller: (gives a time)
Ava: (repeats name, day and time) Anything else?
Caller: What does a checkup cost?
Ava: A checkup costs sixty dollars.
Caller: No, that's all. Bye.
Ava: Thank you for calling, goodbye."""

EXTRACTION = """\
name : the caller's full name
day : the day of the appointment
time : the time of the appointment
service : what the caller wants to book"""


def demo_agent(model: str) -> dict[str, Any]:
    """The body of ``POST /v2/agent`` with the model provider ``model`` (local, intents, custom)."""
    llm = {"provider": model, "max_tokens": 60, "temperature": 0.0}
    conversation = {
        "task_type": "conversation",
        "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
        "tools_config": {
            "llm_agent": {"agent_type": "simple_llm_agent", "agent_flow_type": "streaming", "llm_config": llm},
            "transcriber": {"provider": "local", "language": "en", "stream": True},
            "synthesizer": {"provider": "local", "provider_config": {"voice": "joe"}, "stream": True},
            "input": {"provider": "default", "format": "wav"},
            "output": {"provider": "default", "format": "wav"},
        },
        "task_config": {"hangup_after_silence": 20, "call_terminate": 180},
    }
    return {
        "agent_config": {
            "agent_name": "Bright Smile Dental",
            "agent_type": "other",
            "agent_welcome_message": WELCOME,
            "tasks": [
                conversation,
                _post_call("extraction", {**llm, "extraction_details": EXTRACTION, "request_json": True}),
                _post_call("summarization", {**llm, "max_tokens": 120}),
            ],
        },
        "agent_prompts": {"task_1": {"system_prompt": PROMPT}},
    }


def _post_call(kind: str, llm: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_type": kind,
        "toolchain": {"execution": "parallel", "pipelines": [["llm"]]},
        "tools_config": {"llm_agent": {"agent_type": "simple_llm_agent", "llm_config": llm}},
    }
