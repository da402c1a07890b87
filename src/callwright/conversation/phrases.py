"""Words that mean something by themselves while the agent speaks, by language: data, read by ``stops.Phrasebook``.

Every call knows English besides its own language. Spelling does not matter (case, punctuation, accents, "hmmm" for "hm"); Hindi, Tamil and
Telugu stand in their own script and in Latin letters, because recognisers write both. A test keeps the tables of a call apart: no words
stop the agent and mean "go on" at once.
"""

from __future__ import annotations

from collections.abc import Mapping

STOPS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *(
            "stop",
            "stop it",
            "stop talking",
            "please stop",
            "stop please",
            "wait please",
            "quit",
            "cancel",
            "wait",
            "wait wait",
            "please wait",
        ),
        *("wait a minute", "wait a moment", "wait a second", "wait a sec", "just a moment", "just a second"),
        *("just a minute", "one moment", "one moment please", "one second", "one minute", "hold on"),
        *("hold on a second", "hang on", "no", "nope", "no wait", "no stop", "no no wait", "excuse me"),
        *("sorry to interrupt", "let me finish", "listen", "listen to me", "be quiet", "quiet", "shut up", "enough"),
        *("that's enough", "bye", "bye bye", "goodbye", "good bye"),
    ),
    "hi": (
        *("रुको", "रुकिए", "रुकिये", "रुक जाओ", "रुक जाइए", "रुकिए ज़रा", "एक मिनट", "एक मिनट रुकिए", "एक सेकंड", "एक सेकेंड"),
        *(
            "बस",
            "बस करो",
            "बस कीजिए",
            "बंद करो",
            "नहीं",
            "नही",
            "ना",
            "जी नहीं",
            "सुनो",
            "सुनिए",
            "मेरी बात सुनिए",
            "चुप",
            "चुप रहो",
        ),
        *("अलविदा", "ruko", "rukiye", "rukiyega", "ruk jao", "ruk jaiye", "ek minute", "ek minat", "ek second"),
        *("ek sec", "bas", "bas karo", "bas kijiye", "band karo", "nahi", "nahin", "nai", "ji nahi", "ji nahin"),
        *("suno", "suniye", "meri baat suniye", "chup", "chup raho", "alvida"),
    ),
    "es": (
        *("para", "pare", "alto", "espera", "espere", "espérate", "un momento", "un momentito", "un segundo"),
        *("un minuto", "no", "no no", "basta", "ya basta", "cállate", "cállese", "silencio", "escucha", "escuche"),
        *("escúcheme", "oiga", "oye", "perdón", "perdone", "disculpe", "cancelar", "cancela", "cancele", "adiós"),
    ),
    "fr": (
        *("stop", "arrête", "arrêtez", "attends", "attendez", "un instant", "un moment", "une seconde", "une minute"),
        *("non", "non non", "écoute", "écoutez", "écoutez-moi", "excusez-moi", "pardon", "silence", "tais-toi"),
        *("taisez-vous", "ça suffit", "assez", "annule", "annulez", "au revoir"),
    ),
    "de": (
        *("stopp", "stop", "halt", "warte", "warten", "warte mal", "warten Sie", "warten Sie mal", "Moment"),
        *("einen Moment", "einen Moment bitte", "Moment mal", "eine Sekunde", "Sekunde", "eine Minute", "nein"),
        *("nee", "nein nein", "hör auf", "hören Sie auf", "aufhören", "hör zu", "hören Sie", "hören Sie zu"),
        *("Entschuldigung", "entschuldigen Sie", "Ruhe", "sei still", "seien Sie still", "genug", "das reicht"),
        *("abbrechen", "tschüss", "auf Wiederhören", "auf Wiedersehen"),
    ),
    "pt": (
        *("pare", "para", "espera", "espere", "espera aí", "um momento", "um momentinho", "um minuto", "um segundo"),
        *("só um momento", "só um minuto", "não", "não não", "chega", "basta", "cala a boca", "silêncio", "escuta"),
        *("escute", "com licença", "desculpe", "desculpa", "cancela", "cancelar", "tchau", "adeus"),
    ),
    "it": (
        *("ferma", "fermati", "si fermi", "fermo", "basta", "aspetta", "aspetti", "un momento", "un attimo"),
        *("un minuto", "un secondo", "no", "no no", "ascolta", "ascolti", "mi ascolti", "scusa", "scusi"),
        *("mi scusi", "silenzio", "zitto", "annulla", "annulli", "arrivederci"),
    ),
    "ta": (
        *("நிறுத்து", "நிறுத்துங்கள்", "ஒரு நிமிடம்", "இல்லை", "வேண்டாம்", "பொறு", "பொறுங்க", "கேளுங்க"),
        *("niruthu", "niruthunga", "oru nimisham", "illai", "illa", "vendam", "poru", "porunga", "kelunga"),
    ),
    "te": (
        *("ఆపు", "ఆపండి", "ఒక నిమిషం", "వద్దు", "కాదు", "లేదు", "ఆగండి", "వినండి"),
        *("aapu", "aapandi", "oka nimisham", "vaddu", "kaadu", "ledu", "aagandi", "vinandi"),
    ),
}
"""Interrupt the agent at once, however few they are."""

ASSENTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("yes", "yeah", "yea", "yep", "yup", "yes please", "ya", "ok", "o.k.", "okay", "okey", "right", "all right"),
        *("alright", "sure", "correct", "that's right", "that's correct", "exactly", "of course", "fine", "great"),
        *("perfect", "good", "sounds good", "absolutely", "definitely", "mhm", "mm-hmm", "mm hm", "mm", "m hm"),
        *("uh-huh", "aha", "a ha"),
    ),
    "hi": (
        *("हाँ", "हां", "हाँ जी", "जी", "जी हाँ", "ठीक", "ठीक है", "सही", "सही है", "बिल्कुल", "बिलकुल", "ओके", "हूँ"),
        *("haan", "han", "haa", "ha", "haan ji", "haanji", "ji", "ji haan", "theek", "thik", "theek hai", "thik hai"),
        *("sahi", "sahi hai", "bilkul", "hoon"),
    ),
    "es": (
        *("sí", "sí sí", "ajá", "vale", "claro", "claro que sí", "de acuerdo", "exacto", "correcto", "perfecto"),
        *("por supuesto", "está bien", "bien", "eso es"),
    ),
    "fr": (
        *("oui", "ouais", "d'accord", "bien sûr", "c'est ça", "exactement", "exact", "très bien", "entendu"),
        *("parfait", "tout à fait", "voilà"),
    ),
    "de": (
        *("ja", "jaja", "jo", "jawohl", "genau", "richtig", "alles klar", "klar", "gut", "sehr gut", "in Ordnung"),
        *("stimmt", "natürlich", "gerne", "gern", "passt"),
    ),
    "pt": (
        *("sim", "aham", "uhum", "tá", "tá bom", "tá bem", "tá certo", "certo", "está bem", "claro", "isso"),
        *("isso mesmo", "exato", "exatamente", "beleza", "é", "com certeza", "perfeito"),
    ),
    "it": (
        *("sì", "sì sì", "va bene", "certo", "certamente", "esatto", "giusto", "d'accordo", "già", "bene"),
        *("perfetto", "ecco"),
    ),
    "ta": ("ஆமா", "ஆமாம்", "சரி", "சரிங்க", "aama", "aamam", "seri", "sari", "saringa"),
    "te": ("అవును", "సరే", "సరేనండి", "avunu", "sare", "sarenandi"),
}
"""Back-channels that can also be an answer: "yes" over a statement means "go on", over a question it means yes."""

OPENINGS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("yeah", "yea", "ya", "ok", "o.k.", "okay", "okey", "right", "all right", "alright", "sure", "of course"),
        *("fine", "great", "good", "mhm", "mm-hmm", "mm hm", "mm", "m hm", "uh-huh", "aha", "a ha"),
    ),
    "hi": (
        *("जी", "ठीक", "ठीक है", "ओके", "हूँ"),
        *("ji", "theek", "thik", "theek hai", "thik hai", "hoon"),
    ),
    "es": ("ajá", "vale", "claro", "bien", "está bien"),
    "fr": ("ouais", "d'accord", "bien sûr", "très bien", "voilà"),
    "de": ("jo", "alles klar", "klar", "gut", "sehr gut", "in Ordnung"),
    "pt": ("aham", "uhum", "tá", "tá bom", "tá bem", "tá certo", "certo", "está bem", "claro", "beleza"),
    "it": ("va bene", "certo", "d'accordo", "già", "bene", "ecco"),
    "ta": ("சரி", "சரிங்க", "seri", "sari", "saringa"),
    "te": ("సరే", "సరేనండి", "sare", "sarenandi"),
}
"""Assents with which people often begin a sentence ("yeah, but not on Monday"): alone they may be the whole answer, or its beginning."""

