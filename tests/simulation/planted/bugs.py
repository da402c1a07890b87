"""The bugs that are planted: of the kinds that systems of this sort really have. The simulation has to find them (`run.py`)."""

from __future__ import annotations

import re

from tests.simulation.planted.planting import Action, Bug, Constant, Line, Patch

from callwright.conversation import events as ev
from callwright.conversation import opt_out_behind, opt_out_english


def bug(name: str, effect: str, *patches: Patch) -> Bug:
    """One row of the tables below."""
    return Bug(name, effect, patches)


SOUND = (
    bug(
        "two_voices",
        "a reply is released while another is still heard",
        Line("conduct:Conductor._release", "if stage.audible is not None:", "if False:"),
        Line("conduct:Conductor._go_on", "if audible is None or (audible.state", "if True or (audible.state"),
    ),
    bug(
        "clear_not_sent",
        "the carrier goes on playing after a barge-in",
        Line("stage:Stage.interrupt", "self._board.emit(fx.Clear(generation.number))", "pass"),
    ),
    bug(
        "voice_goes_on_after_clear",
        "the voice of an interrupted reply is not stopped",
        Line("stage:Stage.interrupt", "self._board.emit(fx.CancelVoice(generation.number))", "pass"),
    ),
    bug(
        "model_goes_on_after_clear",
        "the model of an interrupted reply is not stopped and its words go on coming",
        Line("stage:Stage.interrupt", "self.stop_answer(generation)", "pass"),
    ),
    bug(
        "model_goes_on_after_withdrawal",
        "the model of a withdrawn reply is not stopped and is paid for",
        Line("stage:Stage.withdraw", "self.stop_answer(generation)", "pass"),
    ),
    bug(
        "voice_goes_on_after_withdrawal",
        "the voice of a withdrawn reply is not stopped",
        Line("stage:Stage.withdraw", "self._board.emit(fx.CancelVoice(generation.number))", "pass"),
    ),
    bug(
        "stale_text_taken",
        "words of a cancelled question go to the reply of the present one",
        Line("thinking:Thinking._answered", " and generation.request == request", ""),
    ),
    bug(
        "text_after_the_end",
        "words that come after the reply was complete are spoken",
        Line("thinking:Thinking._answered", " and generation.answering", ""),
    ),
    bug(
        "marks_after_clear",
        "marks that the carrier returns for a clear are taken for words heard",
        Line("playing:Playing.mark", ' or generation.state == "clearing"', ""),
    ),
    bug(
        "marks_of_another_reply",
        "a mark of an older reply counts for the present one",
        Line("playing:Playing.mark", " or generation.number != event.generation", ""),
    ),
    bug(
        "cleared_of_another_reply",
        "a late answer to an older clear settles the present one",
        Line("playing:Playing.cleared", " and generation.number == event.generation", ""),
    ),
    bug(
        "playout_of_another_reply",
        "a late report of an older reply's first frame counts for the present one",
        Line("playing:Playing.playout", " and generation.number == event.generation", ""),
    ),
    bug(
        "mark_counts_the_next_clause",
        "a mark counts the clause after it as played",
        Line("playing:Playing.mark", "event.index + 1)", "event.index + 2)"),
    ),
    bug(
        "begun_words_heard",
        "a word that had only begun counts as heard",
        Line(
            "heard:_words_within",
            "sum(1 for _, _, end_ms in clause.words if end_ms <= played_ms)",
            "sum(1 for _, start_ms, _ in clause.words if start_ms <= played_ms)",
        ),
    ),
    bug(
        "first_clause_counted_again",
        "the time of clauses before the present one is counted for it, too",
        Line("heard:heard_of", "rest_ms -= clause_ms", "pass"),
    ),
    bug(
        "heard_word_forgotten",
        "the last word heard is left out of the record",
        Line(
            "heard:_words_within",
            'return " ".join(spoken[:whole]), clause.estimated',
            'return " ".join(spoken[: max(whole - 1, 0)]), clause.estimated',
        ),
    ),
    bug(
        "guess_not_marked_at_the_end",
        "what was heard when the call broke off is given for certain",
        Line(
            "stage:Stage.settle_by_time",
            "until_us, speech.played), True)",
            "until_us, speech.played), False)",
        ),
    ),
    bug(
        "pauses_heard_at_the_end",
        "where nobody says how far the agent got, the pauses between its clauses count as speech, and a clause without any sound is heard",
        Line(
            "stage:Stage.settle_by_time",
            "self.settle_cut(most_played_ms(speech.clauses, speech.playout_us, until_us, speech.played), True)",
            "self.settle_cut((until_us - speech.playout_us) // 1000 if speech.playout_us >= 0 else 0, True)",
        ),
    ),
    bug(
        "clause_heard_before_its_sound",
        "a clause that the voice is late with counts as heard from the end of the one before it",
        Line("heard:most_played_ms", "at_us = max(at_us, clause.sounded_us)", "pass"),
    ),
    bug(
        "late_marks_not_waited_for",
        "what is known of when a clause ended is forgotten where nobody says how far the agent got",
        Line("heard:most_played_ms", "at_us = max(at_us, clause.ended_us)", "pass"),
    ),
    bug(
        "position_at_the_end_ignored",
        "a caller hangs up on the agent, and what was heard is guessed though the pacer tells it",
        Line("ending:Ending.finish", "stage.settle_last(generation, played_ms)", "stage.settle_by_time()"),
    ),
    bug(
        "missing_mark_not_a_guess",
        "a reply whose last mark never came is given as heard for certain",
        Line("playing:Playing.expire_playout", "speech.guessed = True", "pass"),
    ),
    bug(
        "last_clause_lost",
        "what the model said after the last full stop is never spoken",
        Line("thinking:Thinking._complete", "stage.speak(generation, clause)", "pass"),
    ),
    bug(
        "held_clause_lost",
        "a committed reply loses the first clause that was held back",
        Line("stage:Stage.commit", "for clause in held:", "for clause in held[1:]:"),
    ),
    bug(
        "held_clauses_reversed",
        "the clauses held back are spoken in the wrong order",
        Line("stage:Stage.commit", "for clause in held:", "for clause in reversed(held):"),
    ),
    bug(
        "cut_taken_for_whole",
        "a reply interrupted while the model still spoke is recorded as said to its end",
        Line("stage:Stage.settle_cut", "cut = not (heard.whole and speech.complete)", "cut = not heard.whole"),
    ),
    bug(
        "heard_time_of_the_cut_wrong",
        "the record gives the length of the whole reply for one that was cut",
        Line(
            "stage:Stage.settle_cut",
            "estimated or heard.estimated, played_ms)",
            "estimated or heard.estimated, sum(length_ms(clause) for clause in speech.clauses))",
        ),
    ),
    bug(
        "playout_not_bounded_anew",
        "the wait for the last mark is not extended when more clauses come, and a long reply is given up while it is heard",
        Line(
            "stage:Stage.expect_end",
            'self._board.after_ms("playout", generation.speech.rest_ms() + PLAYOUT_SLACK_MS)',
            'self._board.timers.arm_sooner("playout", self._board.now_us + PLAYOUT_SLACK_MS * 1000)',
        ),
    ),
    bug(
        "playout_not_bounded",
        "a reply whose last mark is lost is waited for for ever",
        Line(
            "stage:Stage.expect_end",
            'self._board.after_ms("playout", generation.speech.rest_ms() + PLAYOUT_SLACK_MS)',
            "pass",
        ),
    ),
    bug(
        "voice_not_bounded",
        "a voice that never answers is waited for for ever",
        Line(
            "stage:Stage.expect_voice",
            'self._board.timers.arm_sooner("voice", self._board.now_us + VOICE_WAIT_MS * 1000)',
            "pass",
        ),
    ),
    bug(
        "voice_wait_starts_over",
        "the wait for the voice starts anew with every clause",
        Line("stage:Stage.expect_voice", "timers.arm_sooner(", "timers.arm("),
        Constant("bounds:VOICE_WAIT_MS", 10_000, 14_000),
    ),
    bug(
        "unheard_words_not_said_again",
        "words whose voice failed before anybody heard them are forgotten",
        Line("playing:Playing._fail", "stage.owed.again = generation", "pass"),
        Line("resuming:Resuming.remember", "if generation.broken_off and ", "if False and "),
    ),
    bug(
        "later_clause_cuts_the_one_being_heard",
        "a voice that fails at a clause silences the one before it in mid-word",
        Line("playing:Playing._fail", "if sounds and speech.played < index < len(speech.clauses):", "if False:"),
    ),
    bug(
        "rest_forgotten_when_the_voice_fails",
        "what was not heard because the voice failed in the middle is never said",
        Line("resuming:Resuming.remember", 'if generation.purpose in (*PURPOSES, "voicemail"):', "if False:"),
    ),
    bug(
        "model_cut_by_the_voice",
        "what the model says after its voice has failed is thrown away",
        Line("stage:Stage.speak", "speech.lost.append(Clause(text))", "pass"),
    ),
    bug(
        "filler_cut_by_the_tool",
        "a filler stops in mid-word when the model answers with a tool alone",
        Line("conduct:Conductor._use_lanes", " and stage.given_up", ""),
    ),
    bug(
        "broken_clause_forgives",
        "a voice that breaks off in the middle again and again counts as one that works",
        Line("playing:Playing._forgive", " and (speech.played or speech.clauses[0].audio_ms)", ""),
    ),
)

