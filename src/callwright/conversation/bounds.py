"""Bounds of every wait in the core, so that a call always moves on."""

from __future__ import annotations

VERDICT_WAIT_MS = 600
"""For the turn model's answer. After it, silence alone decides."""

FINAL_WAIT_MS = 1_500
"""For final words after patience. After it, partial words are taken, and a sound without words is noise."""

DOUBT_MOST_MS = 11_500
"""How long a run of sounds without words may delay a question or a reply. The next pause then ends the run. It is longer than one endless
sound and its words take."""

DENSE_MOST_MS = 30_000
"""The same bound for a dense run: it may be a caller whom the recogniser reads only at the end."""

DENSE_PERCENT = 35
"""The share of sound that makes a run dense."""

STILL_READ_MS = 400
"""After the end of a sound, more partial words may come for so long. Later, only final words are missing."""

COVER_SLACK_MS = 120
"""A final transcript covers the voice if it ends at most so long before it. Detector and recogniser disagree by a few frames."""

RESUME_MS = 500
"""Sound of this length puts an unheard reply in doubt: the reply waits for the words of the sound. The length counts by arrival and
includes the detector's hangover of about 300 ms."""

REPLY_CALLS_MOST = 16
"""Tool calls of one reply that are examined. Examined calls beyond a turn's limit are answered to the model as not called; the rest are
dropped."""

SPECULATIONS_MOST = 6
"""Speculative questions in one turn. After that, the caller is answered when the turn is ready."""

SPECULATIVE_WORDS = 5
"""Words of a speculative reply that the voice receives: enough to begin while the rest is made."""

ACTIVITY_STALE_MS = 10_000
"""Voice activity without a new word for this long is noise: the caller counts as silent."""

WORDS_STILL_MS = 2_000
"""Voice activity for this long after final words, without a new word from a streaming recogniser, is a television or the street: the turn
is judged."""

STRETCH_GAP_MS = 1_000
"""A longer pause of the caller begins a new stretch of words for barge-in."""

ECHO_LAG_MS = 500
"""An echo is heard at most so long after the agent's words were played: the delay of line and detector."""

ECHO_LONE_MS = 200
"""A single word is an echo only if the agent's word began at most so long after the sound. Detectors begin a little early."""

WORD_LONGEST_MS = 800
"""The longest duration of a word. Without voice activity, it gives the earliest start of words."""

QUESTION_OPEN_MS = 2_000
"""How long after its end a question of the agent's can be answered, even if the agent continues."""

ANSWER_LEFT_MS = 600
"""With at most so much left to say, a "yes" over the agent is an answer, not a back-channel."""

CLEARED_WAIT_MS = 500
"""For the answer to ``Clear``. After it, the heard words are estimated from the time played."""

WELCOME_WAIT_MS = 4_000
"""For the first sound of a model-written welcome. After it, the agent's own welcome is said."""

WELCOME_MORE_MS = 6_000
"""The extra wait if the agent has no welcome message and the caller has said nothing."""

WELCOME_YIELDS_MS = 8_000
"""How long a due welcome waits for a caller who speaks. A longer voice may be a television."""

VOICE_WAIT_MS = 10_000
"""From the first clause for the voice to its first audio."""

PLAYOUT_SLACK_MS = 5_000
"""How long after its length the last mark of a reply may come before the reply counts as played."""

MS_PER_CHARACTER = 70
"""Estimated length of unsynthesised speech, by its text."""

SLOW_MS_PER_CHARACTER = 280
"""Upper bound of the length of a clause whose voice sounds and has not reported the length, by its text: half the usual speed, figures, and
scripts whose letters are words. The voice is not given up before; the shell reports a voice that stalls."""

FALSE_WAIT_MS = 2_000
"""A silenced agent continues after this time without words. Sound alone does not keep it silent."""

RESUMES_MOST = 2
"""How often one utterance resumes."""

TOOL_WAIT_MS = 30_000
"""For a tool's result. Later results still enter the history."""

TOOL_QUIET_MS = 1_200
"""A tool without an answer after this time is covered by the default message. Most tools answer sooner."""

WAITING_GAP_MS = 5_000
"""Silence during a running tool before the next waiting message."""

TRANSFER_WAIT_MS = 50_000
"""For the outcome of a transfer: ringing (30 s; blind over SIP: 44 s), and time for the carrier to notice. A later outcome still
counts."""

CALLER_FIRST_MS = 4_000
"""How long an announced transfer waits for a caller who speaks. Then it goes ahead and keeps the words."""

HANDED_WAIT_MS = 5_000
"""For the end of the leg after the hand-over. Then the core hangs up."""

HOLD_MOST_MS = 300_000
"""How long a hold may last before silence counts again."""

GOODBYE_MOST_MS = 20_000
"""How long last words and goodbye may continue after the call's maximum duration."""

ENDING_MOST_MS = 600_000
"""The longest ending, last words and goodbye: longer than the longest reply (``limits.MAX_REPLY_CHARACTERS``) at half the usual speed. It
bounds a model or a voice without an end; every single wait has a bound of its own."""

LEAVE_WAIT_MS = 10_000
"""For the end of the leg after ``HangUp``. Then the conversation ends without it."""

RING_GRACE_MS = 30_000
"""Added to the longest ring. A leg that has neither answered nor ended by then is given up."""

FAILURES_IN_A_ROW = 3
"""Failures of the model without a reply between them that end the call."""

VOICE_FAILURES_IN_A_ROW = 2
"""Failures of the voice without audible speech between them that end the call."""

GRACE_MS = GOODBYE_MOST_MS + HANDED_WAIT_MS + LEAVE_WAIT_MS + CLEARED_WAIT_MS
"""A call has ended at the latest so long after its maximum duration."""

VOICEMAIL_BEEP_MS = 25_000
"""For a machine's beep. After it, the message is left anyway."""

VOICEMAIL_QUIET_MS = 2_500
"""A machine that has been silent for this long is recording, with or without a beep."""

VOICEMAIL_REPEATED_MS = 1_000
"""After detection, a machine may still begin to beep for so long."""

VOICEMAIL_ANSWER_MS = 8_000
"""For a model's opinion on an answering machine. After it, another question may be asked."""

FILLER_AFTER_MS = 1_300
"""From the caller's last voiced sound to a filler."""

FILLER_LEAST_MS = 500
"""From the question to the model to a filler, at least."""

FILLER_AGAIN_MS = 5_000
"""From one filler to the next while no reply comes."""

FILLERS_MOST = 3
"""Fillers in one wait."""

ASSET_MOST_MS = 3_000
"""The longest filler or back-channel of the agent, the wait for its end included. Longer ones are not played."""
