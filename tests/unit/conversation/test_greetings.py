"""Words of machines, and words of people that sound like them."""

import pytest

from callwright.conversation.greetings import calls_out, is_machine_greeting, machine_hints, tells_of_tone


@pytest.mark.parametrize(
    "text",
    [
        "Please leave your message after the tone.",
        "You've reached the voicemail of Ada Stone.",
        "Hey, you've reached my voicemail, talk to you soon.",
        "Hi, this is my voicemail.",
        "Welcome to my voicemail.",
        "Hi, you've reached my mailbox. Please leave a message and I'll call you back.",
        "Hi, you've reached my mailbox.",
        "Hello, this is Bob. I can't answer right now, please leave a message on my voicemail.",
        "You are on my voicemail, leave your name and number.",
        "Leave me a message in my voicemail.",
        "Sorry I missed you. Leave me a message and I'll leave you one back.",
        "Hi, this is Ann. We leave on vacation on Monday. Please leave a message.",
        "Hi, I'm the person you are trying to reach, leave a message.",
        "Está en mi buzón de voz, deje su mensaje.",
        "Deja un mensaje en mi buzón de voz.",
        "Você ligou para o João, deixe um recado na minha caixa postal.",
        "Deixe sua mensagem no meu correio de voz.",
        "The person you are calling is not available right now.",
        "Guten Tag, bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
        "Por favor, deje su mensaje después del tono.",
        "Merci de laisser un message après le bip.",
        "Lasciate un messaggio dopo il segnale acustico.",
        "Deixe a sua mensagem após o sinal.",
        "Spreek een bericht in na de piep.",
        "कृपया बीप के बाद संदेश छोड़ें",
    ],
)
def test_a_machine_is_known_by_its_words(text: str) -> None:
    assert is_machine_greeting(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello?",
        "Good morning, Hill Dental, this is Mary, how can I help you?",
        "He is not available, would you like to leave a message?",
        "Can I take a message? You can leave a message with me.",
        "Möchten Sie eine Nachricht hinterlassen?",
        "I got your message, thank you.",
        "I got your message on my voicemail.",
        "Can I leave a message?",
        "Could I leave a message for the doctor?",
        "Let me leave a message for her.",
        "I'll leave a message with the nurse then.",
        "Yes, I'm the person you are calling.",
        "My mailbox is full, I could not hear it.",
        "That's not the number you have dialed.",
        "I have a voicemail from you.",
        "I have a voicemail for Ada here.",
        "I was forwarded to voicemail twice.",
        "Do you want me to leave a message?",
        "Tengo algo en mi buzón de voz.",
        "Quer que eu deixe um recado?",
        "My voicemail does not work.",
        "Kann ich eine Nachricht hinterlassen?",
        "¿Puedo dejar un mensaje?",
        "Je voudrais laisser un message.",
        "Vorrei lasciare un messaggio.",
        "क्या मैं संदेश छोड़ सकता हूँ",
    ],
)
def test_a_person_is_none(text: str) -> None:
    assert not is_machine_greeting(text)


def test_an_offer_does_not_excuse_the_tone() -> None:
    assert is_machine_greeting("Would you like to leave a message? Speak after the beep.")


def test_different_hints_are_counted() -> None:
    assert machine_hints("You have reached the Smiths. You have reached the Smiths.") == 1
    assert machine_hints("You have reached the Smiths. We can't come to the phone.") == 2
    assert machine_hints("Hello, who is there?") == 0


def test_only_calling_out_is_calling_out() -> None:
    assert calls_out("Hello? Are you there?")
    assert calls_out("Hello.")
    assert not calls_out("Hello, you have reached Ada.")


def test_a_person_may_speak_of_messages_and_only_a_machine_of_its_tone() -> None:
    assert tells_of_tone("Hi, leave a message after the TONE.")
    assert not tells_of_tone("You can leave a message with me.")
