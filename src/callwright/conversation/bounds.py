"""How long the core waits for what may never come. Every wait of a call has one of these, so that a call always moves on."""

from __future__ import annotations

VERDICT_WAIT_MS = 600
"""For the turn model's answer; after it a pause counts by silence alone."""

FINAL_WAIT_MS = 1_500
"""For the recogniser's final words after patience has run out; then partial words are taken, and a sound without words is noise."""

DOUBT_MOST_MS = 11_500
"""Sounds without a word, one after the other, hold back for so long what is to be said, or asked; then the next pause ends it. Longer than
one sound that goes on and its words take."""

DENSE_MOST_MS = 30_000
"""The same where so much of the time sounds that somebody may be speaking whom the recogniser reads only at the end."""

DENSE_PERCENT = 35
"""So much of the time then sounds."""

STILL_READ_MS = 400
"""Behind the end of a sound its partial words may yet be followed by more; later only the recogniser's last word is missing."""

COVER_SLACK_MS = 120
"""A final transcript covers the voiced end when it reaches this close to it (detector and recogniser disagree by a few frames)."""

RESUME_MS = 500
"""Sound this long (arrival time, so it includes the detector's hangover of about 300 ms) puts a reply that nobody heard yet in doubt: it
waits until the words of the sound are known."""

REPLY_CALLS_MOST = 16
"""Tool calls of one reply that are looked at: of these, what a turn may not have is answered to the model as not called; the others are
dropped."""

SPECULATIONS_MOST = 6
"""Speculative questions in one turn; a recogniser that keeps changing its words is answered when the caller has finished."""

SPECULATIVE_WORDS = 5
"""A speculative reply is given to the voice until it has so many words: enough to begin, and to go on while the rest is made."""

ACTIVITY_STALE_MS = 10_000
"""Voice activity for this long without a new word is noise: the caller counts as silent again."""

WORDS_STILL_MS = 2_000
"""Voice activity for this long behind final words, and no new word from a recogniser that tells words as they are spoken, is somebody
else's (a television, the street): the turn is judged."""

STRETCH_GAP_MS = 1_000
"""A pause of the caller longer than this begins a new stretch of words, counted anew for barge-in."""

ECHO_LAG_MS = 500
"""An echo is heard at most so long after the agent's words were played (the line and the detector)."""

ECHO_LONE_MS = 200
"""A single word is an echo only if the agent's began so long after the sound at the latest (detectors begin a little early)."""

WORD_LONGEST_MS = 800
"""No word of a caller takes longer: where no voice activity is known, words began at the earliest so long before their end, for each."""

QUESTION_OPEN_MS = 2_000
"""So long after its end a question of the agent's may be answered, though the agent goes on."""

ANSWER_LEFT_MS = 600
"""With so little left of what the agent says, "yes" is an answer, not "go on"."""

CLEARED_WAIT_MS = 500
"""For the answer to ``Clear``; after it what was heard is estimated from the time played."""

WELCOME_WAIT_MS = 4_000
"""For the first sound of a welcome that the model writes; after it the agent's own welcome message is said."""

WELCOME_MORE_MS = 6_000
"""And so much longer where the agent has no welcome message, and the caller has said nothing."""

WELCOME_YIELDS_MS = 8_000
"""A welcome that is due while the caller speaks waits for a pause, at most so long: a voice that goes on may be a television."""

VOICE_WAIT_MS = 10_000
"""From the first clause asked of the voice to its first audio."""

PLAYOUT_SLACK_MS = 5_000
"""How much later than its length a reply's last mark may come before the reply counts as played."""

MS_PER_CHARACTER = 70
"""Length of speech that was not synthesised yet, by its text."""

SLOW_MS_PER_CHARACTER = 280
"""Length of a clause of which the voice makes sound and has not told the length yet, at most, by its text: half the usual speed, figures
and scripts whose letters are words. Until then it is not given up: a voice that stops in the middle is told by the shell."""

FALSE_WAIT_MS = 2_000
"""So long after the agent was silenced it goes on, if no words are there then: sound alone does not keep it silent."""

RESUMES_MOST = 2
"""How often one utterance is resumed."""

TOOL_WAIT_MS = 30_000
"""For a tool's result; later results still go into the history."""

TOOL_QUIET_MS = 1_200
"""A tool that has not answered by then is covered by a default message; most answer sooner, and the message would only delay them."""

WAITING_GAP_MS = 5_000
"""Silence of a running tool before the next waiting message."""

TRANSFER_WAIT_MS = 50_000
"""For the outcome of a transfer: the target rings up to 30 s, and the carrier needs some more to notice. A later outcome still counts."""

CALLER_FIRST_MS = 4_000
"""How long an announced transfer waits for a caller who is speaking; then it goes ahead and the words are kept."""

HANDED_WAIT_MS = 5_000
"""For the leg's end after the caller was handed over; then we hang up ourselves."""

HOLD_MOST_MS = 300_000
"""How long a caller may keep the line on hold before silence counts again."""

GOODBYE_MOST_MS = 20_000
"""How long an ending may go on, last words and goodbye, after the call's maximum duration."""

ENDING_MOST_MS = 600_000
"""The longest an ending may take, last words and goodbye: longer than the longest reply lasts at half the usual speed
(``limits.MAX_REPLY_CHARACTERS``). What is waited for in it has bounds of its own; this one is for a model or a voice without an end."""

LEAVE_WAIT_MS = 10_000
"""For the leg's end after ``HangUp``; then the conversation ends without it."""

RING_GRACE_MS = 30_000
"""Added to the longest ring: a leg that neither answers nor ends by then is given up."""

FAILURES_IN_A_ROW = 3
"""Model failures without a reply in between that end the call."""

VOICE_FAILURES_IN_A_ROW = 2
"""Voice failures without audible speech in between that end the call."""

GRACE_MS = GOODBYE_MOST_MS + HANDED_WAIT_MS + LEAVE_WAIT_MS + CLEARED_WAIT_MS
"""A call has ended at the latest this long after its maximum duration."""

VOICEMAIL_BEEP_MS = 25_000
"""How long a machine's beep is waited for; then the message is left anyway."""

VOICEMAIL_QUIET_MS = 2_500
"""A machine that has been silent so long records, whether its beep was heard or not."""

VOICEMAIL_REPEATED_MS = 1_000
"""At least so long after it was found a machine may yet begin to beep."""

VOICEMAIL_ANSWER_MS = 8_000
"""For a model's opinion on whether a machine has answered; then another question may be asked."""

FILLER_AFTER_MS = 1_300
"""From the caller's last voiced sound: who waits longer for a reply hears a filler."""

FILLER_LEAST_MS = 500
"""From the question to the model to a filler, however long the caller has waited before it."""

FILLER_AGAIN_MS = 5_000
"""From one filler to the next while the reply still does not come."""

FILLERS_MOST = 3
"""Fillers in one wait."""

ASSET_MOST_MS = 3_000
"""The longest a filler or a listener's sound may last, the wait for its end included; longer ones are not played."""