SPECULATION = (
    bug(
        "audible_before_commit",
        "a speculative reply is heard while the caller may still go on",
        Line("conduct:Conductor._release", 'generation.state == "speculative" or ', ""),
    ),
    bug(
        "committed_for_other_words",
        "a speculative reply is committed although the final words differ",
        Line("hearing:Hearing._weigh", "normalised(turn.words.text()) != normalised(pending.asked)", "False"),
    ),
    bug(
        "committed_for_other_words_unchecked",
        "the same, with the rule that would stop it gone, too",
        Line("hearing:Hearing._weigh", "normalised(turn.words.text()) != normalised(pending.asked)", "False"),
        Line(
            "stage:Stage.commit",
            'require(normalised(words) == normalised(generation.asked), "a reply answers what was said", generation.number)',
            "pass",
        ),
    ),
    bug(
        "tool_called_on_a_guess",
        "a tool of a speculative reply is called before the caller has finished",
        Line(
            "thinking:Thinking.tool",
            "if generation is stage.pending:",
            'if generation is stage.pending and generation.state != "speculative":',
        ),
    ),
    bug(
        "guess_kept_over_a_sound",
        "a caller who goes on does not withdraw the speculative reply",
        Line("hearing:Hearing.began", 'pending.state == "speculative"', "False"),
    ),
    bug(
        "guess_kept_when_recogniser_resumes",
        "the recogniser takes its end back and the reply stays",
        Line("hearing:Hearing.resumed", "if pending is not None and pending.asked:", "if False:"),
    ),
    bug(
        "whole_guess_spoken",
        "the voice makes all of a reply that may be withdrawn",
        Line("stage:Stage.speak", "len(speech.text.split()) >= SPECULATIVE_WORDS", "len(speech.text.split()) >= 60"),
    ),
    bug(
        "guesses_without_end",
        "the model is asked anew for every changed word",
        Line("conduct:Conductor._begin", "stage.guesses < SPECULATIONS_MOST", "True"),
    ),
    bug(
        "guesses_although_off",
        "an agent that must not speculate does",
        Line("conduct:Conductor._begin", "self._board.plan.speculate and ", ""),
    ),
    bug(
        "withdrawn_reply_in_history",
        "the model believes it said what was withdrawn",
        Line(
            "stage:Stage.withdraw",
            "self.pending = None\n",
            "self.pending = None\n    self.history.agent(generation.speech.text)\n",
        ),
    ),
    bug(
        "unheard_words_in_history",
        "the model believes the caller heard all of an interrupted reply",
        Line("stage:Stage._end", "self.history.agent(text)", "self.history.agent(generation.speech.text)"),
    ),
    bug(
        "unheard_words_beside_a_tool",
        "an interrupted reply that called a tool stays whole in the history",
        Line("stage:Stage._end", 'generation.said.content = f"{generation.said.lead} {text}".strip()', "pass"),
    ),
    bug(
        "agent_words_not_in_history",
        "the model does not know what it said",
        Line("stage:Stage._end", "self.history.agent(text)", "None"),
    ),
    bug(
        "system_prompt_forgotten",
        "the model is not told who it is",
        Line("core:Conversation._start", "self._stage.history.begin(system_text(event.plan, board.variables))", "pass"),
    ),
)

MODEL = (
    bug(
        "reply_time_limit_not_renewed",
        "a long answer is cut off while it streams",
        Line("thinking:Thinking.text", 'board.after_ms("answer", board.plan.reply_timeout_ms)', "pass"),
    ),
    bug(
        "reply_not_bounded",
        "a model that never answers is waited for for ever",
        Line("stage:Stage.ask", 'board.after_ms("answer", board.plan.reply_timeout_ms)', "pass"),
    ),
    bug(
        "failures_never_forgiven",
        "three failures over a whole call end it",
        Line("thinking:Thinking.delivered", "self.failures = 0", "pass"),
    ),
    bug(
        "failures_without_end",
        "a model that always fails is apologised for again and again",
        Line("thinking:Thinking._fail", "self.failures >= FAILURES_IN_A_ROW", "False"),
    ),
    bug(
        "refused_model_asked_again",
        "a model that refuses is asked the same again",
        Line("thinking:Thinking._fail", "elif retryable and", "elif"),
    ),
    bug(
        "apology_forgotten",
        "a model that failed for good leaves the caller without an answer",
        Line("thinking:Thinking._fail", "stage.owed.apology = True", "pass"),
    ),
    bug(
        "overlong_reply",
        "a model that never stops is never cut",
        Line(
            "thinking:Thinking.text",
            "room = MAX_REPLY_CHARACTERS - speech.characters",
            "room = 10 * MAX_REPLY_CHARACTERS",
        ),
    ),
    bug(
        "end_call_ignored",
        "the model ends the call and nobody hangs up",
        Line(
            "thinking:Thinking.tool",
            "generation.farewell = not (generation.hands_over or stage.transfers.busy)",
            "generation.farewell = False",
        ),
    ),
    bug(
        "hung_up_instead_of_transferred",
        "end_call beside a transfer hangs up on the caller",
        Line(
            "thinking:Thinking.tool",
            "generation.farewell = not (generation.hands_over or stage.transfers.busy)",
            "generation.farewell = True",
        ),
    ),
    bug(
        "hangup_verdict_over_the_callers_words",
        "a verdict that the call is over counts although the caller spoke meanwhile",
        Line("ending:Ending.judge_over", " and not self._spoke():", ":"),
    ),
    bug(
        "old_hangup_verdict",
        "a verdict on an older question ends the call",
        Line("ending:Ending.judge_over", "if not request or request != self._request:", "if False:"),
    ),
    bug(
        "never_asked_whether_over",
        "hang-up by prompt is set and nobody asks",
        Line("conduct:Conductor._look_back", "self._ending.ask_whether_over()", "pass"),
    ),
)

