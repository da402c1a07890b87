"""What answering machines say, and what people say who were taken for one. Compared without case and punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callwright.conversation.stops import normalised

_AFTER_THE_TONE: tuple[str, ...] = (
    "after the tone",
    "after the beep",
    "after the signal",
    "at the tone",
    "at the beep",
    "at the sound of the tone",
    "nach dem ton",
    "nach dem signalton",
    "nach dem piepton",
    "nach dem piep",
    "después de la señal",
    "después del tono",
    "al oír la señal",
    "après le bip",
    "après le signal",
    "dopo il segnale",
    "dopo il bip",
    "após o sinal",
    "após o bip",
    "depois do sinal",
    "na de piep",
    "na de toon",
    "na de pieptoon",
    "po sygnale",
    "बीप के बाद",
    "टोन के बाद",
    "beep ke baad",
    "tone ke baad",
)
"""No person says this of themselves."""

_LEAVE_A_MESSAGE: tuple[str, ...] = (
    "leave a message",
    "leave your message",
    "leave me a message",
    "leave us a message",
    "leave a brief message",
    "leave a short message",
    "leave a detailed message",
    "leave your name and number",
    "leave your name and phone number",
    "leave your name number",
    "leave a callback number",
    "record your message",
    "record a message",
    "voice messaging system",
    "voice message system",
    "automated voice messaging",
    "reached the voicemail",
    "reached the voice mail",
    "reached the mailbox",
    "reached my mailbox",
    "reached my voicemail",
    "reached my voice mail",
    "this is my voicemail",
    "welcome to my voicemail",
    "got my voicemail",
    "through to my voicemail",
    "voice mailbox",
    "voicemail box",
    "voicemail of",
    "voicemail for",
    "mailbox is full",
    "mailbox has not been set up",
    "has a voice mailbox that has not been set up",
    "forwarded to voicemail",
    "the person you are calling",
    "the person you're calling",
    "the party you are trying to reach",
    "the subscriber you have dialed",
    "the subscriber you have dialled",
    "the subscriber you are trying to reach",
    "the customer you are calling",
    "the customer you are trying to reach",
    "the number you have dialed",
    "the number you have dialled",
    "nachricht hinterlassen",
    "hinterlassen sie eine nachricht",
    "hinterlassen sie bitte eine nachricht",
    "hinterlassen sie uns eine nachricht",
    "hinterlasse eine nachricht",
    "die mailbox von",
    "mit der mailbox verbunden",
    "persönliche mailbox",
    "der gewünschte gesprächspartner",
    "anrufbeantworter von",
    "deje un mensaje",
    "deje su mensaje",
    "deja tu mensaje",
    "deja un mensaje",
    "dejar un mensaje",
    "buzón de voz",
    "contestador automático",
    "el número que ha marcado",
    "laissez un message",
    "laissez votre message",
    "laissez moi un message",
    "laisser un message",
    "laisser votre message",
    "messagerie vocale",
    "boîte vocale",
    "sur le répondeur",
    "votre correspondant",
    "lasciate un messaggio",
    "lascia un messaggio",
    "lasciare un messaggio",
    "segreteria telefonica",
    "il cliente da lei chiamato",
    "deixe um recado",
    "deixe o seu recado",
    "deixe seu recado",
    "deixe sua mensagem",
    "deixe a sua mensagem",
    "deixe uma mensagem",
    "caixa postal",
    "correio de voz",
    "spreek een bericht in",
    "laat een bericht achter",
    "de voicemail van",
    "zostaw wiadomość",
    "poczta głosowa",
    "संदेश छोड़",
    "मैसेज छोड़",
    "sandesh chod",
    "message chhod",
    "aap jis vyakti",
)
"""A machine's words, unless a person speaks of such things."""

_TAKEN: tuple[str, ...] = (
    "can i take a message",
    "shall i take a message",
    "want me to take",
    "you left",
    "i got your message",
    "i just got your",
    "i received your message",
    "i heard your message",
    "i listened to",
    "ich habe ihre nachricht",
    "recibí su mensaje",
    "j'ai eu votre message",
    "ho ricevuto il suo messaggio",
)
"""No machine says this: whoever does is a person, whatever else is said of messages."""

