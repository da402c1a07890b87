"""The call doctor on what came over the line: sound without words, levels, losses and holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, WARNING, Finding, in_ms
from callwright.insight.doctor_rules import RULES
from callwright.insight.line import line_of

FRAME_MS = 20


def recogniser_drop_out(case: Case) -> Iterator[Finding]:
    """Sounds of the caller for which there are no words."""
    rule = RULES["recogniser_drop_out"]
    # What is heard of the caller while the agent speaks may be the agent, come back too softly for words.
    speech = [one for one in case.speech if one.text or case.over_agent_us(one) * 2 < one.span.lasted_us]
    lost = [one for one in speech if not one.text and one.span.lasted_us >= rule.limit("sound_ms") * 1000]
    for one in lost:
        what = f"The caller made a sound of {in_ms(one.span.lasted_us)} and the recogniser gave no words for it."
        turn = case.turn_at(one.span.from_us)
        yield Finding(rule.name, WARNING, one.span.from_us, one.span.lasted_us, what, ("sound",), turn)
    whole_us = sum(one.span.lasted_us for one in speech)
    worded_us = sum(one.span.lasted_us for one in speech if one.text)
    if whole_us >= rule.limit("least_ms") * 1000 and worded_us * 100 < whole_us * rule.limit("covered_percent"):
        what = (
            f"The recogniser gave words for {worded_us * 100 // whole_us} % of {in_ms(whole_us)} of the caller's sound."
        )
        yield Finding(rule.name, BAD, case.line.answered_us, whole_us, what, ("share",))


def line_faults(case: Case) -> Iterator[Finding]:
    """What the counters of the line say. They are known at the end: only clipping knows when it began."""
    line = line_of(case.view)
    if line is None:
        return
    yield from _one_way(case, line)
    yield from _levels(case, line)
    yield from _losses(case, line)
    yield from _holes(case, line)


def _one_way(case: Case, line: dict[str, Any]) -> Iterator[Finding]:
    rule = RULES["one_way_audio"]
    said = str(line["one_way"])
    if not said:
        return
    noted = case.view.first("one_way")
    at_us = case.line.answered_us if noted is None else noted.at_us
    cause = said if said in rule.advice else "no_audio_from_caller"
    whom = "The caller could not hear the agent" if said == "no_audio_to_caller" else "The caller could not be heard"
    yield Finding(rule.name, BAD, at_us, 0, f"{whom} ({said}).", (cause,))


def _levels(case: Case, line: dict[str, Any]) -> Iterator[Finding]:
    voiced = int(line["voiced_frames"] or 0)
    clipped = int(line["clipped_frames"] or 0)
    rule = RULES["clipped_audio"]
    if clipped >= rule.limit("frames") and clipped * 100 >= max(voiced, clipped) * rule.limit("percent"):
        share = clipped * 100 // max(voiced, clipped)
        what = f"{in_ms(clipped * FRAME_MS * 1000)} of the caller's voice ({share} %) were cut off at full scale."
        at_us = case.view.audio_began_us + int(line["clipped_from_ms"] or 0) * 1000
        yield Finding(rule.name, WARNING, at_us, clipped * FRAME_MS * 1000, what, ("level",))
    speech, noise = line["speech_db"], line["noise_db"]
    rule = RULES["quiet_caller"]
    if speech is not None and voiced >= rule.limit("voiced_frames") and speech <= rule.limit("speech_db"):
        what = f"The caller's voice has a level of {speech} dBFS."
        yield Finding(rule.name, WARNING, case.line.answered_us, 0, what, ("level",))
    unvoiced = int(line["unvoiced_frames"] or 0)
    if voiced < rule.limit("voiced_frames") <= unvoiced and not case.view.of("UserSaid") and _is_soft(noise):
        what = f"Nothing of the caller was taken for voice; what came, {unvoiced} frames, has a level of {noise} dBFS."
        yield Finding(rule.name, WARNING, case.line.answered_us, 0, what, ("level",))
    rule = RULES["noisy_line"]
    least = rule.limit("voiced_frames")
    if speech is None or noise is None or voiced < least or unvoiced < least:
        return
    if noise >= rule.limit("noise_db") and speech - noise < rule.limit("snr_db"):
        what = f"The caller's voice ({speech} dBFS) is only {speech - noise} dB above the noise ({noise} dBFS)."
        yield Finding(rule.name, WARNING, case.line.answered_us, 0, what, ("noise",))


def _is_soft(level_db: int | None) -> bool:
    """Whether sound that was not taken for voice may be a soft one: louder than a quiet room, softer than speech."""
    rule = RULES["quiet_caller"]
    return level_db is not None and rule.limit("unheard_db") <= level_db <= rule.limit("speech_db")


def _losses(case: Case, line: dict[str, Any]) -> Iterator[Finding]:
    rule = RULES["lossy_line"]
    told: list[str] = []
    for way, whose in (("rx", "the caller's"), ("tx", "our")):
        lost, jitter = line[f"{way}_loss_percent"], line[f"{way}_jitter_ms"]
        if lost is not None and lost >= rule.limit("loss_percent"):
            told.append(f"{lost} % of {whose} packets were lost")
        if jitter is not None and jitter >= rule.limit("jitter_ms"):
            told.append(f"{whose} packets came with a jitter of {jitter} ms")
    if told:
        what = "; ".join(told)
        yield Finding(rule.name, WARNING, case.line.answered_us, 0, what[0].upper() + what[1:] + ".", ("network",))


def _holes(case: Case, line: dict[str, Any]) -> Iterator[Finding]:
    rule = RULES["starved_playout"]
    for name, cause, why in (
        ("starved_frames", "voice", "the voice's audio was not there in time"),
        ("late_frames", "machine", "our machine was late"),
    ):
        frames = int(line[name] or 0)
        if frames >= rule.limit("frames"):
            lost_us = frames * FRAME_MS * 1000
            what = f"The agent's voice had holes of {in_ms(lost_us)} in all because {why}."
            at_us = _longest_hole(case) if cause == "voice" else case.line.answered_us
            yield Finding(rule.name, WARNING if frames < 50 else BAD, at_us, lost_us, what, (cause,))


def _longest_hole(case: Case) -> int:
    """When the clause began that took longest beyond its length; the answer when none did."""
    lengths = {
        (int(e.values["generation"]), int(e.values["index"])): int(e.values["audio_ms"]) * 1000
        for e in case.view.of("VoiceFinished")
    }
    late = [
        (sound.lasted_us - lengths[speech.generation, index], sound.from_us)
        for speech in case.line.agent
        if not speech.cut
        for index, sound in enumerate(speech.sounds)
        if (speech.generation, index) in lengths
    ]
    worst_us, at_us = max(late, default=(0, 0))
    return at_us if worst_us > 0 else case.line.answered_us