WORDS = (
    bug(
        "words_lost_during_a_tool",
        "what the caller says while a tool runs is lost",
        Line(
            "hearing:Hearing.final",
            "self._turn.hear(event, True, self._stage.audible is None)",
            "self._stage.tools.running or self._turn.hear(event, True, self._stage.audible is None)",
        ),
    ),
    bug(
        "words_lost_over_the_agent",
        "what the caller says over the agent without interrupting is lost",
        Line(
            "hearing:Hearing.final",
            "self._turn.hear(event, True, self._stage.audible is None)",
            "self._stage.audible is not None or self._turn.hear(event, True, self._stage.audible is None)",
        ),
    ),
    bug(
        "words_lost_in_closing",
        "what the caller says over the goodbye is lost",
        Action(ev.TranscriptFinal, "closing", "goodbye_final", "keep"),
    ),
    bug(
        "words_lost_in_leaving",
        "words that come after hanging up are lost",
        Action(ev.TranscriptFinal, "leaving", "collect_final", "keep"),
    ),
    bug(
        "early_words_lost",
        "words before the answer leave no trace",
        Action(ev.TranscriptFinal, "dialling", "early_words", "keep"),
    ),
    bug(
        "late_words_lost",
        "words after the end leave no trace",
        Action(ev.TranscriptFinal, "ended", "late_words", "keep"),
    ),
    bug(
        "last_words_lost",
        "words pending when the call ends are in no turn",
        Line("ending:Ending.finish", "stage.take_words()", "pass"),
    ),
    bug(
        "taken_words_heard_again",
        "a late final says words again that were already answered",
        Line("words:Words.hear", "words = self.beyond(text, self._taken.get(segment, ()))", "words = text.split()"),
    ),
    bug(
        "late_words_of_a_segment_lost",
        "what a late final adds to words already answered is lost",
        Line(
            "words:Words.hear",
            "words = self.beyond(text, self._taken.get(segment, ()))",
            "words = [] if segment in self._taken else text.split()",
        ),
    ),
    bug(
        "partial_over_its_final",
        "a partial that comes late takes the place of the final words",
        Line(
            "words:Words.hear",
            "elif self._final.get(segment) or audio_ms <= self._read_ms.get(segment, -1):",
            "elif False:",
        ),
    ),
    bug(
        "vanished_words_come_back",
        "words that the final text left out come back with a partial that is late",
        Line("words:Words.hear", " or audio_ms <= self._read_ms.get(segment, -1)", ""),
    ),
    bug(
        "segments_out_of_order",
        "words that come late stand behind later ones",
        Line(
            "words:Words.hear",
            "self._pieces = {number: self._pieces[number] for number in sorted(self._pieces)}",
            "pass",
        ),
    ),
    bug(
        "taken_words_stay",
        "words that were answered are pending again",
        Line("words:Words.take", "self._pieces.clear()", "pass"),
    ),
    bug(
        "words_counted_twice",
        "a longer partial counts the words of the shorter one again",
        Line("words:Words.hear", "self.count -= len(before)", "pass"),
    ),
    bug(
        "words_over_the_welcome_discarded_unasked",
        "words over the welcome are thrown away by an agent that should keep them",
        Line("conduct:Conductor._look_back", " and board.plan.discard_pre_welcome", ""),
    ),
    bug(
        "words_over_the_welcome_kept",
        "words over the welcome are answered by an agent that should not",
        Line("conduct:Conductor._look_back", " and board.plan.discard_pre_welcome", " and False"),
    ),
    bug(
        "words_over_any_reply_discarded",
        "words over every reply are thrown away where those over the welcome should be",
        Line("conduct:Conductor._look_back", "generation.purpose == WELCOME and ", ""),
    ),
    bug(
        "turn_numbers_skip",
        "the record numbers turns 2, 4, 6",
        Line("stage:Stage.take_words", "self.turn_number += 1", "self.turn_number += 2"),
    ),
    bug(
        "turn_number_of_the_next",
        "UserSaid has the number of the turn after it",
        Line("stage:Stage.take_words", "fx.UserSaid(self.turn_number,", "fx.UserSaid(self.turn_number + 1,"),
    ),
    bug(
        "turn_begins_with_the_first",
        "every turn begins where the first one did",
        Line("turn:CallerTurn.take", 'self.from_ms = self.began_ms if self.state == "talking" else -1', "pass"),
    ),
    bug(
        "voiced_end_forgotten",
        "the end of the caller's sound is not kept",
        Line("voicing:Voicing.end", "self.detected_ms = max(self.detected_ms, audio_ms)", "pass"),
    ),
    bug(
        "utterance_not_closed",
        "the recogniser is not told that the turn was taken",
        Line("stage:Stage.ask", "board.emit(fx.CloseUtterance(turn.voiced_end_ms))", "pass"),
    ),
    bug(
        "utterance_of_a_guess_not_closed",
        "the recogniser is not told that a speculative turn was taken",
        Line("stage:Stage.commit", "self._board.emit(fx.CloseUtterance(self._turn.voiced_end_ms))", "pass"),
    ),
    bug(
        "caller_not_in_history",
        "the model does not see what the caller said before",
        Line("stage:Stage.take_words", "self.history.user(taken.text)", "pass"),
    ),
)

KEYS = (
    bug(
        "entry_lost",
        "an entry by the keys is never answered",
        Line(
            "turn:CallerTurn.enter",
            'self.words.enter(f"{KEYED_AS} {entry}", self._board.audio_now_ms())',
            "pass",
        ),
    ),
    bug(
        "begun_entry_lost",
        "keys of an entry that was not finished are lost with the call",
        Line("turn:CallerTurn.take", "self.enter()", "pass"),
        Line("ending:Ending.finish", "self._turn.enter()", "pass"),
    ),
    bug(
        "pause_of_keys_from_the_first",
        "the pause that ends an entry counts from its first key",
        Line(
            "keys:Keys.press",
            'board.after_ms("keys", plan.keys_pause_ms)',
            'board.timers.arm_sooner("keys", board.now_us + plan.keys_pause_ms * 1000)',
        ),
    ),
    bug(
        "finishing_key_ignored",
        "the finishing key does not finish",
        Line("keys:Keys.press", "finishes = event.key == plan.keys_end", "finishes = False"),
    ),
    bug(
        "count_of_keys_ignored",
        "the entry goes on beyond its count",
        Line(
            "keys:Keys.press",
            "len(turn.entry) >= (plan.keys_most or MAX_KEY_DIGITS)",
            "len(turn.entry) > (plan.keys_most or MAX_KEY_DIGITS)",
        ),
    ),
    bug(
        "keys_without_setting_lost",
        "keys of an agent that takes none leave no trace",
        Line("keys:Keys.press", 'board.note("key", event.key)', "pass"),
    ),
    bug(
        "keys_in_closing_lost", "keys over the goodbye leave no trace", Action(ev.KeyPressed, "closing", "key", "keep")
    ),
    bug(
        "agent_speaks_over_typing",
        "the agent begins to speak into an entry",
        Line("conduct:Conductor._release", " or turn.typing", ""),
    ),
    bug(
        "key_does_not_interrupt",
        "the first key does not silence the agent although it should",
        Line("keys:Keys._begin", 'stage.interrupt("caller_pressed_keys")', "pass"),
    ),
    bug(
        "key_always_interrupts",
        "the first key silences an agent that should go on",
        Line("keys:Keys._begin", "audible is None or not self._board.plan.keys_interrupt", "audible is None"),
    ),
)

TURN = (
    bug(
        "talked_over",
        "the agent begins to speak while the caller speaks",
        Line("conduct:Conductor._release", ' or turn.state == "talking"', ""),
    ),
    bug(
        "patience_without_end",
        "a caller who is thought unfinished is never answered",
        Line("turn:CallerTurn._arm_patience", 'self._arm_from_voice("patience", self.patience.most_ms)', "pass"),
    ),
    bug(
        "old_turn_verdict",
        "a verdict on an earlier pause decides the present one",
        Line("turn:CallerTurn.judge", "request != self._request or ", ""),
    ),
    bug(
        "turn_verdict_upside_down",
        "an unlikely end counts as an end",
        Line(
            "turn:CallerTurn.judge",
            "probability_ppm >= self._board.plan.turn_threshold_ppm",
            "probability_ppm < self._board.plan.turn_threshold_ppm",
        ),
    ),
    bug(
        "noise_never_ends",
        "after a noise without words the call stays as if somebody spoke",
        Line("turn:CallerTurn.expire", 'self._move("noise")', "pass"),
    ),
    bug(
        "stale_sound",
        "a sound whose end was lost lasts for ever",
        Line("turn:CallerTurn.begin_sound", 'self._board.after_ms("stale", ACTIVITY_STALE_MS)', "pass"),
    ),
    bug(
        "sound_beside_waited_for",
        "a caller whose words are final is not answered while a television goes on",
        Line("stillness:Stillness.begin", 'self._board.after_ms("still", WORDS_STILL_MS)', "pass"),
    ),
    bug(
        "whole_sentences_not_waited_for",
        "a recogniser that reads whole sentences is not waited for while a sound goes on",
        Line("stillness:Stillness.hear", "self.streams = not final", "self.streams = True"),
    ),
    bug(
        "floor_time_ignored",
        "the agent answers before incremental_delay has passed",
        Line("conduct:Conductor._release", "if board.now_us < gate_us:", "if False:"),
    ),
    bug(
        "floor_time_doubled",
        "the agent answers later than it needs to",
        Line(
            "conduct:Conductor._release",
            "plan.incremental_delay_ms * 1000",
            "plan.incremental_delay_ms * 2500",
        ),
    ),
    bug(
        "half_heard_turn_asked",
        "the model is asked before the recogniser's words are final",
        Line(
            "turn:CallerTurn._covered",
            "self.words.all_final and self.words.final_ms + COVER_SLACK_MS >= self.voiced_end_ms",
            "True",
        ),
    ),
    bug(
        "reply_to_half_a_sentence",
        "a caller who goes on speaking does not withdraw the reply",
        Line("hearing:Hearing._weigh", "normalised(turn.words.text()) != normalised(pending.asked)", "False"),
    ),
    bug(
        "resume_ignored",
        "a sound that goes on is not waited for, whatever is said in it",
        Line("hearing:Hearing.began", 'self._board.after_ms("resume", RESUME_MS)', "pass"),
    ),
    bug(
        "resume_too_late",
        "a sound that goes on is waited for only when it is long",
        Constant("bounds:RESUME_MS", 500, 4_000),
    ),
    bug(
        "hello_takes_the_answer_back",
        "who asks whether somebody is there loses the answer that is being made",
        Line(
            "hearing:Hearing._weigh",
            "if waits and only_waits(self._board, turn, pending.asked):",
            "if False:",
        ),
    ),
    bug(
        "hello_takes_a_tools_reply_back",
        "who asks whether somebody is there while the model reads a tool's answer loses what it is about to say",
        Line("hearing:Hearing._weigh", 'pending.purpose == "reply"', "bool(pending.asked)"),
    ),
    bug(
        "sound_over_a_tools_reply_not_waited_for",
        "what is said while the model reads a tool's answer is talked over as soon as the caller pauses",
        Line("hearing:Hearing._awaits", 'pending.purpose == "reply" and self._stage.audible is None', "False"),
    ),
    bug(
        "kept_hello_is_the_turn_of_no_answer",
        "a reply that heard a hello out stands behind the turn before it",
        Line("stage:Stage.perform", "generation.turn = self.turn_number", "pass"),
    ),
    bug(
        "filler_within_the_backoff",
        "an agent that was silenced fills the wait it was told to keep",
        Line("conduct:Conductor._use_lanes", "since_us, stage.backs_off_until_us", "since_us"),
    ),
    bug(
        "opt_out_thrown_away",
        "who asks not to be called before the call has begun is not heard",
        Line("conduct:Conductor._look_back", "self._is_midway() or self._asks_not_to_be_called()", "self._is_midway()"),
    ),
    bug(
        "sound_takes_the_answer_back",
        "a sound that goes on makes the model answer anew, though nothing is said in it",
        Line("hearing:Hearing.expire_resume", "self._stage.doubt()", "self._stage.withdraw('caller_continued')"),
    ),
    bug(
        "doubt_never_decided",
        "a reply during which a sound went on is never heard",
        Line("conduct:Conductor._go_on", "self._decide()", "pass"),
    ),
    bug(
        "turn_model_asked_although_off",
        "a turn model is asked that the agent does not have",
        Line("turn:CallerTurn._pause", "if board.plan.turn_model:", "if True:"),
    ),
)

