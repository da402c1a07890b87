"""What the platform itself has an agent say where the agent has no words of its own, in the languages of ``opt_out.MESSAGES``.

Those are formal, and of no gender. Native speakers have not checked them; an agent says its own in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from callwright.conversation.stops import ENGLISH, base_language
from callwright.platform.agents.rules.transfers import DEFAULT_TRANSFER_MESSAGE


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Of one language. ``apology``: the model failed at the caller's words; ``failure``: the call ends for a failure; ``still_there``: in
    a silence; ``transfer``: before a transfer; ``briefing``: to the target of a warm one, and ``confirm``: how it accepts; ``tool``: while
    one runs, and ``waiting`` one after the other when it takes long."""

    apology: str
    failure: str
    still_there: str
    transfer: str
    briefing: str
    confirm: str
    tool: str
    waiting: tuple[str, ...]


OWN_WORDS: Mapping[str, OwnWords] = {
    "en": OwnWords(
        apology="Sorry, I did not get that. Could you say it again?",
        failure="Sorry, I am having technical trouble. Goodbye.",
        still_there="Hey, are you still there?",
        transfer=DEFAULT_TRANSFER_MESSAGE,
        briefing="A caller is on the line for you.",
        confirm="Press 1 to take the call, or 9 to decline it.",
        tool="Just give me a moment, I'll be back with you.",
        waiting=(
            "I am still on it, one moment please.",
            "Thank you for waiting, this takes a little longer than usual.",
        ),
    ),
    "hi": OwnWords(
        apology="माफ़ कीजिए, मुझे समझ नहीं आया। कृपया एक बार फिर कहिए।",
        failure="माफ़ कीजिए, एक तकनीकी समस्या आ गई है। नमस्ते।",
        still_there="हैलो, क्या आप अभी भी लाइन पर हैं?",
        transfer="ज़रूर, आपकी कॉल ट्रांसफ़र की जा रही है। कृपया एक पल इंतज़ार कीजिए।",
        briefing="आपके लिए एक कॉलर लाइन पर हैं।",
        confirm="कॉल लेने के लिए 1 दबाइए, मना करने के लिए 9 दबाइए।",
        tool="कृपया एक पल दीजिए, अभी देखकर बताते हैं।",
        waiting=(
            "काम अभी चल रहा है, कृपया एक पल और दीजिए।",
            "इंतज़ार के लिए धन्यवाद, इसमें थोड़ा ज़्यादा समय लग रहा है।",
        ),
    ),
    "es": OwnWords(
        apology="Perdone, no le he entendido. ¿Podría repetir lo que ha dicho, por favor?",
        failure="Lo siento, tengo un problema técnico. Adiós.",
        still_there="Hola, ¿sigue usted ahí?",
        transfer="Por supuesto, le paso la llamada. Un momento, por favor.",
        briefing="Hay una persona en la línea que desea hablar con usted.",
        confirm="Pulse 1 para aceptar la llamada o 9 para rechazarla.",
        tool="Un momento, por favor, enseguida estoy con usted.",
        waiting=(
            "Sigo en ello, un momento, por favor.",
            "Gracias por su paciencia, está tardando un poco más de lo habitual.",
        ),
    ),
    "fr": OwnWords(
        apology="Excusez-moi, je n'ai pas compris. Pourriez-vous répéter, s'il vous plaît ?",
        failure="Excusez-moi, je rencontre un problème technique. Au revoir.",
        still_there="Allô, vous êtes toujours là ?",
        transfer="Bien sûr, je vous transfère. Un instant, s'il vous plaît.",
        briefing="Une personne est en ligne pour vous.",
        confirm="Appuyez sur 1 pour prendre l'appel, ou sur 9 pour le refuser.",
        tool="Un instant, s'il vous plaît, je reviens vers vous tout de suite.",
        waiting=(
            "Je m'en occupe encore, un instant, s'il vous plaît.",
            "Merci de patienter, cela prend un peu plus de temps que d'habitude.",
        ),
    ),
    "de": OwnWords(
        apology="Entschuldigung, das habe ich nicht verstanden. Könnten Sie das bitte noch einmal sagen?",
        failure="Entschuldigung, ich habe gerade ein technisches Problem. Auf Wiederhören.",
        still_there="Hallo, sind Sie noch da?",
        transfer="Gerne, ich verbinde Sie. Einen Moment bitte.",
        briefing="Eine Person ist für Sie in der Leitung.",
        confirm="Drücken Sie die 1, um das Gespräch anzunehmen, oder die 9, um es abzulehnen.",
        tool="Einen Moment bitte, ich bin gleich wieder für Sie da.",
        waiting=(
            "Ich bin noch dabei, einen Moment bitte.",
            "Danke für Ihre Geduld, es dauert etwas länger als sonst.",
        ),
    ),
    "pt": OwnWords(
        apology="Desculpe, não entendi. Poderia repetir, por favor?",
        failure="Desculpe, estou com um problema técnico. Até logo.",
        still_there="Olá, ainda está aí?",
        transfer="Claro, vou transferir a chamada. Um momento, por favor.",
        briefing="Há uma pessoa na linha para falar consigo.",
        confirm="Prima 1 para atender a chamada ou 9 para a recusar.",
        tool="Só um momento, por favor, já volto.",
        waiting=(
            "Ainda não terminei, um momento, por favor.",
            "Agradeço a espera, isto demora um pouco mais do que o normal.",
        ),
    ),
    "it": OwnWords(
        apology="Mi scusi, non ho capito. Potrebbe ripetere, per favore?",
        failure="Mi scusi, ho un problema tecnico. Arrivederci.",
        still_there="Pronto, è ancora in linea?",
        transfer="Certo, trasferisco la chiamata. Un attimo, per favore.",
        briefing="C'è una persona in linea per lei.",
        confirm="Prema 1 per accettare la chiamata o 9 per rifiutarla.",
        tool="Un attimo, per favore, sono subito da lei.",
        waiting=(
            "Ci sto ancora lavorando, un attimo, per favore.",
            "Grazie per l'attesa, ci vuole un po' più del solito.",
        ),
    ),
    "ta": OwnWords(
        apology="மன்னிக்கவும், எனக்குப் புரியவில்லை. தயவுசெய்து மீண்டும் ஒருமுறை சொல்லுங்கள்.",
        failure="மன்னிக்கவும், ஒரு தொழில்நுட்பக் கோளாறு ஏற்பட்டுள்ளது. நன்றி, வணக்கம்.",
        still_there="ஹலோ, நீங்கள் இன்னும் இணைப்பில் இருக்கிறீர்களா?",
        transfer="சரி, உங்கள் அழைப்பை மாற்றித் தருகிறேன். தயவுசெய்து சற்றுக் காத்திருங்கள்.",
        briefing="உங்களுடன் பேச ஒருவர் இணைப்பில் காத்திருக்கிறார்.",
        confirm="அழைப்பை ஏற்க 1 ஐ அழுத்துங்கள், மறுக்க 9 ஐ அழுத்துங்கள்.",
        tool="ஒரு நிமிடம், இதோ பார்த்துச் சொல்கிறேன்.",
        waiting=(
            "இன்னும் பார்த்துக்கொண்டிருக்கிறேன், தயவுசெய்து ஒரு நிமிடம்.",
            "காத்திருந்ததற்கு நன்றி, வழக்கத்தைவிடச் சற்று அதிக நேரம் ஆகிறது.",
        ),
    ),
    "te": OwnWords(
        apology="క్షమించండి, నాకు అర్థం కాలేదు. దయచేసి మరోసారి చెప్పండి.",
        failure="క్షమించండి, ఒక సాంకేతిక సమస్య వచ్చింది. ధన్యవాదాలు.",
        still_there="హలో, మీరు ఇంకా లైన్‌లో ఉన్నారా?",
        transfer="తప్పకుండా, మీ కాల్‌ను బదిలీ చేస్తున్నాను. దయచేసి ఒక్క క్షణం ఆగండి.",
        briefing="మీతో మాట్లాడటానికి ఒకరు లైన్‌లో ఉన్నారు.",
        confirm="కాల్ తీసుకోవడానికి 1 నొక్కండి, వద్దనుకుంటే 9 నొక్కండి.",
        tool="ఒక్క క్షణం, ఇప్పుడే చూసి చెప్తాను.",
        waiting=(
            "ఇంకా చూస్తున్నాను, దయచేసి ఒక్క క్షణం.",
            "వేచి ఉన్నందుకు ధన్యవాదాలు, మామూలు కంటే కొంచెం ఎక్కువ సమయం పడుతోంది.",
        ),
    ),
}


_OF_OTHER_LANGUAGES = replace(OWN_WORDS[ENGLISH], tool="", waiting=())


def own_words(language: str) -> OwnWords:
    """Those of ``language``. Of one that is not there what has to be said is said in English, and nothing fills the time of a tool."""
    return OWN_WORDS.get(base_language(language), _OF_OTHER_LANGUAGES)
