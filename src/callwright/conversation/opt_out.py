"""Whether a caller asks not to be called any more: by rule, in the languages of ``phrases``, and what the agent says to it.

A rule must not take "don't call me Bob", "don't call me before nine", "why don't you call me again?" or "my neighbour doesn't stop calling
me" for it. So each phrase says what may stand behind it, nothing or words that add nothing, and what may not stand before it. English is a
grammar (``opt_out_english``); the other languages are whole phrases. Texts are compared as ``stops.normalised`` spells them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from callwright.conversation import opt_out_english
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


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Whole phrases of a language; ``normalised`` makes their spelling the same.

    ``removals``: the number is to be deleted, and nothing else may be asked for: "delete my number and take this one". Behind a phrase
    stand the end, another one, or words of ``behind``; behind ``wishes`` also those of ``also``. ``before``: what makes it a question, a
    statement or a wish for now; ``others``: a pattern of who else may be meant, or not do it ("my neighbour does not stop").
    """

    wishes: tuple[str, ...]
    removals: tuple[str, ...]
    behind: tuple[str, ...]
    also: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    others: str = ""


_LOOK_BACK = 200
"""Characters before a phrase that are read for what may not stand there: more than any of that is long."""

_PHRASES: Mapping[str, _Phrases] = {
    "hi": _Phrases(
        wishes=(
            "मुझे कॉल मत करो",
            "मुझे कॉल मत करना",
            "मुझे कॉल मत कीजिए",
            "मुझे कॉल मत करिए",
            "मुझे फोन मत करो",
            "मुझे फोन मत करना",
            "मुझे फोन मत कीजिए",
            "दोबारा कॉल मत करना",
            "दोबारा कॉल मत करो",
            "दोबारा कॉल मत कीजिए",
            "दोबारा फोन मत करना",
            "दोबारा फोन मत कीजिए",
            "फिर कभी कॉल मत करना",
            "फिर कभी फोन मत करना",
            "कॉल करना बंद करो",
            "कॉल करना बंद कीजिए",
            "फोन करना बंद करो",
            "फोन करना बंद कीजिए",
            "mujhe call mat karo",
            "mujhe call mat karna",
            "mujhe call mat kijiye",
            "mujhe phone mat karo",
            "mujhe phone mat karna",
            "mujhe phone mat kijiye",
            "dobara call mat karna",
            "dobara call mat karo",
            "dobara call mat kijiye",
            "dobara phone mat karna",
            "dobara phone mat kijiye",
            "phir kabhi call mat karna",
            "phir se call mat karna",
            "call karna band karo",
            "call karna band kijiye",
            "phone karna band karo",
            "phone karna band kijiye",
        ),
        removals=(
            "मेरा नंबर हटा दो",
            "मेरा नंबर हटा दीजिए",
            "मेरा नंबर हटाओ",
            "मेरा नंबर हटाइए",
            "mera number hata do",
            "mera number hata dijiye",
            "mera number hatao",
            "mera number delete karo",
        ),
        behind=(
            "please",
            "प्लीज",
            "ठीक है",
            "theek hai",
            "बस",
            "bas",
            "धन्यवाद",
            "भाई",
            "bhai",
            "जी",
            "ji",
        ),
        also=(
            "और",
            "aur",
        ),
        before=("अभी", "आज", "कल", "abhi", "aaj", "kal", "क्यों", "kyon", "kyun", "उसने कहा", "usne kaha"),
    ),
    "es": _Phrases(
        wishes=(
            "no me llame más",
            "no me llames más",
            "no me llamen más",
            "no llame más",
            "no llamen más",
            "no llames más",
            "no me vuelva a llamar",
            "no me vuelvas a llamar",
            "no me vuelvan a llamar",
            "no vuelva a llamar",
            "no vuelvan a llamar",
            "no vuelva a llamarme",
            "no vuelvan a llamarme",
            "no vuelvas a llamarme",
            "no quiero que me llamen",
            "no quiero que me llame",
            "deje de llamar",
            "deje de llamarme",
            "dejen de llamar",
            "dejen de llamarme",
            "deja de llamarme",
            "no quiero más llamadas",
            "no quiero recibir más llamadas",
            "quíteme de su lista",
            "quítenme de su lista",
            "quíteme de la lista",
            "bórreme de su lista",
            "bórrenme de su lista",
            "bórreme de la lista",
            "sáqueme de su lista",
            "sáquenme de la lista",
        ),
        removals=(
            "quite mi número",
            "quiten mi número",
            "borre mi número",
            "borren mi número",
            "elimine mi número",
            "eliminen mi número",
        ),
        behind=(
            "por favor",
            "gracias",
            "nunca",
            "nunca más",
            "jamás",
            "a este número",
            "de su lista",
            "de la lista",
            "más",
            "adiós",
            "vale",
        ),
        also=("y",),
        before=("por qué", "dile que", "dígale que", "diles que", "dígales que", "hoy", "ahora"),
        others=r"(?!(?:no|oiga|mire|pues|si|y) )\w+ no",
    ),
    "fr": _Phrases(
        wishes=(
            "ne m'appelez plus",
            "ne m'appelle plus",
            "ne me rappelez plus",
            "ne me rappelle plus",
            "n'appelez plus",
            "ne rappelez plus",
            "m'appelez plus",
            "me rappelez plus",
            "arrêtez de m'appeler",
            "arrête de m'appeler",
            "arrêtez d'appeler",
            "cessez de m'appeler",
            "ne me téléphonez plus",
            "je ne veux plus être appelé",
            "je ne veux plus être appelée",
            "je ne veux plus d'appels",
            "retirez-moi de votre liste",
            "retirez-moi de la liste",
            "rayez-moi de votre liste",
            "enlevez-moi de votre liste",
        ),
        removals=(
            "supprimez mon numéro",
            "retirez mon numéro",
            "enlevez mon numéro",
            "effacez mon numéro",
        ),
        behind=(
            "s'il vous plaît",
            "s'il te plaît",
            "svp",
            "merci",
            "jamais",
            "du tout",
            "à ce numéro",
            "sur ce numéro",
            "de votre liste",
        ),
        also=("et",),
        before=(
            *(
                "vous",
                "tu",
                "il",
                "elle",
                "ils",
                "elles",
                "on",
                "qui",
                "qu'il",
                "qu'elle",
                "qu'ils",
                "qu'elles",
                "pourquoi",
            ),
            *("aujourd'hui", "maintenant"),
        ),
        others=r"(?:mon|ma|mes|son|sa) (?!numero|telephone|nom)\w+",
    ),
    "de": _Phrases(
        wishes=(
            "rufen Sie mich nicht mehr an",
            "rufen Sie nicht mehr an",
            "rufen Sie hier nicht mehr an",
            "rufen Sie mich nie wieder an",
            "rufen Sie nie wieder an",
            "rufen Sie uns nicht mehr an",
            "ruf mich nicht mehr an",
            "ruf mich nie wieder an",
            "ruf nicht mehr an",
            "rufen Sie diese Nummer nicht mehr an",
            "rufen Sie mich bitte nicht mehr an",
            "hören Sie auf mich anzurufen",
            "hör auf mich anzurufen",
            "hören Sie auf anzurufen",
            "ich möchte nicht mehr angerufen werden",
            "ich will nicht mehr angerufen werden",
            "ich möchte keine Anrufe mehr",
            "ich will keine Anrufe mehr",
            "keine Anrufe mehr",
            "streichen Sie mich von Ihrer Liste",
            "streichen Sie mich von der Liste",
            "nehmen Sie mich von Ihrer Liste",
            "nehmen Sie mich von der Liste",
        ),
        removals=(
            "löschen Sie meine Nummer",
            "löschen Sie bitte meine Nummer",
            "streichen Sie meine Nummer",
            "entfernen Sie meine Nummer",
        ),
        behind=(
            "bitte",
            "danke",
            "okay",
            "verstanden",
            "mehr",
            "aus ihrer liste",
            "aus der liste",
            "aus ihrem system",
            "ja",
        ),
        also=("und",),
        before=(
            "warum",
            "wieso",
            "weshalb",
            "er sagte",
            "sie sagte",
            "er hat gesagt",
            "sie hat gesagt",
            "heute",
            "jetzt",
            "wenn",
        ),
        others=r"(?:bekomme|bekommen|kriege|kriegen|erhalte|erhalten|kamen|kommen|habe|hatte)(?: ich| wir)?(?: \w+)?",
    ),
    "pt": _Phrases(
        wishes=(
            "não me ligue mais",
            "não me liga mais",
            "não me liguem mais",
            "não ligue mais",
            "não liguem mais",
            "não liga mais",
            "não me telefone mais",
            "nunca mais me ligue",
            "nunca mais me liga",
            "pare de me ligar",
            "parem de me ligar",
            "para de me ligar",
            "pare de ligar",
            "parem de ligar",
            "não quero mais receber ligações",
            "não quero receber mais ligações",
            "não quero mais ligações",
            "me tire da lista",
            "me tira da lista",
            "tire-me da lista",
            "me remova da lista",
        ),
        removals=(
            "remova meu número",
            "remova o meu número",
            "tire meu número",
            "tire o meu número",
            "apague meu número",
            "apague o meu número",
            "exclua meu número",
        ),
        behind=(
            "por favor",
            "obrigado",
            "obrigada",
            "nunca",
            "nunca mais",
            "para este número",
            "para esse número",
            "da lista",
            "da sua lista",
        ),
        also=("e",),
        before=("ele", "ela", "eles", "elas", "você", "vocês", "quem", "ninguém", "por que", "porque", "hoje", "agora"),
        others=r"(?!(?:nao|olha|olhe|se|e) )\w+ nao|(?:minha|meu|minhas|meus) (?!numero|telefone|casa|nome)\w+",
    ),
    "it": _Phrases(
        wishes=(
            "non mi chiami più",
            "non mi chiamate più",
            "non mi chiamare più",
            "non chiami più",
            "non chiamate più",
            "non chiamatemi più",
            "non richiami più",
            "non richiamate più",
            "non mi telefoni più",
            "non mi telefonate più",
            "smetta di chiamarmi",
            "smettila di chiamarmi",
            "smettetela di chiamarmi",
            "smettete di chiamarmi",
            "smettetela di chiamare",
            "non voglio più essere chiamato",
            "non voglio più essere chiamata",
            "non voglio più chiamate",
            "non voglio più ricevere chiamate",
            "toglietemi dalla lista",
            "toglietemi dalla vostra lista",
            "mi tolga dalla lista",
            "mi tolga dalla vostra lista",
            "mi cancelli dalla lista",
        ),
        removals=(
            "cancelli il mio numero",
            "cancellate il mio numero",
            "rimuova il mio numero",
            "rimuovete il mio numero",
            "tolga il mio numero",
        ),
        behind=(
            "per favore",
            "per piacere",
            "grazie",
            "mai",
            "a questo numero",
            "dalla lista",
            "dalla vostra lista",
            "va bene",
        ),
        also=("e",),
        before=("perché", "chi", "lui", "loro", "voi", "tu", "digli di", "dille di", "oggi", "adesso"),
        others=r"(?!(?:no|senta|guardi|se|e) )\w+ non|(?:mio|mia|miei|mie) (?!numero|telefono|nome)\w+",
    ),
    "ta": _Phrases(
        wishes=(
            "இனி அழைக்காதீர்கள்",
            "இனிமேல் அழைக்காதீர்கள்",
            "மீண்டும் அழைக்காதீர்கள்",
            "மீண்டும் அழைக்க வேண்டாம்",
            "இனி அழைக்க வேண்டாம்",
            "எனக்கு கால் பண்ணாதீங்க",
            "இனிமேல் கால் பண்ணாதீங்க",
            "இனி கால் பண்ணாதீங்க",
            "enakku call pannadheenga",
            "enakku call pannathinga",
            "inimel call pannadheenga",
            "inimel call pannathinga",
            "ini call pannadheenga",
        ),
        removals=(
            "என் நம்பரை நீக்குங்கள்",
            "என் எண்ணை நீக்குங்கள்",
            "en number remove pannunga",
            "en number delete pannunga",
        ),
        behind=(
            "please",
            "ப்ளீஸ்",
            "நன்றி",
            "சரி",
            "seri",
            "ok",
        ),
        before=("இப்போது", "இப்ப", "இன்று", "ippo", "ippothu", "indru"),
    ),
    "te": _Phrases(
        wishes=(
            "నాకు కాల్ చేయొద్దు",
            "నాకు కాల్ చేయకండి",
            "మళ్ళీ కాల్ చేయకండి",
            "మళ్ళీ కాల్ చేయొద్దు",
            "నాకు ఫోన్ చేయకండి",
            "నాకు ఫోన్ చేయొద్దు",
            "మళ్ళీ ఫోన్ చేయకండి",
            "naku call cheyoddu",
            "naku call cheyyoddu",
            "naku call cheyakandi",
            "naaku call cheyoddu",
            "naaku call cheyakandi",
            "malli call cheyakandi",
            "malli call cheyoddu",
        ),
        removals=(
            "నా నంబర్ తీసేయండి",
            "నా నెంబర్ తీసేయండి",
            "na number teeseyandi",
            "na number remove cheyandi",
            "na number delete cheyandi",
        ),
        behind=(
            "please",
            "ప్లీజ్",
            "ధన్యవాదాలు",
            "సరే",
            "sare",
            "ok",
        ),
        before=("ఇప్పుడు", "ఈరోజు", "రేపు", "ippudu", "eeroju", "repu"),
    ),
}