BARGE_IN = (
    bug(
        "interrupted_by_one_word_less",
        "as many words as the setting interrupt, not more",
        Line("hearing:Hearing._interrupts", "if count > enough:", "if count >= enough:"),
    ),
    bug(
        "interrupted_by_one_word_more",
        "it takes one more word to interrupt",
        Line("hearing:Hearing._interrupts", "if count > enough:", "if count > enough + 1:"),
    ),
    bug(
        "interrupted_only_by_finals",
        "the agent yields when the recogniser is done, not when the caller speaks",
        Line("hearing:Hearing.partial", "self._weigh(event.segment, event.audio_ms, False)", "pass"),
    ),
    bug(
        "stop_phrase_ignored",
        "'stop' does not stop the agent",
        Line(
            "hearing:Hearing._interrupts",
            "if 0 < count <= LONGEST_SIGNAL_WORDS and self._stops(self._stretch_text()):",
            "return False\n    if False:",
        ),
    ),
    bug(
        "partials_interrupt_at_zero",
        "an agent that partial words must not interrupt is interrupted by them",
        Line("hearing:Hearing._interrupts", "elif not final:", "elif False:"),
    ),
    bug(
        "last_words_interrupted",
        "the reply that ends the call is cut",
        Line(
            "reply:Generation.interruptible",
            'self.purpose not in ("goodbye", "voicemail") and not self.farewell',
            'self.purpose not in ("goodbye", "voicemail")',
        ),
    ),
    bug(
        "only_the_last_word_counts",
        "words of a new partial are counted without the earlier ones",
        Line(
            "stretch:Stretch.count",
            "self._words.count - self._before",
            "min(self._words.count - self._before, 1)",
        ),
    ),
)

SILENCE = (
    bug(
        "silence_never_fires", "nobody asks and nobody hangs up", Line("silence:Silence.update", "self._arm()", "pass")
    ),
    bug(
        "silence_not_cancelled",
        "the clock of silence runs on while somebody speaks",
        Line("silence:Silence.update", 'self._board.timers.cancel("silence")', "pass"),
    ),
    bug(
        "silence_counts_tools",
        "the time a tool takes counts as silence",
        Line("conduct:Conductor.idle", "and not stage.owed.reply", ""),
    ),
    bug(
        "silence_counts_thinking",
        "the time the model takes counts as silence",
        Line("conduct:Conductor.idle", "and stage.pending is None", ""),
    ),
    bug(
        "question_again_and_again",
        "the caller is asked whether they are there without end",
        Line("silence:Silence._arm", "self._asked_turn != self._stage.turn_number", "True"),
    ),
    bug(
        "question_although_off",
        "the caller is asked although the agent should not ask",
        Line("silence:Silence._arm", "plan.check_if_user_online and ", ""),
    ),
    bug(
        "hung_up_without_asking",
        "the call is hung up at the moment the question was due",
        Line("silence:Silence._arm", "plan.user_online_after_ms <= hangup_ms", "plan.user_online_after_ms < hangup_ms"),
    ),
    bug(
        "question_at_the_time_of_hanging_up",
        "the question comes after the time for hanging up",
        Line(
            "silence:Silence._arm",
            'self._board.after_ms("silence", plan.user_online_after_ms)',
            'self._board.after_ms("silence", hangup_ms or plan.user_online_after_ms)',
        ),
    ),
    bug(
        "silence_counts_typing",
        "the caller is asked in the middle of an entry",
        Line("conduct:Conductor.idle", "and not self._turn.typing", ""),
    ),
    bug(
        "asked_on_hold",
        "a caller on hold is asked whether they are there",
        Line(
            "conduct:Conductor._go_on",
            "self._silence.update(self.idle and not self._board.held)",
            "self._silence.update(self.idle)",
        ),
    ),
    bug(
        "spoken_to_on_hold",
        "the agent goes on speaking to a caller on hold",
        Line("hold:Hold._begin", 'self._stage.interrupt("held")', "pass"),
    ),
    bug(
        "begins_to_speak_on_hold",
        "a reply begins while nobody hears it",
        Line("conduct:Conductor._release", " or board.held", ""),
    ),
    bug(
        "hold_without_end",
        "a caller on hold is waited for for ever",
        Line("hold:Hold._begin", 'self._board.after_ms("hold", HOLD_MOST_MS)', "pass"),
    ),
    bug(
        "silent_after_hold",
        "an agent cut by a hold does not go on afterwards",
        Line("hold:Hold._end", "self._stage.owed.reply = True", "pass"),
    ),
)

