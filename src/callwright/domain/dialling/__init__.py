"""May this number be dialled now? The rules, and the one function that applies them."""

from callwright.domain.dialling.decision import Decision, NumberFacts, Question, Rules, Verdict, decide

__all__ = ["Decision", "NumberFacts", "Question", "Rules", "Verdict", "decide"]
