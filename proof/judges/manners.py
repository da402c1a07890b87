"""What a person would call manners: on hold, with a machine, after "do not call me again", in a silence."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace
from proof.judges.ending import HOLD_MS, LATE_MS
from proof.judges.reading import follow, new_words, plan_of

REFUSED = ("stop calling me, and never again.", "please never call this number again.")
"""What a simulated caller says who wants no more calls, in one turn."""


def judge_manners(trace: Trace) -> str:
    """A caller on hold is waited for, a machine is not talked to, whoever wants no more calls is let go, and silence is silence."""
    return _on_hold(trace) or _machines(trace) or _opt_outs(trace) or _silences(trace)


def _on_hold(trace: Trace) -> str:
    """On hold nobody is asked whether they are there, or hung up on for silence, but by a goodbye that had begun before."""
    for event, effects, before, line in follow(trace):
        if line.held_us < 0 or before.held_us < 0 or event.at_us - line.held_us >= HOLD_MS * 1000:
            continue
        for effect in effects:
            asks = isinstance(effect, fx.Speak) and effect.purpose == "silence"
            leaves = isinstance(effect, fx.HangUp) and effect.reason == "inactivity_timeout"
            if event.at_us > line.held_us and (asks or (leaves and not before.ending)):
                return f"a caller on hold is waited for: {effect}"
    return ""


def _machines(trace: Trace) -> str:
    """Between a machine that was found and a person who says that it was none, only the message is said, and the call ends for it."""
    found = ""
    for event, effects in trace.steps:
        for effect in effects:
            match effect:
                case fx.Note(kind="voicemail_found" | "voicemail_taken_back"):
                    found = effect.text if effect.kind == "voicemail_found" else ""
                case fx.AskModel() | fx.Transfer() | fx.PlayAsset() if found:
                    return f"a machine hears no reply: {type(effect).__name__}"
                case fx.Speak() if found and effect.purpose not in ("voicemail", "goodbye"):
                    return f"a machine hears no reply: {effect.purpose}"
                case fx.HangUp() if found and effect.by != "Error" and not isinstance(event, ev.StopRequested):
                    if effect.reason not in ("voicemail_detected", "synthesizer_error", "call_transferred"):
                        return f"a machine is hung up on as one: {effect.reason}"
                case _:
                    pass
    return ""


def _opt_outs(trace: Trace) -> str:
    """A caller who wants no more calls is asked nothing after it, and the record has it once."""
    wanted, noticed = plan_of(trace).opt_out, False
    for event, effects, before, _ in follow(trace):
        for effect in effects:
            match effect:
                case fx.OptedOut() if noticed or not wanted:
                    return f"an opt-out is noticed once, and only where the agent should: {effect.text}"
                case fx.OptedOut():
                    noticed = True
                case fx.AskModel() | fx.CallTool() if noticed:
                    return f"after an opt-out the call ends: turn {effect.turn}"
                case fx.UserSaid() if wanted and effect.text in REFUSED and not before.ending:
                    over = isinstance(event, ev.LegEnded) or any(isinstance(one, fx.HangUp) for one in effects)
                    kept = noticed or any(isinstance(one, fx.OptedOut) for one in effects)
                    if not kept and not over and any(isinstance(one, fx.Release) for one in effects):
                        return f"an opt-out is not answered by the model: turn {effect.turn}"
                case _:
                    pass
    return ""


def _silences(trace: Trace) -> str:
    """The caller is asked whether they are there only where the agent should, and after the silence that was set."""
    plan = plan_of(trace)
    quiet_us, seen = -1, set[str]()
    for event, effects, _, line in follow(trace):
        for effect in effects:
            if isinstance(effect, fx.Release) and line.purpose == "silence" and not effect.resumes:
                if not plan.check_if_user_online:
                    return f"the caller is asked only where the agent should: {event.at_us}"
                if event.at_us - max(quiet_us, line.answered_us) < (plan.user_online_after_ms - LATE_MS) * 1000:
                    return f"the caller is asked after the silence that was set: {event.at_us} after {quiet_us}"
            early = (
                isinstance(effect, fx.Release)
                and event.at_us < line.answered_us + (plan.welcome_delay_ms - LATE_MS) * 1000
            )
            if early and line.purpose == "welcome":
                return f"the welcome has its delay: {event.at_us}"
        # What a step does may be due to a moment before its event.
        new = new_words(event, seen)
        if new:
            quiet_us = event.at_us
        if any(isinstance(effect, fx.AgentSaid) for effect in effects):
            quiet_us = event.at_us
    return ""