TOOLS = (
    bug(
        "tool_called_twice",
        "a tool call that the model repeats is made again",
        Line(
            "thinking:Thinking.tool",
            "if self._is_known(call_id, generation):",
            "if False:",
        ),
    ),
    bug(
        "late_result_dropped",
        "the result of a booking is dropped because it came late",
        Line(
            "tools:Toolbox.take_result",
            'self._history.result(call_id, result if ok else f"The tool failed: {result}")',
            'request in self.running and self._history.result(call_id, result if ok else f"The tool failed: {result}")',
        ),
    ),
    bug(
        "result_of_an_old_reply_dropped",
        "a tool's result is dropped because another reply is under way",
        Line(
            "thinking:Thinking.result",
            "stage.tools.take_result(event.request, event.ok, event.result)",
            "stage.audible is None and stage.tools.take_result(event.request, event.ok, event.result)",
        ),
    ),
    bug(
        "failed_tool_told_as_done",
        "the model takes a failed tool for a successful one",
        Line("tools:Toolbox.take_result", 'result if ok else f"The tool failed: {result}"', "result"),
    ),
    bug(
        "result_of_another_tool",
        "a result is told as that of another call",
        Line(
            "tools:Toolbox.take_result",
            "self._history.result(call_id,",
            "self._history.result(next(iter(self._history._tools)),",
        ),
    ),
    bug(
        "tool_time_limit_not_renewed",
        "a tool gets the rest of an earlier tool's time",
        Line(
            "tools:Toolbox._begin",
            'self._board.after_ms("tool", TOOL_WAIT_MS)',
            'self._board.timers.arm_sooner("tool", self._board.now_us + TOOL_WAIT_MS * 1000)',
        ),
        Line("tools:Toolbox._rest", 'self._board.timers.cancel("tool")', "pass"),
    ),
    bug(
        "tool_not_bounded",
        "a tool that never answers is waited for for ever",
        Line("tools:Toolbox._begin", 'self._board.after_ms("tool", TOOL_WAIT_MS)', "pass"),
    ),
    bug(
        "nothing_said_after_a_tool",
        "the tool answers and the agent says nothing",
        Line(
            "stage:Stage.perform",
            "self.owed.reply = self.tools.start(call, generation.turn) or self.owed.reply",
            "self.tools.start(call, generation.turn)",
        ),
    ),
    bug(
        "answers_before_the_tool",
        "the model is asked again before the tool has answered",
        Line("conduct:Conductor._begin", "stage.tools.busy or ", ""),
    ),
    bug(
        "tools_without_end",
        "a model may call tools for ever",
        Line("tools:Toolbox.start", "self.loops > MAX_MODEL_TOOL_LOOPS", "False"),
    ),
    bug(
        "failed_tool_not_settled",
        "a tool whose provider failed is waited for",
        Line(
            "core:Conversation._failed",
            "self._thinking.result(ev.ToolResult(event.at_us, event.request, False, event.message))",
            "pass",
        ),
    ),
)

TRANSFERS = (
    bug(
        "announced_twice",
        "a transfer is announced again and again",
        Line("handover:Handover._announce", "transfers.announced()", "pass"),
    ),
    bug(
        "not_announced",
        "the caller is transferred without a word",
        Line("handover:Handover._announce", "text = transfers.announcement()", 'text = ""'),
    ),
    bug(
        "transferred_in_mid_word",
        "the transfer is asked for while the agent is announcing it",
        Line("conduct:Conductor._proceed", "elif silent:", "else:"),
    ),
    bug(
        "transfer_not_bounded",
        "a transfer without an outcome is waited for for ever",
        Line("transfer:Transfers.ask", 'board.after_ms("transfer", TRANSFER_WAIT_MS)', "pass"),
    ),
    bug(
        "late_success_dropped",
        "a transfer that succeeds late is forgotten",
        Line("transfer:Transfers.expire", "self._open[self._request]", "self._open.pop(self._request)"),
    ),
    bug(
        "failed_transfer_untold",
        "the model is not told that the transfer failed",
        Line("transfer:Transfers._fail", "self._history.result(call.call_id, _answer(False, reason))", "pass"),
    ),
    bug(
        "emergency_number",
        "the caller can be transferred to an emergency number",
        Line(
            "transfer:Transfers._target",
            'return parse_destination(target, what="the transfer\'s target").value, ""',
            'return target, ""',
        ),
    ),
    bug(
        "caller_cut_off_by_transfer",
        "a caller who is speaking is transferred in mid-word",
        Line(
            "handover:Handover.go_on",
            "if not transfers.lets_caller_first(",
            "if True or not transfers.lets_caller_first(",
        ),
    ),
    bug(
        "not_called_off",
        "'no, wait' does not call the transfer off",
        Line("hearing:Hearing._call_off_transfer", "self._stage.transfers.call_off()", "pass"),
    ),
    bug(
        "talks_on_after_transfer",
        "the agent stays on the line of a caller who was handed over",
        Line("core:Conversation._transfer", "self._ending.hand_over()", "pass"),
    ),
    bug(
        "handed_over_never_let_go",
        "the leg of a caller who was handed over is kept for ever",
        Line("ending:Ending.hand_over", 'board.after_ms("handed", HANDED_WAIT_MS)', "pass"),
    ),
    bug(
        "second_transfer",
        "a second transfer is begun beside the first",
        Line("transfer:Transfers._target", "if self.busy:", "if False:"),
    ),
    bug(
        "transfer_forgotten_at_the_end",
        "a transfer that was open when the call ended is never settled",
        Line("ending:Ending.close", 'stage.transfers.abandon("the call is ending")', "pass"),
        Line("ending:Ending.hang_up", 'stage.transfers.abandon("the call is ending")', "pass"),
        Line("ending:Ending.finish", 'stage.transfers.abandon("the call has ended")', "pass"),
    ),
    bug(
        "takes_turns_while_transferring",
        "the agent answers while the caller is being transferred",
        Line("conduct:Conductor._begin", "stage.transfers.busy or ", ""),
    ),
)

ENDING = (
    bug(
        "hung_up_before_the_goodbye",
        "the call is hung up as soon as the goodbye has begun",
        Line(
            "ending:Ending.settle", "        return\n    if not self._awaits", "        pass\n    if not self._awaits"
        ),
    ),
    bug(
        "goodbye_stands",
        "who speaks at the goodbye of a silence is hung up on",
        Line("hearing:Hearing._weigh", "if self._stays(audio_ms, final):", "if False:"),
    ),
    bug(
        "goodbye_interrupted_against_the_setting",
        "a goodbye that is to be said to its end is interrupted",
        Line(
            "hearing:Hearing._stays",
            "not text or not (unheard or self._board.plan.interruptible_goodbye)",
            "not text",
        ),
    ),
    bug(
        "goodbye_taken_back_by_a_nod",
        "a caller who says 'okay' to the goodbye is not hung up on",
        Line("hearing:Hearing._stays", "or (self._only_listens() and", "or (False and"),
    ),
    bug(
        "goodbye_not_said",
        "the call is hung up without the hang-up message",
        Line("ending:Ending.settle", 'message, self._message = self._message, ""', 'message, self._message = "", ""'),
    ),
    bug(
        "goodbye_not_bounded",
        "a goodbye that never ends keeps the line",
        Line("ending:Ending.close", 'board.after_ms("goodbye", ENDING_MOST_MS)', "pass"),
    ),
    bug(
        "last_words_cut_by_the_clock",
        "a call is hung up fifteen seconds after the model has ended it, in mid-sentence",
        Line("ending:Ending.close", 'board.after_ms("goodbye", ENDING_MOST_MS)', 'board.after_ms("goodbye", 15_000)'),
    ),
    bug(
        "goodbye_cut_by_its_letters",
        "a slow voice does not get to the end of the goodbye, though it told how long it takes",
        Line(
            "ending:Ending.settle",
            "        return\n    if not self._awaits",
            '        self._board.after_ms("goodbye", len(message) * 70 + 5_000)\n        return\n    if not self._awaits',
        ),
    ),
    bug(
        "voice_given_up_by_its_letters",
        "a voice that delivers no faster than it is heard is given up in mid-sentence",
        Line("heard:longest_ms", "SLOW_MS_PER_CHARACTER", "MS_PER_CHARACTER"),
    ),
    bug(
        "ending_forgets_what_it_waits_for",
        "a model or a voice that falls silent in the last words is waited for for minutes",
        Line("ending:Ending.close", '("maximum", *WAITS) if waits else ("maximum",)', '("maximum",)'),
    ),
    bug(
        "maximum_forgotten_in_the_ending",
        "last words go on after the call's maximum",
        Line("ending:Ending.close", '("maximum", *WAITS) if waits else ("maximum",)', "WAITS if waits else ()"),
    ),
    bug(
        "maximum_does_not_hasten",
        "an ending takes all its time after the call's maximum",
        Line("core:Conversation._reach_maximum", "self._ending.hasten()", "pass"),
    ),
    bug(
        "maximum_not_armed",
        "a call has no maximum",
        Line("core:Conversation._answer", "self._limit_duration()", "pass"),
    ),
    bug(
        "maximum_ignored_during_tools",
        "a call whose tool runs is not ended at its maximum",
        Line(
            "core:Conversation._reach_maximum",
            'if self._board.phase == "live":',
            'if self._board.phase == "live" and not self._stage.tools.running:',
        ),
    ),
    bug(
        "maximum_does_not_cut",
        "a long reply goes on after the maximum",
        Line("core:Conversation._reach_maximum", "cut=True", "cut=False"),
    ),
    bug(
        "maximum_of_the_platform",
        "the agent's own maximum is not kept",
        Line("core:Conversation._limit_duration", "wanted_ms if 0 < wanted_ms < most_ms else most_ms", "most_ms"),
    ),
    bug(
        "reason_overwritten",
        "a voice that fails at the goodbye becomes the reason of the end",
        Line("ending:Ending.give_up", "self._reason if closing else reason", "reason"),
    ),
    bug(
        "leg_not_bounded",
        "a leg that does not confirm its end keeps the call",
        Line("ending:Ending.hang_up", 'board.after_ms("leave", LEAVE_WAIT_MS)', "pass"),
    ),
    bug(
        "last_reply_not_settled",
        "the reply heard when the call ended is in no record",
        Line("ending:Ending.finish", "stage.settle_last(generation, played_ms)", "pass"),
    ),
    bug(
        "pending_reply_not_settled",
        "the reply under way when the call ended stays open",
        Line("ending:Ending.finish", 'stage.withdraw("call_ended", cancel=False)', "pass"),
    ),
    bug(
        "stop_ignored_in_closing",
        "a stop during the goodbye counts for nothing",
        Action(ev.StopRequested, "closing", "stop", "note"),
    ),
    bug("hung_up_twice", "a stop hangs up again", Action(ev.StopRequested, "leaving", "note", "stop")),
    bug(
        "recording_not_begun",
        "the call is not recorded",
        Line("core:Conversation._answer", "board.emit(fx.StartRecording())", "pass"),
    ),
    bug(
        "deaf_call_goes_on",
        "a call whose recogniser is gone goes on",
        Line(
            "conduct:Conductor._settle_once",
            'self._ending.close("transcriber_error", self._board.plan.failure_message, ERROR)',
            "pass",
        ),
    ),
    bug(
        "ring_not_bounded",
        "a leg that never answers rings for ever",
        Line("core:Conversation._start", 'board.after_ms("ring", MAX_RING_SECONDS * 1000 + RING_GRACE_MS)', "pass"),
    ),
    bug(
        "ring_time_limit_stays",
        "the limit on ringing ends a call that was answered",
        Line("core:Conversation._answer", 'board.timers.cancel("ring")', "pass"),
    ),
    bug(
        "welcome_delay_ignored",
        "the agent greets before its delay",
        Line("conduct:Conductor.greet", "board.now_us < least_us", "False"),
    ),
    bug(
        "finishing_key_behind_a_count",
        "the finishing key behind a counted entry is an entry of its own",
        Line("keys:Keys.press", "self._has_just_counted() and finishes", "False"),
    ),
    bug(
        "welcome_over_the_caller",
        "the welcome begins in the middle of the caller's sentence",
        Line("conduct:Conductor.greet", 'self._turn.state == "talking"', "False"),
    ),
    bug(
        "welcome_not_said_in_the_pause",
        "a welcome that waited for the caller's pause is not said in it",
        Line("conduct:Conductor._greet_in_the_pause", 'self._turn.state != "talking"', "False"),
    ),
    bug(
        "welcome_not_said",
        "the caller is not greeted",
        Line(
            "conduct:Conductor._welcome",
            "self._stage.say(WELCOME, self._board.rendered(self._board.plan.welcome_message), 0)",
            "pass",
        ),
    ),
    bug(
        "welcome_not_rendered",
        "the caller hears '{name}'",
        Line(
            "conduct:Conductor._welcome",
            "self._board.rendered(self._board.plan.welcome_message)",
            "self._board.plan.welcome_message",
        ),
    ),
)