def said(text: str, language: str) -> bool:
    """Whether ``text``, one turn of the caller, asks for no more calls, in ``language`` or in English."""
    words = normalised(text)
    if not words:
        return False
    return any(
        unless is None or not unless.search(words[max(found.start() - _LOOK_BACK, 0) : found.start()].rstrip())
        for wish, unless in (*opt_out_english.RULES, *_rules(base_language(language)))
        for found in wish.finditer(words)
    )


def message_in(language: str) -> str:
    """What the agent says to it by itself."""
    return MESSAGES.get(base_language(language), MESSAGES[ENGLISH])


@cache
def _rules(language: str) -> tuple[opt_out_english.Rule, ...]:
    """Those of another language than English."""
    book = _PHRASES.get(language)
    if book is None:
        return ()
    before = "|".join(one for one in (_one_of(book.before), book.others) if one)
    unless = re.compile(rf"(?:^|(?<= ))(?:{before})$")
    begins, behind = _one_of((*book.wishes, *book.removals)), (*book.behind, *book.also)
    return tuple(
        (re.compile(rf"(?:^|(?<= ))(?:{_one_of(phrases)})(?=$| (?:{_one_of(ends)})(?:$| )| (?:{begins}))"), unless)
        for phrases, ends in ((book.wishes, behind), (book.removals, book.behind))
    )


def _one_of(phrases: tuple[str, ...]) -> str:
    return "|".join(sorted({re.escape(normalised(one)) for one in phrases}, key=len, reverse=True))
