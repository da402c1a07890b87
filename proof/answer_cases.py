"""Labelled cases of who answers a call: beeps and what sounds like them, machines and people.

Of each the sound goes through a line (noise, mu-law, lost frames) and the real detectors, and the words through a recogniser that misses
some; the real core decides. No model is asked: what a model adds or spoils is not measured here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.conversation.voicemail import FOUND
from callwright.media.beeps import BeepDetector
from callwright.media.framing import FRAME_MS
from callwright.media.machine_ear import MachineEar
from callwright.media.vad import EnergyVad
from proof.answer_sounds import Samples, not_a_beep, quiet, speech, through_the_line, tone
from proof.exchange import Exchange
from proof.measured import Measured, measured

CASES = 120
BEEP_LATEST_MS = 1_000
"""After the end of a beep it is known."""
WATCHED_MS = 30_000

MACHINES: tuple[tuple[str, ...], ...] = (
    ("Hi, you've reached Tom.", "I can't take your call right now, so please leave a message after the beep."),
    ("Hello, this is the voicemail of Anna Berg.", "Leave your name and number and I'll get back to you."),
    (
        "Your call has been forwarded to an automated voice messaging system.",
        "At the tone, please record your message.",
    ),
    ("The person you are trying to reach is not available.", "Please record your message after the tone."),
    (
        "You have reached the office of Doctor Lee.",
        "We are closed now.",
        "Please leave a short message after the tone.",
    ),
    ("The mailbox is full and cannot accept any messages at this time.", "Goodbye."),
    (
        "Guten Tag, hier ist der Anschluss von Familie Weber.",
        "Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
    ),
    ("Hola, soy Carmen.", "Ahora no puedo atender la llamada.", "Deja tu mensaje después de la señal."),
    ("Bonjour, vous êtes bien sur le répondeur de Luc.", "Laissez un message après le bip."),
    ("Hey, it's Sam, you know what to do.",),
    ("Stone residence, nobody is at home today, sorry.",),
)
PEOPLE: tuple[tuple[str, ...], ...] = (
    ("Hello?",),
    ("Yes, hello.",),
    ("Hello, who is this?",),
    ("Hi, Anna speaking.",),
    ("Weber, guten Tag.",),
    ("Good afternoon, thank you for calling Acme Dental, this is Priya speaking, how can I help you?",),
    ("City Motors, you are through to Daniel in sales.", "What can I do for you today?"),
    ("Hello, Mrs Berg is not available right now, would you like to leave a message?",),
    ("He is in a meeting, can I take a message, or shall I ask him to call you back?",),
    ("Sorry, I am driving, can you call me back in an hour?",),
    ("¿Diga?",),
    ("Allô oui bonjour, qui est à l'appareil ?",),
    ("Oh hello, I got your message on my voicemail.",),
    ("Hello, can I leave a message for the doctor?",),
    ("Yes, I'm the person you are calling.",),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the cases come from. ``beep``: its frequency, length in ms and sound; ``not_a_beep``: a name and a sound."""

    speech: Callable[[Random, int], Samples]
    beep: Callable[[Random], tuple[float, int, Samples]]
    not_a_beep: Callable[[Random], tuple[str, Samples]]
    line: Callable[[Random, Samples], list[bytes]]
    machines: tuple[tuple[str, ...], ...]
    people: tuple[tuple[str, ...], ...]
    word_ms: tuple[int, int] = (230, 380)
    missed_words: float = 0.05


def beeps_missed(seed: int) -> Measured:
    """A beep behind a greeting, 400 to 2,000 Hz, 150 ms to 2 s, that is not known within BEEP_LATEST_MS of its end."""
    return measured("beep: beeps missed", beeps(OURS, Random(seed)))


def other_sounds_taken_for_beeps(seed: int) -> Measured:
    """Speech, hums, keys, ringing, busy, intercept tones, melodies, a fax: no beep is in them."""
    return measured("beep: other sounds taken for beeps", others(OURS, Random(seed)))


def machines_talked_to(seed: int) -> Measured:
    """A machine that is not known as one within the window."""
    return measured("voicemail: machines talked to", answers(OURS, Random(seed), machine=True), len(MACHINES))


def people_hung_up_on(seed: int) -> Measured:
    """A person who is taken for a machine."""
    return measured("voicemail: people taken for machines", answers(OURS, Random(seed), machine=False), len(PEOPLE))