NODS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("hm", "hmm", "mmm", "ah", "oh", "ooh", "uh", "um", "er", "erm", "i see", "got it", "i understand"),
        *("understood", "really", "wow", "interesting", "oh okay", "go on", "go ahead", "please continue"),
        *("continue", "makes sense", "that makes sense", "i know"),
    ),
    "hi": (
        *("अच्छा", "हम्म", "ओह", "अरे वाह", "समझ गया", "समझ गई", "समझा"),
        *("accha", "achha", "acha", "achcha", "hmm", "arre wah", "samajh gaya", "samajh gayi", "samjha"),
    ),
    "es": ("ya", "ya veo", "entiendo", "entendido", "bueno", "mmm", "ah", "oh", "eh", "comprendo", "siga", "sigue"),
    "fr": ("je vois", "je comprends", "compris", "bon", "ah", "ah bon", "hum", "euh", "hein", "continuez"),
    "de": ("aha", "ach so", "achso", "ach", "ah", "äh", "ähm", "hm", "verstehe", "ich verstehe", "weiter", "so so"),
    "pt": ("entendi", "entendo", "ah", "ah tá", "hum", "pois", "pois é", "sei", "nossa", "continue"),
    "it": ("capisco", "ho capito", "capito", "ah", "eh", "beh", "mah", "prego", "continui"),
    "ta": ("ம்ம்", "ம்", "அப்படியா", "appadiya", "mm"),
    "te": ("ఊ", "ఆ", "అలాగా", "alaaga", "oo"),
}
"""Back-channels that are no assent. Over a statement they never are an answer."""

ANSWERING_NODS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("got it", "i understand", "understood", "go on", "go ahead", "please continue", "continue", "makes sense"),
        *("that makes sense", "i know"),
    ),
    "hi": (
        *("अच्छा", "समझ गया", "समझ गई", "समझा"),
        *("accha", "achha", "acha", "achcha", "samajh gaya", "samajh gayi", "samjha"),
    ),
    "es": ("entiendo", "entendido", "bueno", "comprendo", "siga", "sigue"),
    "fr": ("je comprends", "compris", "continuez"),
    "de": ("verstehe", "ich verstehe", "weiter"),
    "pt": ("entendi", "entendo", "pois", "pois é", "sei", "continue"),
    "it": ("capisco", "ho capito", "capito", "prego", "continui"),
    "ta": ("ம்ம்", "ம்"),
    "te": ("ఊ", "ఆ", "oo"),
}
"""Nods that do answer where a question is open: "shall I book it?" "go ahead"; "do you understand?" "I understand"."""

DENIALS: Mapping[str, tuple[str, ...]] = {
    "en": ("no", "nope", "nah", "no thanks", "no thank you", "not really", "not at all", "no please"),
    "hi": ("नहीं", "नही", "ना", "जी नहीं", "nahi", "nahin", "nai", "na", "ji nahi", "ji nahin"),
    "es": ("no", "no no", "no gracias"),
    "fr": ("non", "non merci", "pas du tout"),
    "de": ("nein", "nee", "nö", "nein danke"),
    "pt": ("não", "não obrigado", "não obrigada"),
    "it": ("no", "no grazie"),
    "ta": ("இல்லை", "வேண்டாம்", "illai", "illa", "vendam"),
    "te": ("కాదు", "లేదు", "వద్దు", "kaadu", "ledu", "vaddu"),
}
"""With the assents, all that answers a question of yes or no completely."""

REFUSALS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("please don't", "please do not", "don't please", "not now", "not now please", "not now thanks"),
        "not right now",
    ),
    "hi": (
        *("अभी नहीं", "मत कीजिए", "नहीं धन्यवाद", "नहीं शुक्रिया", "abhi nahi", "abhi nahin", "mat kijiye"),
        *("nahi dhanyavad", "nahi shukriya"),
    ),
    "es": ("ahora no", "por favor no", "no por favor", "mejor no"),
    "fr": ("pas maintenant", "surtout pas"),
    "de": ("nein bitte", "bitte nicht", "nein bitte nicht", "jetzt nicht", "nicht jetzt"),
    "pt": ("agora não", "por favor não", "não por favor", "melhor não"),
    "it": ("non ora", "non adesso", "per favore no", "no per favore", "meglio di no"),
    "ta": ("இப்போது வேண்டாம்", "ippo vendam", "ippodhu vendam"),
    "te": ("ఇప్పుడు వద్దు", "ippudu vaddu"),
}
"""With the denials, what calls off a transfer that is announced. They are no answers: "please don't" may go on with "cancel it". "Don't"
alone is none of them: mostly it begins a sentence."""

FAREWELLS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("bye", "bye bye", "goodbye", "good bye", "see you", "take care", "you too", "have a nice day"),
        *("have a good day", "have a good one", "good night"),
    ),
    "hi": ("नमस्ते", "अलविदा", "namaste", "alvida"),
    "es": ("adiós", "chao", "hasta luego", "igualmente", "que tenga buen día"),
    "fr": ("au revoir", "bonne journée", "à bientôt", "vous aussi"),
    "de": ("tschüss", "tschüs", "auf wiederhören", "auf wiedersehen", "ebenso", "schönen tag"),
    "pt": ("tchau", "adeus", "até logo", "igualmente"),
    "it": ("arrivederci", "ciao", "buona giornata", "altrettanto"),
    "ta": ("வணக்கம்", "vanakkam"),
    "te": ("నమస్తే", "namaste"),
}
"""With the thanks, what is said to a goodbye: who says it does not ask the agent to stay."""