TIME = (
    bug(
        "late_runner_counts",
        "a deadline counts as of when the runner woke up",
        Line(
            "core:Conversation._fire_until",
            "board.now_us = max(board.now_us, due_us)",
            "board.now_us = max(board.now_us, at_us)",
        ),
    ),
    bug(
        "event_before_its_deadlines",
        "an event is taken before the deadlines that were due before it",
        Line("core:Conversation.step", "if board.timers.next_us <= at_us:", "if False:"),
    ),
    bug(
        "cancelled_timers_fire",
        "a timer that was cancelled fires all the same",
        Line("timers:Timers.cancel", "self._find()", "pass"),
    ),
    bug(
        "postponed_timers_fire_early",
        "a timer that was set again fires at its old time",
        Line("timers:Timers.arm", "self._find()", "pass"),
    ),
    bug(
        "request_numbers_repeat",
        "two questions have the same number",
        Line("board:Board.next_request", "self.requests += 1", "self.requests = self.requests % 6 + 1"),
    ),
)

OVERLAP = (
    bug(
        "back_channels_interrupt",
        "'mhm, okay, right' over the agent cuts it off",
        Line(
            "hearing:Hearing._interrupts",
            "return count > LONGEST_SIGNAL_WORDS or not (self._only_listens() or self._lets_transfer())",
            "return True",
        ),
    ),
    bug(
        "echo_is_a_turn",
        "the agent answers its own words",
        Line("hearing:Hearing.final", "self._echoes.drop(event.segment, event.text, event.audio_ms)", "pass"),
    ),
    bug(
        "everything_is_an_echo",
        "words over the agent are dropped as its own",
        Line("overlap:Echoes.hears_agent", "count = text.count", "return bool(text)\n    count = text.count"),
    ),
    bug(
        "echo_leaves_no_trace",
        "dropped words are in no note",
        Line("overlap:Echoes.drop", 'self._board.note("echo", echo)', "pass"),
    ),
    bug(
        "back_channel_leaves_no_trace",
        "dropped back-channels are in no note",
        Line("overlap:Nods.settle", 'self._board.note("back_channel", text)', "pass"),
    ),
    bug(
        "every_word_over_the_agent_is_a_back_channel",
        "answers over the agent are dropped",
        Line("overlap:Nods._is_no_turn", "if not book.is_backchannel(text):", "if False:"),
    ),
    bug(
        "echo_masks_the_caller",
        "words of an echo that was dropped still count off those of the caller",
        Line(
            "stretch:Stretch.dismiss",
            "if segment in self._earlier:",
            "self._before += gone\n    if segment in self._earlier:",
        ),
    ),
    bug(
        "half_a_line_interrupts",
        "what somebody is still writing silences the agent",
        Line("hearing:Hearing._interrupts", "return final and count > 0", "return count > 0"),
    ),
    bug(
        "written_line_ignored",
        "a short line that was sent does not silence the agent",
        Line("hearing:Hearing._interrupts", "return final and count > 0", "return final and count > 2"),
    ),
    bug(
        "last_words_replace_the_turn",
        "words read after the call replace those that were read before",
        Line("last_words:LastWords.__init__", "self._pieces = words.pieces()", "self._pieces = {}"),
    ),
    bug(
        "last_words_out_of_order",
        "words read after the call stand in the order they came",
        Line("last_words:LastWords.hear", "sorted(self._pieces)", "self._pieces"),
    ),
)

WAITING = (
    bug(
        "waiting_words_without_end",
        "the same waiting message again and again",
        Line("waiting:Waiting.go_on", "self._said += 1", "pass"),
    ),
    bug(
        "waiting_words_not_rendered",
        "the caller hears '{name}'",
        Line("waiting:Waiting._say", "self._board.rendered(text)", "text"),
    ),
    bug(
        "waiting_words_over_the_caller",
        "a waiting message is said while the caller speaks",
        Line("waiting:Waiting.go_on", 'self._turn.state == "talking" or ', ""),
    ),
    bug(
        "waiting_words_on_hold",
        "a waiting message is said to a caller on hold",
        Line("waiting:Waiting.go_on", "board.held or ", ""),
    ),
    bug(
        "waiting_words_out_of_history",
        "the model does not know of its waiting messages",
        Line("waiting:Waiting._say", "said.lead = said.content", "said.lead = ''"),
    ),
    bug(
        "own_words_of_a_tool_come_late",
        "the tool's own message is said only when it takes long",
        Line(
            "waiting:Waiting.go_on",
            "words is not None and words.own_message and self._own_round != self._round",
            "False",
        ),
    ),
    bug(
        "keys_pressed_into_words",
        "the line gets keys while the agent still speaks",
        Line("conduct:Conductor._proceed", "if silent and not self._board.held:", "if not self._board.held:"),
    ),
    bug(
        "keys_pressed_on_hold",
        "keys are pressed into a line on hold",
        Line("conduct:Conductor._proceed", "if silent and not self._board.held:", "if silent:"),
    ),
    bug(
        "keys_pressed_once_only",
        "a second press of the same reply is forgotten",
        Line("tools:Toolbox.take_result", "self._pressing = 0 if keys else self._pressing", "pass"),
    ),
    bug(
        "silence_counts_pressing",
        "the time that keys take counts as silence",
        Line("conduct:Conductor.idle", "and not stage.tools.busy", ""),
    ),
    bug(
        "failed_press_untold",
        "keys that could not be pressed leave the caller in silence",
        Line("tools:Toolbox.take_result", "return keys and not ok", "return False"),
    ),
    bug(
        "wrong_arguments_called",
        "a tool is called with what does not fit it",
        Line(
            "tools:Toolbox._start",
            "arguments, text = self._checked(call)",
            "arguments, text = {}, call.arguments",
        ),
    ),
    bug(
        "refused_tool_forgotten",
        "a call that was refused for its arguments leaves the model without an answer",
        Line("tools:Toolbox.start", 'self._history.result(call.call_id, f"The tool was not called: {error}")', "pass"),
    ),
    bug(
        "service_asked_twice",
        "a service that has taken the transfer is asked again",
        Line("transfer:Transfers._target", "if self._accepted:", "if False:"),
    ),
)

