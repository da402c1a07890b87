"""Whether a caller asks not to be called any more: by rule, in the languages of ``phrases``, and what the agent says to it.

A rule must not take "don't call me Bob", "don't call me before nine" or "why don't you call me again?" for it. So each phrase says what
may follow it: nothing, or words that add nothing. English is a small grammar, because so much is said with the same words; the other
languages are whole phrases. Texts are compared as ``stops.normalised`` spells them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from callwright.conversation.stops import ENGLISH, base_language, normalised

MESSAGES: Mapping[str, str] = {
    "en": "Understood. We will not call this number again. Goodbye.",
    "hi": "ठीक है। हम इस नंबर पर दोबारा कॉल नहीं करेंगे। नमस्ते।",
    "es": "Entendido. No volveremos a llamar a este número. Adiós.",
    "fr": "C'est compris. Nous n'appellerons plus ce numéro. Au revoir.",
    "de": "Verstanden. Wir rufen diese Nummer nicht mehr an. Auf Wiederhören.",
    "pt": "Entendido. Não ligaremos mais para este número. Até logo.",
    "it": "Ho capito. Non chiameremo più questo numero. Arrivederci.",
    "ta": "சரி. இந்த எண்ணுக்கு இனி அழைக்க மாட்டோம். நன்றி, வணக்கம்.",
    "te": "సరే. ఈ నంబర్‌కు మళ్ళీ కాల్ చేయము. ధన్యవాదాలు.",
}
"""What the agent says before it hangs up, where its own ``opt_out_message`` does not."""

_CALL = r"(?:call|phone|ring|telephone|contact|text|message|dial|bother|harass)"
_CALLING = r"(?:calling|phoning|ringing|telephoning|contacting|texting|messaging|dialing|dialling|bothering|harassing)"
_WHOM = r"(?:me|us|here|this (?:phone )?number|my (?:phone |mobile |cell )?(?:number|phone)|this phone)"
_NO_MORE = r"(?:again|any ?more|ever(?: again)?|any longer|at all|in (?:the )?future|no more)"
_AFTER = (
    r"(?=$| (?:please|thanks|thank you|okay|ok|now|and|or|i|i'm|i've|you|this|that's|it's|bye|goodbye|got it|do you|is that|understood"
    r"|right|all the time|every day|everyday|so|because|just|remove|take|stop|don't|do not|never|with|about))"
)
_LIMITED = (
    r"(?! (?:until|till|before|after|unless|today|tonight|tomorrow|this|next|on|at|in the|during|without|if|when|while|so early|so late"
    r"|because i'll"
    r"|i'll (?:call|phone|ring|contact)|i will (?:call|phone|ring|contact)|we'll (?:call|phone)|for (?:a|the|an|some|another)))"
)
#: What makes the words somebody else's, or a question or condition.
_NOT_A_WISH = r"(?<!\bif you )(?<!\bwhy )(?<!\byou )(?<!\bthey )(?<!\bhe )(?<!\bshe )(?<!\bwe )(?<!\bi )(?<!\bwho )"
_NOT_A_WISH += (
    r"(?<!\bshe'd )(?<!\bhe'd )(?<!\bthey'd )(?<!\bher to )(?<!\bhim to )(?<!\bthem to )(?<!\bwon't )(?<!\bnot )"
)
_NEVER = r"(?:don't|dont|do not|never)(?: you)?(?: dare)?(?: ever)?"

_MY_NUMBER = r"my (?:phone |mobile |cell )?number"
_LIST = r"(?:list|lists|database|system|records|registry|directory)"
_NO_LONGER_WANT = r"(?:don't|do not|no longer|never) want"

_ENGLISH = (
    rf"{_NOT_A_WISH}\b{_NEVER} {_CALL}(?: {_WHOM})* {_NO_MORE}\b{_LIMITED}",
    (
        r"\b(?:make sure|see to it)(?: that)? (?:you|nobody|no one) (?:(?:don't|do not|never) )?"
        rf"{_CALL}s?(?: {_WHOM})* {_NO_MORE}\b{_LIMITED}"
    ),
    rf"{_NOT_A_WISH}\b{_NEVER} {_CALL} {_WHOM}{_AFTER}{_LIMITED}",
    rf"{_NOT_A_WISH}\b(?:stop|quit|no more)(?: {_CALLING})(?: {_WHOM}| people)*(?: {_NO_MORE})?{_AFTER}{_LIMITED}",
    r"\bno more (?:phone )?calls(?=$| (?:please|thanks|thank you|from you|to (?:me|this number)|ok|okay))",
    (
        r"\b(?:remove|take|delete|strike|get|scratch|drop)"
        rf" (?:me|us|{_MY_NUMBER}|my name|this number|my (?:details|data|contact))"
        rf"(?: (?:off|from|out)(?: of)? (?:your|the|this|that|any|all)(?: \w+){{0,2}} {_LIST}|(?=$| (?:please|now|thanks|thank you|and)))"
    ),
    rf"\b(?:put|add|place) (?:me|us|{_MY_NUMBER}|this number) (?:on|to|in) (?:your|the|a) (?:do not|don't|no) call\b",
    r"\b(?:i'm|i am|my number is|this number is) (?:on|in) the (?:do not|don't) call (?:list|registry)\b",
    (
        r"\b(?:want|like|wish|need|going|let me|please|can i|may i|could i)(?: to)? (?:opt|be opted) out"
        r"(?=$| (?:please|now|of (?:these|your|the|this|all)(?: \w+)? (?:calls?|calling|list|lists)))"
    ),
    r"^opt (?:me )?out(?=$| (?:please|now))",
    r"\b(?:opt me out|unsubscribe me)\b",
    rf"\b(?:lose|forget|delete|erase) {_MY_NUMBER}(?=$| (?:please|now|and))",
    (
        rf"\b{_NO_LONGER_WANT} (?:you |you guys |you people |anyone |anybody )?to"
        rf" (?:{_CALL}(?: {_WHOM})+|be (?:called|contacted|phoned))(?: (?:by you|by anyone))?(?: {_NO_MORE}|{_AFTER}){_LIMITED}"
    ),
    (
        rf"\b{_NO_LONGER_WANT} (?:to (?:get|receive) )?(?:any |any more |more |your |these |further )+(?:phone |sales )?calls?"
        r"(?=$| (?:from|please|any|again|at all|to|on))"
    ),
)

#: (phrases, what may follow besides the end). Only whole phrases count, and ``normalised`` makes their spelling the same.
_PHRASES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hi": (
        (
            *(
                "मुझे कॉल मत करो",
                "मुझे कॉल मत करना",
                "मुझे कॉल मत कीजिए",
                "मुझे कॉल मत करिए",
                "मुझे फोन मत करो",
                "मुझे फोन मत करना",
            ),
            *(
                "मुझे फोन मत कीजिए",
                "दोबारा कॉल मत करना",
                "दोबारा कॉल मत करो",
                "दोबारा कॉल मत कीजिए",
                "दोबारा फोन मत करना",
            ),
            *(
                "दोबारा फोन मत कीजिए",
                "फिर कभी कॉल मत करना",
                "फिर कभी फोन मत करना",
                "कॉल करना बंद करो",
                "कॉल करना बंद कीजिए",
            ),
            *(
                "फोन करना बंद करो",
                "फोन करना बंद कीजिए",
                "मेरा नंबर हटा दो",
                "मेरा नंबर हटा दीजिए",
                "मेरा नंबर हटाओ",
                "मेरा नंबर हटाइए",
            ),
            *(
                "mujhe call mat karo",
                "mujhe call mat karna",
                "mujhe call mat kijiye",
                "mujhe phone mat karo",
                "mujhe phone mat karna",
            ),
            *("mujhe phone mat kijiye", "dobara call mat karna", "dobara call mat karo", "dobara call mat kijiye"),
            *(
                "dobara phone mat karna",
                "dobara phone mat kijiye",
                "phir kabhi call mat karna",
                "phir se call mat karna",
            ),
            *("call karna band karo", "call karna band kijiye", "phone karna band karo", "phone karna band kijiye"),
            *("mera number hata do", "mera number hata dijiye", "mera number hatao", "mera number delete karo"),
        ),
        ("please", "प्लीज", "ठीक है", "theek hai", "और", "aur", "बस", "bas", "धन्यवाद", "भाई", "bhai", "जी", "ji"),
    ),
    "es": (
        (
            *(
                "no me llame más",
                "no me llames más",
                "no me llamen más",
                "no llame más",
                "no llamen más",
                "no llames más",
            ),
            *(
                "no me vuelva a llamar",
                "no me vuelvas a llamar",
                "no me vuelvan a llamar",
                "no vuelva a llamar",
                "no vuelvan a llamar",
            ),
            *(
                "no vuelva a llamarme",
                "no vuelvan a llamarme",
                "no vuelvas a llamarme",
                "no quiero que me llamen",
                "no quiero que me llame",
            ),
            *(
                "deje de llamar",
                "deje de llamarme",
                "dejen de llamar",
                "dejen de llamarme",
                "deja de llamarme",
                "no quiero más llamadas",
            ),
            *(
                "no quiero recibir más llamadas",
                "quite mi número",
                "quiten mi número",
                "borre mi número",
                "borren mi número",
            ),
            *(
                "elimine mi número",
                "eliminen mi número",
                "quíteme de su lista",
                "quítenme de su lista",
                "quíteme de la lista",
            ),
            *(
                "bórreme de su lista",
                "bórrenme de su lista",
                "bórreme de la lista",
                "sáqueme de su lista",
                "sáquenme de la lista",
            ),
        ),
        (
            "por favor",
            "gracias",
            "nunca",
            "nunca más",
            "jamás",
            "y",
            "a este número",
            "de su lista",
            "de la lista",
            "más",
            "adiós",
            "vale",
        ),
    ),
    "fr": (
        (
            *(
                "ne m'appelez plus",
                "ne m'appelle plus",
                "ne me rappelez plus",
                "ne me rappelle plus",
                "n'appelez plus",
                "ne rappelez plus",
            ),
            *(
                "m'appelez plus",
                "me rappelez plus",
                "arrêtez de m'appeler",
                "arrête de m'appeler",
                "arrêtez d'appeler",
                "cessez de m'appeler",
            ),
            *(
                "ne me téléphonez plus",
                "je ne veux plus être appelé",
                "je ne veux plus être appelée",
                "je ne veux plus d'appels",
            ),
            *(
                "retirez-moi de votre liste",
                "retirez-moi de la liste",
                "rayez-moi de votre liste",
                "enlevez-moi de votre liste",
            ),
            *("supprimez mon numéro", "retirez mon numéro", "enlevez mon numéro", "effacez mon numéro"),
        ),
        (
            "s'il vous plaît",
            "s'il te plaît",
            "svp",
            "merci",
            "jamais",
            "du tout",
            "à ce numéro",
            "sur ce numéro",
            "et",
            "de votre liste",
        ),
    ),
    "de": (
        (
            *(
                "rufen Sie mich nicht mehr an",
                "rufen Sie nicht mehr an",
                "rufen Sie hier nicht mehr an",
                "rufen Sie mich nie wieder an",
            ),
            *(
                "rufen Sie nie wieder an",
                "rufen Sie uns nicht mehr an",
                "ruf mich nicht mehr an",
                "ruf mich nie wieder an",
                "ruf nicht mehr an",
            ),
            *(
                "rufen Sie diese Nummer nicht mehr an",
                "rufen Sie mich bitte nicht mehr an",
                "hören Sie auf mich anzurufen",
            ),
            *(
                "hör auf mich anzurufen",
                "hören Sie auf anzurufen",
                "ich möchte nicht mehr angerufen werden",
                "ich will nicht mehr angerufen werden",
            ),
            *(
                "ich möchte keine Anrufe mehr",
                "ich will keine Anrufe mehr",
                "keine Anrufe mehr",
                "streichen Sie mich von Ihrer Liste",
            ),
            *(
                "streichen Sie mich von der Liste",
                "nehmen Sie mich von Ihrer Liste",
                "nehmen Sie mich von der Liste",
                "löschen Sie meine Nummer",
            ),
            *("löschen Sie bitte meine Nummer", "streichen Sie meine Nummer", "entfernen Sie meine Nummer"),
        ),
        (
            "bitte",
            "danke",
            "und",
            "okay",
            "verstanden",
            "mehr",
            "aus ihrer liste",
            "aus der liste",
            "aus ihrem system",
            "ja",
        ),
    ),
    "pt": (
        (
            *(
                "não me ligue mais",
                "não me liga mais",
                "não me liguem mais",
                "não ligue mais",
                "não liguem mais",
                "não liga mais",
            ),
            *(
                "não me telefone mais",
                "nunca mais me ligue",
                "nunca mais me liga",
                "pare de me ligar",
                "parem de me ligar",
                "para de me ligar",
            ),
            *(
                "pare de ligar",
                "parem de ligar",
                "não quero mais receber ligações",
                "não quero receber mais ligações",
                "não quero mais ligações",
            ),
            *(
                "remova meu número",
                "remova o meu número",
                "tire meu número",
                "tire o meu número",
                "apague meu número",
                "apague o meu número",
            ),
            *("exclua meu número", "me tire da lista", "me tira da lista", "tire-me da lista", "me remova da lista"),
        ),
        (
            "por favor",
            "obrigado",
            "obrigada",
            "nunca",
            "nunca mais",
            "para este número",
            "para esse número",
            "da lista",
            "da sua lista",
            "e",
        ),
    ),
    "it": (
        (
            *(
                "non mi chiami più",
                "non mi chiamate più",
                "non mi chiamare più",
                "non chiami più",
                "non chiamate più",
                "non chiamatemi più",
            ),
            *(
                "non richiami più",
                "non richiamate più",
                "non mi telefoni più",
                "non mi telefonate più",
                "smetta di chiamarmi",
                "smettila di chiamarmi",
            ),
            *(
                "smettetela di chiamarmi",
                "smettete di chiamarmi",
                "smettetela di chiamare",
                "non voglio più essere chiamato",
            ),
            *(
                "non voglio più essere chiamata",
                "non voglio più chiamate",
                "non voglio più ricevere chiamate",
                "toglietemi dalla lista",
            ),
            *(
                "toglietemi dalla vostra lista",
                "mi tolga dalla lista",
                "mi tolga dalla vostra lista",
                "mi cancelli dalla lista",
            ),
            *(
                "cancelli il mio numero",
                "cancellate il mio numero",
                "rimuova il mio numero",
                "rimuovete il mio numero",
                "tolga il mio numero",
            ),
        ),
        (
            "per favore",
            "per piacere",
            "grazie",
            "mai",
            "a questo numero",
            "dalla lista",
            "dalla vostra lista",
            "e",
            "va bene",
        ),
    ),
    "ta": (
        (
            *("இனி அழைக்காதீர்கள்", "இனிமேல் அழைக்காதீர்கள்", "மீண்டும் அழைக்காதீர்கள்", "மீண்டும் அழைக்க வேண்டாம்", "இனி அழைக்க வேண்டாம்"),
            *("எனக்கு கால் பண்ணாதீங்க", "இனிமேல் கால் பண்ணாதீங்க", "இனி கால் பண்ணாதீங்க", "என் நம்பரை நீக்குங்கள்", "என் எண்ணை நீக்குங்கள்"),
            *(
                "enakku call pannadheenga",
                "enakku call pannathinga",
                "inimel call pannadheenga",
                "inimel call pannathinga",
            ),
            *("ini call pannadheenga", "en number remove pannunga", "en number delete pannunga"),
        ),
        ("please", "ப்ளீஸ்", "நன்றி", "சரி", "seri", "ok"),
    ),
    "te": (
        (
            *("నాకు కాల్ చేయొద్దు", "నాకు కాల్ చేయకండి", "మళ్ళీ కాల్ చేయకండి", "మళ్ళీ కాల్ చేయొద్దు", "నాకు ఫోన్ చేయకండి", "నాకు ఫోన్ చేయొద్దు"),
            *(
                "మళ్ళీ ఫోన్ చేయకండి",
                "నా నంబర్ తీసేయండి",
                "నా నెంబర్ తీసేయండి",
                "naku call cheyoddu",
                "naku call cheyyoddu",
                "naku call cheyakandi",
            ),
            *(
                "naaku call cheyoddu",
                "naaku call cheyakandi",
                "malli call cheyakandi",
                "malli call cheyoddu",
                "na number teeseyandi",
            ),
            *("na number remove cheyandi", "na number delete cheyandi"),
        ),
        ("please", "ప్లీజ్", "ధన్యవాదాలు", "సరే", "sare", "ok"),
    ),
}


def said(text: str, language: str) -> bool:
    """Whether ``text``, one turn of the caller, asks for no more calls, in ``language`` or in English."""
    words = normalised(text)
    if not words:
        return False
    return any(rule.search(words) for rule in _rules(ENGLISH)) or any(
        rule.search(words) for rule in _rules(base_language(language))
    )


def message_in(language: str) -> str:
    """What the agent says to it by itself."""
    return MESSAGES.get(base_language(language), MESSAGES[ENGLISH])


@cache
def _rules(language: str) -> tuple[re.Pattern[str], ...]:
    if language == ENGLISH:
        return tuple(re.compile(rule) for rule in _ENGLISH)
    if language not in _PHRASES:
        return ()
    phrases, following = _PHRASES[language]
    begins = "|".join(sorted({re.escape(normalised(one)) for one in phrases}, key=len, reverse=True))
    ends = "|".join(sorted({re.escape(normalised(one)) for one in following}))
    return (re.compile(rf"(?:^|(?<= ))(?:{begins})(?=$| (?:{ends})(?:$| )| (?:{begins}))"),)
