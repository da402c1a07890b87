"""Labelled cases of who answers a call that no threshold, phrase or rule was set on: the honest figures beside those of ``answer_cases``.

Whoever changes a detector because of these cases has to make new ones.
"""

from __future__ import annotations

from random import Random

from proof.answer_cases import Scene, answers, beeps, others
from proof.held_out_sounds import beep, no_beep, other_line, talk
from proof.measured import Measured, measured

MACHINES: tuple[tuple[str, ...], ...] = (
    ("Hey there, this is Mike's phone.", "Leave me a message and I'll call you right back."),
    (
        "Thanks for calling Lakeside Plumbing.",
        "All our lines are busy, please leave your name and number after the beep.",
    ),
    ("This is Rachel Kim, I'm either on the other line or away from my desk.", "Leave a detailed message."),
    ("We're sorry, the customer you have dialed is not answering.", "Please try again later."),
    ("Welcome to the voice mail service.", "The mailbox of five five five oh one two three is not set up yet."),
    (
        "You've reached five five five, oh one four two.",
        "Nobody can come to the phone.",
        "Record your message at the tone.",
    ),
    ("Hi, Jen here, talk to the machine.",),
    ("Hier ist die Mailbox von Jonas Klein.", "Sprechen Sie nach dem Ton."),
    ("El número que ha marcado no está disponible.", "Grabe su mensaje al oír la señal."),
    ("Vous êtes sur la messagerie vocale du zéro six douze.", "Merci de parler après le signal sonore."),
    ("Hi, we can't get to the phone, you know the drill.",),
    ("Good day, you have called outside of our opening hours.", "Our office opens again on Monday at nine."),
)
PEOPLE: tuple[tuple[str, ...], ...] = (
    ("Who's calling please?",),
    ("Yeah?",),
    ("Speaking.",),
    ("Johnson residence.",),
    ("Northside Clinic, Maria here, please hold for one second.",),
    ("She just stepped out, can I tell her who called?",),
    ("This is the reception, shall I put you through to her voicemail?",),
    ("I got your message yesterday, what is this about?",),
    ("Moment bitte, ich hole meinen Mann ans Telefon.",),
    ("Pronto, chi parla?",),
    ("Good morning, you've reached the front desk of the Garden Hotel, my name is Ella, how may I help?",),
    ("Sorry, it's a bad time, we're just at the table, could you try again after six?",),
)  # fmt: skip
HELD_OUT = Scene(talk, beep, no_beep, other_line, MACHINES, PEOPLE, word_ms=(180, 450), missed_words=0.1)


def beeps_missed(seed: int) -> Measured:
    """Beeps that are clipped, fade, drift or begin hard, over another line."""
    return measured("held out, beep: beeps missed", beeps(HELD_OUT, Random(seed)))


def other_sounds_taken_for_beeps(seed: int) -> Measured:
    """Whistling, waiting music, sirens, tones of other countries, horns, doors, talk: no beep is in them."""
    return measured("held out, beep: other sounds taken for beeps", others(HELD_OUT, Random(seed)))


def machines_talked_to(seed: int) -> Measured:
    """Greetings that nobody looked at when the phrases were chosen."""
    return measured(
        "held out, voicemail: machines talked to", answers(HELD_OUT, Random(seed), machine=True), len(MACHINES)
    )


def people_hung_up_on(seed: int) -> Measured:
    """People whose words nobody looked at."""
    return measured(
        "held out, voicemail: people taken for machines", answers(HELD_OUT, Random(seed), machine=False), len(PEOPLE)
    )