RESUMING = (
    bug(
        "resumed_from_its_beginning",
        "an agent that was cut by nothing says all of its sentence again",
        Line("reply:Generation.unheard", "[self.heard_words :]", ""),
    ),
    bug(
        "never_resumed",
        "an agent that was cut by nothing stays silent",
        Line("resuming:Resuming.leave", "self._stage.owed.rest = Unsaid(generation, rest, unfinished)", "pass"),
    ),
    bug(
        "resumed_without_end",
        "one sentence is begun again and again",
        Line("resuming:Resuming.remember", "if generation.resumed < RESUMES_MOST:", "if True:"),
    ),
    bug(
        "resumed_over_an_answer",
        "the agent goes on with its sentence although the caller has said something",
        Line("resuming:Resuming.go_on", "rest is None or turn.words.count or ", "rest is None or "),
    ),
    bug(
        "resumed_at_once",
        "the agent goes on before its backoff period is over",
        Line("resuming:Resuming._due_us", "backoff_us = board.plan.backoff_ms * 1000", "backoff_us = 0"),
    ),
    bug(
        "resumed_on_hold",
        "the agent goes on into a line on hold",
        Line("resuming:Resuming.go_on", " or board.held", ""),
    ),
)


def _read_otherwise(piece: str, becomes: str) -> Constant:
    """The English rules with another ``piece``."""
    rules = opt_out_english.RULES
    otherwise = tuple((re.compile(said.pattern.replace(piece, becomes)), unless) for said, unless in rules)
    return Constant("opt_out_english:RULES", rules, otherwise)


OPT_OUT_READ = (
    bug(
        "opt_out_cut_off_from_its_sentence",
        "who does not want to be called a name or bothered with details is never called again",
        _read_otherwise(opt_out_behind.GOES_ON, r"\b"),
    ),
    bug(
        "opt_out_of_one_matter_is_of_all",
        "who wants no call about an invoice is never called again",
        _read_otherwise(opt_out_behind.NOT_ALL, ""),
    ),
    bug(
        "opt_out_although_something_else_is_to_be_done",
        "who wants a text instead of a call is never called again",
        _read_otherwise(opt_out_behind.NOTHING_INSTEAD, ""),
    ),
    bug(
        "opt_out_only_where_nothing_follows",
        "who says why they want no more calls is called again",
        _read_otherwise(opt_out_behind.GOES_ON, "(?=$)"),
    ),
)

OPT_OUT = (
    *OPT_OUT_READ,
    bug(
        "opt_out_unheard",
        "nobody notices that the caller does not want to be called",
        Line("conduct:Conductor._asks_not_to_be_called", "if opt_out.said(text, plan.language):", "if False:"),
    ),
    bug(
        "opt_out_not_recorded",
        "the caller is told that nobody calls again, and the record does not know it",
        Line("conduct:Conductor._opted_out", "board.emit(OptedOut(stage.turn_number, text))", "pass"),
    ),
    bug(
        "opt_out_does_not_end",
        "the agent goes on with a caller who does not want to be called",
        Line("conduct:Conductor._opted_out", 'self._ending.close("opted_out", plan.opt_out_message)', "pass"),
    ),
    bug(
        "opt_out_by_any_words",
        "whoever says anything is never called again",
        Line(
            "opt_out:said",
            "return any(",
            "return len(words) > 30 or any(",
        ),
    ),
    bug(
        "opt_out_without_a_word",
        "the call ends without the promise that nobody calls again",
        Line("conduct:Conductor._opted_out", "plan.opt_out_message)", '"")'),
    ),
    bug(
        "opt_out_although_off",
        "an agent that leaves it to its model hangs up itself",
        Line("conduct:Conductor._asks_not_to_be_called", "not plan.opt_out or ", ""),
    ),
)

PATIENCE = (
    bug(
        "digits_cut",
        "who dictates is answered in the middle of a number",
        Line("patience:Patience._set", "patience_ms * least // 100, patience_ms * most // 100", "0, patience_ms"),
    ),
    bug(
        "half_a_sentence_answered",
        "who says 'and' is not waited for",
        Line("patience:Answers.saying", "if _ends(text, self._half):", "if False:"),
    ),
    bug(
        "what_was_asked_forgotten",
        "a caller who was asked for a number is as patient as anybody",
        Line("patience:Patience.expect", "asked = self._questions.asked(text)", 'asked = "open"'),
    ),
    bug(
        "recogniser_not_told_of_patience",
        "a recogniser that ends turns itself cuts numbers",
        Line("patience:Patience.tell", "board.emit(SetPatience(tell_ms))", "pass"),
    ),
    bug(
        "least_pause_ignored",
        "a yes of the turn model ends a number",
        Line("turn:CallerTurn.ready", "self._board.now_us >= self.patience.rested_us(self.voiced_end_ms)", "True"),
    ),
    bug(
        "question_forgotten_by_a_nod",
        "a back-channel over the end of a question makes the core forget what it asked",
        Line("overlap:Nods.settle", "turn.take(answers=False)", "turn.take()"),
    ),
    bug(
        "broken_off_number_forgotten",
        "whoever goes on with a number over the first words of the answer to half of it is cut again",
        Line(
            "patience:Patience.expect",
            "(self._dictating, UNKNOWN) if goes_on and not asks else self._unbegun",
            "self._unbegun",
        ),
    ),
    bug(
        "begun_code_cut",
        "whoever was asked for four digits and has said fewer is taken to have finished",
        Line("patience:Patience.weigh", "self._answers.digits_said(spoken) == digits", "True"),
    ),
    bug(
        "o_is_a_nought",
        "an o among letters is a digit, and who spells is cut after it",
        Line("patience:Answers._dictated", "either += 1", "digits += 1"),
    ),
    bug(
        "yeah_taken_for_all",
        "who begins with 'yeah' where yes or no was asked is answered before the turn model has heard them",
        Line(
            "patience:Patience._may_go_on",
            "return self._board.plan.turn_model and self._board.book.opens_sentence(text)",
            "return False",
        ),
    ),
    bug(
        "yes_that_nobody_asked_for",
        "a 'yes' is all of an answer whatever was asked",
        Line("patience:Patience.answers", 'if self._asked == "yes_or_no":', "if True:"),
    ),
    bug(
        "unheard_caller_cut",
        "where the detector is silent a pause counts from the first words",
        Line("turn:CallerTurn._hear_in_silence", "elif missed or (", "elif ("),
    ),
    bug(
        "patience_from_the_last_sound",
        "words that the detector did not hear do not move the end of the caller's voice",
        Line("voicing:Voicing.ended_ms", " if self._missed else ", " if False else "),
    ),
)

