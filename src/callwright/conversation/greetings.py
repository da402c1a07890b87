"""What answering machines say, and what people say who were taken for one. Compared without case and punctuation."""

from __future__ import annotations

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
    "reached my voicemail",
    "my voicemail",
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
"""A machine's words, unless a person offers it."""

_OFFERED: tuple[str, ...] = (
    "like to leave",
    "want to leave",
    "want me to take",
    "would you like me to",
    "can i take a message",
    "shall i take a message",
    "did you leave",
    "you left",
    "möchten sie eine nachricht",
    "wollen sie eine nachricht",
    "quiere dejar",
    "desea dejar",
    "voulez vous laisser",
    "vuole lasciare",
    "quer deixar",
    "wilt u een bericht",
)
"""So a person begins who offers to take a message, or asks about one."""

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


_TONE_WORDS, _LEAVE_WORDS, _OFFER_WORDS, _HINT_WORDS = (
    _ready(phrases) for phrases in (_AFTER_THE_TONE, _LEAVE_A_MESSAGE, _OFFERED, _HINTS)
)
_CALL_OUTS = frozenset(normalised(phrase) for phrase in _CALLS_OUT)


def is_machine_greeting(text: str) -> bool:
    """Whether ``text`` holds what only a machine says."""
    words = f" {normalised(text)} "
    if any(phrase in words for phrase in _TONE_WORDS):
        return True
    return any(phrase in words for phrase in _LEAVE_WORDS) and not any(phrase in words for phrase in _OFFER_WORDS)


def machine_hints(text: str) -> int:
    """How many different things ``text`` says that machines often say, and people sometimes."""
    words = f" {normalised(text)} "
    return sum(1 for phrase in _HINT_WORDS if phrase in words)


def calls_out(text: str) -> bool:
    """Whether ``text`` is nothing but somebody asking whether anybody is there."""
    return normalised(text) in _CALL_OUTS