def _line(random: Random, samples: Samples) -> list[bytes]:
    return through_the_line(random, samples, random.uniform(-62, -38), random.choice((0.0, 0.0, 0.01, 0.03)))


def _beep(random: Random) -> tuple[float, int, Samples]:
    hz, length_ms = random.uniform(400, 2_000), random.choice((150, 200, 300, 500, 800, 1_200, 2_000))
    return hz, length_ms, tone(hz, length_ms, 32_768 * 10 ** (random.uniform(-28, -6) / 20))


OURS = Scene(speech, _beep, not_a_beep, _line, MACHINES, PEOPLE)
"""The sounds and words that the thresholds were set on."""


def beeps(scene: Scene, random: Random) -> Iterator[str]:
    """A verdict for each of CASES beeps behind a greeting."""
    for _ in range(CASES):
        hz, length_ms, sound = scene.beep(random)
        before = np.concatenate((scene.speech(random, random.randint(800, 2_500)), quiet(random.randint(150, 900))))
        end_ms = (len(before) // 8) + length_ms
        found = _heard(scene.line(random, np.concatenate((before, sound, quiet(1_800)))))
        right = len(found) == 1 and end_ms <= found[0] <= end_ms + BEEP_LATEST_MS
        ringing = 410 <= hz <= 440 and length_ms >= 800  # may be a ringing tone, and is not taken
        yield "" if right or ringing else f"{hz:.0f} Hz, {length_ms} ms: {found or 'nothing'}, not by {end_ms}"


def others(scene: Scene, random: Random) -> Iterator[str]:
    """A verdict for each of three times CASES sounds without a beep."""
    for _ in range(3 * CASES):
        name, samples = scene.not_a_beep(random)
        found = _heard(scene.line(random, samples))
        yield f"{name} at {found}" if found else ""


def _heard(frames: list[bytes]) -> list[int]:
    """When the detector was certain of a beep, in ms of the audio."""
    detector = BeepDetector()
    return [FRAME_MS * (number + 1) for number, frame in enumerate(frames) if detector.push(frame)]


def answers(scene: Scene, random: Random, *, machine: bool) -> Iterator[str]:
    """A verdict for each of CASES calls that a machine, or a person, answers."""
    greetings = scene.machines if machine else scene.people
    for number in range(CASES):
        sentences = greetings[number % len(greetings)]
        plan = CallPlan(
            welcome_message="Hello, this is Hill Clinic, I am calling about your appointment.",
            voicemail=True,
            voicemail_listen_ms=random.choice((0, 0, 2_500)),
            hangup_after_silence_ms=0,
            check_if_user_online=False,
        )
        exchange = Exchange(plan, ["Fine.", "Good."])
        _answer(scene, random, exchange, sentences, machine)
        exchange.run(WATCHED_MS)
        right = (FOUND in exchange.notes()) == machine
        yield "" if right else " ".join(sentences)


def _answer(scene: Scene, random: Random, exchange: Exchange, sentences: tuple[str, ...], machine: bool) -> None:
    """Sound and words of a greeting; a machine beeps behind it, most of the time."""
    at_ms, word_ms = random.randint(200, 1_500), random.randint(*scene.word_ms)
    parts: list[Samples] = [quiet(at_ms)]
    for sentence in sentences:
        end_ms = exchange.say(at_ms, _recognised(random, sentence, scene.missed_words), word_ms)
        pause_ms = random.randint(150, 700)
        # A recogniser may leave words out; they sound all the same.
        spoken_ms = max(len(sentence.split()) * word_ms, end_ms - at_ms)
        parts += [scene.speech(random, spoken_ms), quiet(pause_ms)]
        at_ms += spoken_ms + pause_ms
    if machine and random.random() < 0.9:
        parts.append(scene.beep(random)[2])
    parts.append(quiet(2_500))
    ear, vad = MachineEar(), EnergyVad()
    for number, frame in enumerate(scene.line(random, np.concatenate(parts))):
        kind = ear.feed(frame, vad.feed(frame))
        if kind:
            exchange.tell(FRAME_MS * (number + 1), ev.MachineDetected, kind, "local")


def _recognised(random: Random, sentence: str, missed: float) -> str:
    """The words as a recogniser over a telephone writes them: some are missing."""
    words = [word for word in sentence.split() if random.random() >= missed]
    return " ".join(words or sentence.split())