VOICEMAIL = (
    bug(
        "machine_talked_to",
        "the agent goes on speaking to a machine",
        Line("voicemail:Voicemail._find", "stage.interrupt(FOUND)", "pass"),
    ),
    bug(
        "no_message_left",
        "the machine is hung up on without the message",
        Line("voicemail:Voicemail.settle", 'self._message() if self._beeped else ""', '"" if self._beeped else ""'),
    ),
    bug(
        "message_before_the_beep",
        "the message is said over the machine's greeting",
        Line("voicemail:Voicemail._find", 'if why == "beep":', "if True:"),
    ),
    bug(
        "person_kept_for_a_machine",
        "a person who calls out is left a message",
        Line("voicemail:Voicemail.heard", "self._take_back()", "pass"),
    ),
    bug(
        "machine_by_words_after_an_answer",
        "a person who has listened to an answer is hung up on for a word",
        Line("voicemail:Voicemail._proves", "if self.answered:", "if False:"),
    ),
    bug(
        "machine_by_words_behind_the_welcome",
        "a person who answers the welcome is hung up on for words that machines say, too",
        Line("voicemail:Voicemail._proves", "not listened or tells_of_tone(text)", "True"),
    ),
    bug(
        "watch_without_end",
        "somebody who has been talked with for long is taken for a machine",
        Line("voicemail:Voicemail.expire", 'self._move("over")', "pass"),
    ),
    bug(
        "no_taken_for_yes",
        "the model says that it is a person, and the call is hung up",
        Line("voicemail:Voicemail.judged", "if not event.verdict:", "if event.verdict:"),
    ),
    bug(
        "questions_about_machines_pile_up",
        "the model is asked about a machine before it has answered",
        Line("voicemail:Voicemail._ask", "if self._request and board.now_us", "if False and board.now_us"),
    ),
    bug(
        "welcome_lost_to_a_suspicion",
        "a person who was suspected is not greeted",
        Line("voicemail:Voicemail._suspect", "self.greet_again = True", "pass"),
    ),
)

WRITTEN_WELCOME = (
    bug(
        "written_welcome_not_bounded",
        "the caller waits in silence for a welcome that the model writes",
        Line("stage:Stage.ask_welcome", 'board.after_ms("greeting", WELCOME_WAIT_MS)', "pass"),
    ),
    bug(
        "written_welcome_not_replaced",
        "a caller whose welcome the model did not write is not greeted",
        Line("stage:Stage.withdraw", "self.owed.greeting = generation.purpose == WELCOME", "pass"),
    ),
    bug(
        "written_welcome_with_tools",
        "the model may call tools before anybody has spoken",
        Line(
            "stage:Stage.ask_welcome",
            "self.turn_number, WELCOME, messages)",
            "self.turn_number, WELCOME, messages, self.tools.offered())",
        ),
    ),
    bug(
        "written_welcome_forgets_who_it_is",
        "the model writes the welcome of nobody",
        Line(
            "stage:Stage.ask_welcome",
            '(*self.history.messages(), Message("user", WELCOME_PROMPT))',
            '(Message("user", WELCOME_PROMPT),)',
        ),
    ),
    bug(
        "late_welcome_takes_a_reply_back",
        "a reply is withdrawn because the welcome was due",
        Line(
            "stage:Stage.greeting_late",
            "self.pending is None or self.pending.purpose != WELCOME",
            "self.pending is None",
        ),
    ),
    bug(
        "failed_welcome_apologised_for",
        "the first words of a call are an apology",
        Line(
            "thinking:Thinking._fail", "if generation is stage.pending and generation.purpose == WELCOME:", "if False:"
        ),
    ),
)

CALL_BACKS = (
    bug(
        "called_back_against_their_wish",
        "'don't call me back at four' is a call at four",
        Line("insight.callback:_intent_of_clause", "[one.span() for one in _REFUSES.finditer(plain)]", "[]"),
    ),
    bug(
        "called_back_at_the_first_time",
        "a time that the caller corrects stands",
        Line("insight.callback:_Wish._take", "self.time.and_then(found)", "found.and_then(self.time)"),
    ),
    bug(
        "called_back_at_night",
        "calls are made outside their hours",
        Line("insight.callback:_resolve", "if all(begin <= at.astimezone(zone).hour < end for zone in zones)", ""),
    ),
    bug(
        "called_back_in_the_past",
        "a time that has passed is dialled at once",
        Line("insight.callback:_resolve", "if at.astimezone(UTC) > now.astimezone(UTC)", ""),
    ),
    bug(
        "called_back_today",
        "who says tomorrow is called today",
        Line("insight.spoken_time:_near_days", '== ["day", "after"] else 1', '== ["day", "after"] else 0'),
    ),
    bug(
        "offer_taken_for_a_wish",
        "the agent offers to call back, the caller says no, and is called",
        Line("insight.callback:_accepts", "not confirms(answer)", "False"),
    ),
    bug(
        "declined_call_taken_for_agreed",
        "'yeah, no' is a yes because it begins with one",
        Line("insight.assent:_stance", "if _DENIES.search(rest):", "if not rest:"),
        Line("insight.assent:_stances", "(_YES if _YES_WORD.match(word) else _NO)", "_YES"),
    ),
    bug(
        "agreed_call_taken_for_declined",
        "'no, no problem, yes' is a no because it begins with one",
        Line("insight.assent:confirms", "stances[0][0] not in (_YES, _NO)", "stances[0][0] != _YES"),
    ),
    bug(
        "called_back_on_another_day",
        "who says 'on Diwali at three' is called today",
        Line("insight.spoken_time:read_time", "day_not_understood(short, answers)", "False"),
    ),
    bug(
        "somebody_elses_call_made",
        "'our technician will call you at ten' is a call by the agent",
        Line("insight.callback:_caller", 'callers.add("us" if own else "another")', 'callers.add("us")'),
    ),
)

BUGS: tuple[Bug, ...] = (
    *SOUND,
    *SPECULATION,
    *MODEL,
    *WORDS,
    *KEYS,
    *TURN,
    *BARGE_IN,
    *SILENCE,
    *TOOLS,
    *TRANSFERS,
    *ENDING,
    *TIME,
    *OVERLAP,
    *WAITING,
    *RESUMING,
    *OPT_OUT,
    *PATIENCE,
    *VOICEMAIL,
    *WRITTEN_WELCOME,
    *CALL_BACKS,
)

SLOW: frozenset[str] = frozenset(
    {
        "agent_speaks_over_typing",
        "back_channels_interrupt",
        "begun_code_cut",
        "broken_off_number_forgotten",
        "caller_cut_off_by_transfer",
        "cleared_of_another_reply",
        "cut_taken_for_whole",
        "echo_masks_the_caller",
        "ending_forgets_what_it_waits_for",
        "failed_press_untold",
        "failed_tool_not_settled",
        "failed_transfer_untold",
        "failed_welcome_apologised_for",
        "failures_never_forgiven",
        "failures_without_end",
        "filler_within_the_backoff",
        "goodbye_interrupted_against_the_setting",
        "goodbye_taken_back_by_a_nod",
        "guesses_without_end",
        "handed_over_never_let_go",
        "hangup_verdict_over_the_callers_words",
        "hello_takes_a_tools_reply_back",
        "hung_up_instead_of_transferred",
        "kept_hello_is_the_turn_of_no_answer",
        "keys_pressed_on_hold",
        "keys_pressed_once_only",
        "last_words_interrupted",
        "last_words_out_of_order",
        "late_success_dropped",
        "late_words_of_a_segment_lost",
        "machine_by_words_after_an_answer",
        "machine_by_words_behind_the_welcome",
        "maximum_does_not_hasten",
        "maximum_forgotten_in_the_ending",
        "not_called_off",
        "nothing_said_after_a_tool",
        "o_is_a_nought",
        "old_turn_verdict",
        "opt_out_thrown_away",
        "overlong_reply",
        "own_words_of_a_tool_come_late",
        "pending_reply_not_settled",
        "playout_not_bounded",
        "playout_of_another_reply",
        "question_forgotten_by_a_nod",
        "reply_not_bounded",
        "resumed_at_once",
        "resumed_on_hold",
        "resumed_without_end",
        "ring_not_bounded",
        "second_transfer",
        "segments_out_of_order",
        "service_asked_twice",
        "silence_counts_pressing",
        "silence_counts_thinking",
        "silence_counts_tools",
        "sound_beside_waited_for",
        "sound_over_a_tools_reply_not_waited_for",
        "stale_sound",
        "stop_ignored_in_closing",
        "stop_phrase_ignored",
        "taken_words_heard_again",
        "talks_on_after_transfer",
        "tool_called_twice",
        "tool_time_limit_not_renewed",
        "tools_without_end",
        "transfer_forgotten_at_the_end",
        "unheard_words_not_said_again",
        "vanished_words_come_back",
        "voice_wait_starts_over",
        "waiting_words_not_rendered",
        "waiting_words_on_hold",
        "waiting_words_out_of_history",
        "waiting_words_over_the_caller",
        "waiting_words_without_end",
        "what_was_asked_forgotten",
        "written_welcome_not_replaced",
        "yes_that_nobody_asked_for",
    }
)
"""Those that need more conversations than CI has: `make test-planted` looks for them, too."""
