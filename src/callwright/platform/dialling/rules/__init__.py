"""May this number be dialled now? The rules, and the one function that applies them."""

from callwright.platform.dialling.rules.decision import (
    STOPPED_RULE,
    Decision,
    NumberFacts,
    Question,
    Rules,
    Verdict,
    decide,
)

__all__ = ["STOPPED_RULE", "Decision", "NumberFacts", "Question", "Rules", "Verdict", "decide"]