_OFFERED: tuple[str, ...] = (
    "like to leave",
    "want to leave",
    "want me to leave",
    "like me to leave",
    "did you leave",
    "i leave",
    "we leave",
    "let me leave",
    "let me just leave",
    "i'll leave",
    "i will leave",
    "we'll leave",
    "i'd leave",
    "wanted to leave",
    "tried to leave",
    "trying to leave",
    "asked me to leave",
    "told me to leave",
    "didn't leave",
    "i reached",
    "on my voicemail",
    "on my voice mail",
    "in my voicemail",
    "in my voice mail",
    "my mailbox",
    "your mailbox",
    "a voicemail from",
    "got a voicemail",
    "have a voicemail",
    "had a voicemail",
    "i was forwarded",
    "i got forwarded",
    "keep getting forwarded",
    "put you through",
    "who is the person",
    "who's the person",
    "name of the person",
    "i'm the person",
    "i am the person",
    "what is the number",
    "what's the number",
    "which is the number",
    "not the number",
    "möchten sie eine nachricht",
    "wollen sie eine nachricht",
    "kann ich eine nachricht",
    "könnte ich eine nachricht",
    "darf ich eine nachricht",
    "soll ich eine nachricht",
    "ich möchte eine nachricht",
    "ich wollte eine nachricht",
    "quiere dejar",
    "desea dejar",
    "puedo dejar",
    "podría dejar",
    "quiero dejar",
    "quisiera dejar",
    "en mi buzón",
    "voulez vous laisser",
    "puis je laisser",
    "je peux laisser",
    "je pourrais laisser",
    "je voudrais laisser",
    "j'aimerais laisser",
    "vuole lasciare",
    "posso lasciare",
    "potrei lasciare",
    "vorrei lasciare",
    "quer deixar",
    "quer que eu deixe",
    "na minha caixa postal",
    "no meu correio de voz",
    "wilt u een bericht",
    "मैं संदेश छोड़",
    "मैं मैसेज छोड़",
    "main sandesh chod",
    "main message chhod",
)
"""So a person speaks who offers to let a message be left, wants to leave one, or says where one is. Acquits the words of a machine
that begin within it ("can I leave a message", "on my voicemail for Ada") and no others: a machine too says where one is."""

_HINTS: tuple[str, ...] = (
    "you have reached",
    "you've reached",
    "can't come to the phone",
    "cannot come to the phone",
    "unable to come to the phone",
    "can't take your call",
    "cannot take your call",
    "unable to take your call",
    "can't answer your call",
    "unable to answer",
    "not available",
    "unavailable",
    "away from my phone",
    "away from the phone",
    "call you back",
    "get back to you",
    "return your call",
    "our opening hours",
    "our office is closed",
    "please hang up",
    "ich bin zurzeit nicht",
    "ich bin im moment nicht",
    "nicht erreichbar",
    "rufe sie zurück",
    "rufe zurück",
    "no puedo atender",
    "no está disponible",
    "devolveré la llamada",
    "je ne suis pas disponible",
    "je vous rappelle",
    "n'est pas disponible",
    "non sono disponibile",
    "non è raggiungibile",
    "não posso atender",
    "não está disponível",
    "retornarei",
    "niet bereikbaar",
    "bel u terug",
    "उपलब्ध नहीं",
    "uplabdh nahin",
)
"""People say one of these too; two of them in one unbroken speech right after the answer are a machine's."""

_CALLS_OUT: tuple[str, ...] = (
    "hello",
    "hello hello",
    "hello are you there",
    "are you there",
    "anybody there",
    "is anybody there",
    "hello is anybody there",
    "who is this",
    "hello who is this",
    "who's there",
    "who is calling",
    "can you hear me",
    "hello can you hear me",
    "hi hello",
    "yes hello",
    "hallo",
    "hallo hallo",
    "hallo wer ist da",
    "wer ist da",
    "sind sie noch da",
    "hola",
    "quién es",
    "bueno",
    "allô",
    "qui est ce",
    "pronto",
    "chi è",
    "alô",
    "quem é",
    "wie is daar",
    "halo",
    "हैलो",
    "कौन है",
    "haan",
    "haan ji",
    "kaun",
)


def _ready(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {normalised(phrase)} " for phrase in phrases)


_TONE_WORDS, _LEAVE_WORDS, _TAKEN_WORDS, _OFFER_WORDS, _HINT_WORDS = (
    _ready(phrases) for phrases in (_AFTER_THE_TONE, _LEAVE_A_MESSAGE, _TAKEN, _OFFERED, _HINTS)
)
_CALL_OUTS = frozenset(normalised(phrase) for phrase in _CALLS_OUT)


def is_machine_greeting(text: str) -> bool:
    """Whether ``text`` holds what only a machine says."""
    words = f" {normalised(text)} "
    if tells_of_tone(text):
        return True
    if any(phrase in words for phrase in _TAKEN_WORDS):
        return False
    offers = list(_places(_OFFER_WORDS, words))
    return any(not any(begin <= place < end - 1 for begin, end in offers) for place, _ in _places(_LEAVE_WORDS, words))


def tells_of_tone(text: str) -> bool:
    """Whether ``text`` says what is to be done after a tone."""
    words = f" {normalised(text)} "
    return any(phrase in words for phrase in _TONE_WORDS)


def _places(phrases: tuple[str, ...], words: str) -> Iterator[tuple[int, int]]:
    """Where ``phrases`` stand in ``words``: each one's first character and the one behind its last. The spaces around it belong to it."""
    return (found.span() for phrase in phrases for found in re.finditer(re.escape(phrase), words))


def machine_hints(text: str) -> int:
    """How many different things ``text`` says that machines often say, and people sometimes."""
    words = f" {normalised(text)} "
    return sum(1 for phrase in _HINT_WORDS if phrase in words)


def calls_out(text: str) -> bool:
    """Whether ``text`` is nothing but somebody asking whether anybody is there."""
    return normalised(text) in _CALL_OUTS