THANKS: Mapping[str, tuple[str, ...]] = {
    "en": ("thanks", "thank you", "thanks a lot", "thank you very much", "thank you so much", "many thanks"),
    "hi": ("धन्यवाद", "शुक्रिया", "dhanyavad", "dhanyawad", "shukriya"),
    "es": ("gracias", "muchas gracias"),
    "fr": ("merci", "merci beaucoup"),
    "de": ("danke", "vielen dank", "danke schön"),
    "pt": ("obrigado", "obrigada", "muito obrigado", "muito obrigada"),
    "it": ("grazie", "grazie mille"),
    "ta": ("நன்றி", "nandri"),
    "te": ("ధన్యవాదాలు", "dhanyavadalu"),
}

PRESENCE: Mapping[str, tuple[str, ...]] = {
    "en": (
        *(
            "hello",
            "hallo",
            "hullo",
            "hello there",
            "are you there",
            "are you still there",
            "you there",
            "you still there",
        ),
        *(
            "anyone there",
            "anybody there",
            "is anyone there",
            "is anybody there",
            "is somebody there",
            "can you hear me",
        ),
        *("do you hear me", "you hear me", "are you hearing me", "can anybody hear me", "can anyone hear me"),
        *("are you still on the line", "are you on the line", "did i lose you", "have i lost you"),
    ),
    "hi": (
        *("हैलो", "हेलो", "हलो", "हैलो जी", "कोई है क्या", "क्या कोई है", "क्या आप हैं", "आप हैं क्या"),
        *("आप सुन रहे हैं", "क्या आप सुन रहे हैं", "मेरी आवाज़ आ रही है", "क्या मेरी आवाज़ आ रही है"),
        *("helo", "halo", "hello ji", "koi hai kya", "kya aap hain", "aap sun rahe hain", "kya aap sun rahe hain"),
        *("meri awaaz aa rahi hai", "kya meri awaaz aa rahi hai"),
    ),
    "es": (
        "hola",
        "aló",
        "estás ahí",
        "sigues ahí",
        "me oyes",
        "me escuchas",
        "puede oírme",
        "puedes oírme",
        "hay alguien ahí",
    ),
    "fr": (
        *("allô", "vous êtes là", "tu es là", "êtes-vous là", "vous êtes toujours là", "êtes-vous toujours là"),
        *("vous êtes encore là", "tu es encore là", "il y a quelqu'un", "y a quelqu'un", "vous m'entendez"),
        *("tu m'entends", "m'entendez-vous", "est-ce que vous m'entendez", "est-ce que vous êtes là"),
    ),
    "de": (
        *("hallo", "sind Sie da", "sind Sie noch da", "bist du da", "bist du noch da", "sind Sie noch dran"),
        *("bist du noch dran", "ist da jemand", "ist da wer", "ist jemand da", "hören Sie mich"),
        *("hörst du mich", "können Sie mich hören", "kannst du mich hören", "hören Sie mich noch"),
    ),
    "pt": (
        *("alô", "olá", "você está aí", "você ainda está aí", "você tá aí", "tem alguém aí", "há alguém aí"),
        *("você me ouve", "você está me ouvindo", "tá me ouvindo", "consegue me ouvir", "está a ouvir-me"),
    ),
    "it": (
        *(
            "pronto pronto",
            "sei lì",
            "sei ancora lì",
            "ci sei ancora",
            "c'è qualcuno",
            "mi sente",
            "mi senti",
        ),
        *("riesce a sentirmi", "riesci a sentirmi"),
    ),
    "ta": (
        *("ஹலோ", "இருக்கீங்களா", "இருக்கிறீர்களா", "யாராவது இருக்கீங்களா", "கேக்குதா", "கேட்குதா", "நான் பேசுறது கேக்குதா"),
        *("irukeengala", "irukkeengala", "yaaravadhu irukeengala", "kekkudha", "ketkudha"),
    ),
    "te": (
        *("హలో", "ఉన్నారా", "మీరు ఉన్నారా", "ఎవరైనా ఉన్నారా", "వినిపిస్తుందా", "వినిపిస్తోందా", "వినబడుతుందా"),
        *("unnara", "meeru unnara", "evaraina unnara", "vinipistunda", "vinipistonda", "vinabadutunda"),
    ),
}
"""Only ask whether somebody is there: who says them behind a turn waits for its answer and adds nothing to it. Words with which other
sentences end ("I want to talk to" - "anybody", "quando è" - "pronto") are none."""
