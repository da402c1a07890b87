"""How numbers, spelled names, half-said sentences and questions sound, by language: data, read by ``patience``.

As in ``phrases``, a call knows its own language and English, and spelling does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation.number_words import NUMBER_WORDS

_BESIDE_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "en": ("double", "triple", "plus", "dash", "hyphen"),
    "hi": ("डबल", "ट्रिपल"),
    "es": ("doble",),
    "fr": ("double", "plus"),
    "de": ("doppel", "plus"),
    "it": ("doppio",),
}

DIGITS: Mapping[str, tuple[str, ...]] = {
    language: (*numbers, *_BESIDE_NUMBERS.get(language, ())) for language, numbers in NUMBER_WORDS.items()
}
"""What numbers are dictated with. Figures count in every language."""

SPELLING: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("dot", "at sign", "at the rate", "at the rate of", "underscore", "dash", "hyphen", "capital", "upper case"),
        *("lower case", "double"),
    ),
    "es": ("punto", "arroba", "guion", "guión bajo", "mayúscula"),
    "fr": ("point", "arobase", "tiret", "majuscule"),
    "de": ("punkt", "at", "bindestrich", "unterstrich"),
    "pt": ("ponto", "arroba", "hífen", "traço", "maiúscula"),
    "it": ("punto", "chiocciola", "trattino"),
    "hi": ("डॉट", "dot"),
}
"""What is said between spelled letters. Single letters count in every language."""

AT_SIGNS: Mapping[str, tuple[str, ...]] = {
    "en": ("at", "at sign", "at the rate", "at the rate of"),
    "hi": ("ऐट", "एट"),
    "es": ("arroba",),
    "fr": ("arobase",),
    "de": ("at",),
    "pt": ("arroba",),
    "it": ("chiocciola",),
}
"""What is said for the sign in the middle of an e-mail address. Those that are not in SPELLING, too, are words of other sentences."""

DOTS: Mapping[str, tuple[str, ...]] = {
    "en": ("dot",),
    "hi": ("डॉट",),
    "es": ("punto",),
    "fr": ("point",),
    "de": ("punkt",),
    "pt": ("ponto",),
    "it": ("punto",),
}
"""What is said for the dots of an e-mail address."""

NO_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("the", "a", "an", "my", "your", "our", "his", "her", "their", "this", "that", "it", "them", "me", "you", "all"),
        *("any", "some", "least", "most", "first", "last", "once", "present", "home", "work", "school", "night", "noon"),
        *("what", "which", "one"),
    ),
}  # fmt: skip
"""What follows an "at" that is part of no address ("not at the moment")."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "en": ("as in", "as", "for", "like", "is for"),
    "hi": ("फॉर", "से", "जैसे", "se", "jaise"),
    "es": ("de", "como", "como en"),
    "fr": ("comme", "comme dans"),
    "de": ("wie", "wie in"),
    "pt": ("de", "como", "como em"),
    "it": ("come", "come in", "di"),
}
"""What stands between a letter and a word that begins with it ("m as in mother")."""

LONE_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("a", "i"),
    "es": ("a", "e", "o", "u", "y"),
    "fr": ("a", "à", "y"),
    "pt": ("a", "e", "o", "é", "à"),
    "it": ("a", "e", "è", "i", "o"),
}
"""Letters that are words: they have no example word behind them unless letters or digits were asked for."""

HALF_SAID: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("and", "or", "but", "because", "so", "if", "the", "a", "an", "my", "your", "our", "to", "for", "with", "of"),
        *("from", "in", "on", "at", "by", "about", "that's", "it's", "i'm", "i", "we", "and then", "um", "uh", "er"),
        *("erm", "number is", "name is", "address is", "code is", "email is", "mail is", "birthday is"),
        *("let me see", "let me think", "would like", "dot", "at sign", "underscore"),
    ),
    "hi": (
        *(
            "और",
            "या",
            "लेकिन",
            "मगर",
            "क्योंकि",
            "कि",
            "मेरा",
            "मेरी",
            "मेरे",
            "नंबर है",
            "नाम है",
            "का",
            "की",
            "के",
            "को",
            "से",
            "में",
        ),
        *("aur", "ya", "lekin", "magar", "kyunki", "ki", "mera", "meri", "mere", "number hai", "naam hai", "ka"),
        *("ke", "ko", "se", "mein", "um", "डॉट"),
    ),
    "es": (
        *("y", "o", "pero", "porque", "el", "la", "los", "las", "un", "mi", "de", "del", "para", "con", "en", "que"),
        *("número es", "nombre es", "llamo", "me llamo", "este", "eh", "correo es"),
        *("arroba", "guión bajo"),
    ),
    "fr": (
        *("et", "ou", "mais", "parce que", "le", "la", "les", "un", "une", "mon", "ma", "de", "du", "pour", "avec"),
        *("à", "que", "c'est", "numéro est", "nom est", "m'appelle", "euh", "numéro c'est"),
        *("arobase",),
    ),
    "de": (
        *("und", "oder", "aber", "weil", "dass", "der", "die", "das", "den", "ein", "eine", "einen", "mein", "meine"),
        *("für", "mit", "von", "zu", "in", "an", "auf", "am", "um", "nummer ist", "name ist", "heiße", "äh", "ähm"),
        *("unterstrich",),
    ),
    "pt": (
        *("e", "ou", "mas", "porque", "o", "a", "os", "as", "um", "uma", "meu", "minha", "de", "do", "da", "para"),
        *("com", "em", "que", "número é", "nome é", "chamo", "hum"),
        *("arroba",),
    ),
    "it": (
        *("e", "o", "ma", "perché", "il", "lo", "la", "i", "gli", "le", "un", "una", "mio", "mia", "di", "del", "per"),
        *("con", "in", "a", "che", "numero è", "nome è", "chiamo", "ehm"),
        *("chiocciola",),
    ),
    "ta": ("மற்றும்", "ஆனால்", "என்", "எண்"),
    "te": ("మరియు", "కానీ", "నా", "నంబర్"),
}
"""Ends of what a caller has said so far after which something is missing."""

NUMBERS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("number", "phone", "digits", "digit", "code", "pin", "zip", "postcode", "date of birth", "birth date"),
        *("account", "card", "otp", "id"),
    ),
    "hi": ("नंबर", "नम्बर", "फोन", "कोड", "पिन", "ओटीपी", "जन्मतिथि", "number", "phone", "code"),
    "es": ("número", "teléfono", "código", "dígitos", "cuenta", "tarjeta", "fecha de nacimiento"),
    "fr": ("numéro", "téléphone", "code", "chiffres", "carte", "date de naissance"),
    "de": (
        *("nummer", "telefonnummer", "rufnummer", "handynummer", "kundennummer", "telefon", "code", "ziffern"),
        *("postleitzahl", "geburtsdatum", "kontonummer", "bestellnummer"),
    ),
    "pt": ("número", "telefone", "código", "dígitos", "conta", "cartão", "data de nascimento", "cpf", "cep"),
    "it": ("numero", "telefono", "codice", "cifre", "conto", "carta", "data di nascita"),
    "ta": ("எண்", "நம்பர்", "number", "phone"),
    "te": ("నంబర్", "నంబరు", "number", "phone"),
}
"""Words of a question or a request after which a number is dictated."""

SPELLED: Mapping[str, tuple[str, ...]] = {
    "en": ("spell", "spelled", "spelling", "letter by letter", "email", "e-mail", "mail address"),
    "hi": ("स्पेलिंग", "स्पेल", "ईमेल", "spelling", "spell", "email"),
    "es": ("deletrear", "deletree", "deletrea", "deletreármelo", "letra por letra", "correo", "email"),
    "fr": ("épeler", "épelez", "lettre par lettre", "e-mail", "mail", "adresse électronique", "courriel"),
    "de": ("buchstabieren", "buchstabiere", "e-mail", "mailadresse", "e-mail-adresse"),
    "pt": ("soletrar", "soletre", "letra por letra", "e-mail", "email"),
    "it": ("compitare", "lettera per lettera", "email", "e-mail", "spelling"),
}
"""Words of a question or a request after which something is spelled."""

REQUESTS: Mapping[str, tuple[str, ...]] = {
    "en": ("please", "tell me", "give me", "say", "spell", "i need", "enter", "let me have"),
    "hi": ("कृपया", "बताइए", "बताइये", "बताएं", "दीजिए", "kripya", "bataiye", "batayein", "dijiye", "please"),
    "es": ("por favor", "dígame", "dime", "indique", "indíqueme", "deme", "necesito", "deletree"),
    "fr": ("s'il vous plaît", "dites-moi", "donnez-moi", "indiquez", "épelez", "il me faut"),
    "de": ("bitte", "sagen Sie", "nennen Sie", "geben Sie", "ich brauche", "buchstabieren Sie"),
    "pt": ("por favor", "diga", "me diga", "informe", "me informe", "preciso", "soletre"),
    "it": ("per favore", "mi dica", "mi dia", "indichi", "ho bisogno"),
    "ta": ("தயவுசெய்து", "சொல்லுங்கள்", "please"),
    "te": ("దయచేసి", "చెప్పండి", "please"),
}
"""What makes a sentence without a question mark a request."""

POINTS_BACK: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("what is it", "what's it", "what is that", "what would it be", "what would that be", "may i have it"),
        *("can i have it", "could i have it", "can you tell me", "could you tell me", "would you tell me"),
    ),
    "hi": ("क्या है", "वह क्या है", "kya hai", "vah kya hai"),
    "es": ("cuál es", "me lo puede decir", "me lo dice"),
    "fr": ("quel est-il", "lequel est-ce", "pouvez-vous me le donner"),
    "de": ("wie lautet sie", "wie lautet er", "wie ist sie", "können Sie sie mir nennen"),
    "pt": ("qual é", "pode me dizer"),
    "it": ("qual è", "può dirmelo"),
}
"""Whole questions that ask for what the sentence before them names."""

YES_OR_NO: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("is", "are", "am", "was", "were", "do", "does", "did", "have", "has", "had", "shall", "should", "will"),
        *("isn't", "aren't", "don't", "doesn't", "didn't", "so you", "you mean"),
    ),
    "hi": ("क्या आप", "क्या यह", "क्या ये", "क्या मैं", "क्या हम", "kya aap", "kya yeh", "kya ye", "kya main", "kya hum"),
    "es": ("es", "está", "son", "quiere", "quieres", "desea", "tiene", "hay", "le", "va a"),
    "fr": ("est-ce que", "est-ce", "êtes-vous", "avez-vous", "voulez-vous", "souhaitez-vous", "c'est", "y a-t-il"),
    "de": ("ist", "sind", "haben", "hat", "möchten", "wollen", "soll", "sollen", "passt", "stimmt", "darf", "wird"),
    "pt": ("é", "está", "são", "quer", "deseja", "tem", "você quer", "o senhor", "a senhora"),
    "it": ("è", "sono", "vuole", "desidera", "ha", "va bene", "le", "vuoi"),
}
"""How a question begins that is answered by yes or no, whatever it is about ("Is that your number?")."""

PERHAPS_YES_OR_NO: Mapping[str, tuple[str, ...]] = {
    "en": ("can", "could", "would", "may", "might", "will you", "are you able to", "do you know", "do you remember"),
    "hi": ("क्या", "kya"),
    "es": ("puede", "puedes", "puedo", "podría", "podrías", "quiere", "sabe", "me puede", "me podría"),
    "fr": (
        *("pouvez-vous", "puis-je", "pourriez-vous", "pourrais-je", "peut-on", "voulez-vous", "savez-vous"),
        *("est-ce que vous pouvez", "est-ce que vous pourriez", "est-ce que je peux"),
    ),
    "de": ("können", "könnten", "kann", "könnte", "würden", "darf", "wissen"),
    "pt": ("pode", "posso", "poderia", "você pode", "você poderia", "o senhor pode", "a senhora pode"),
    "it": ("può", "puoi", "posso", "potrebbe", "potrei", "vuole", "sa"),
}
"""The same, unless a number, a spelling or anything else that is more than yes or no is asked for ("Could you give me your number?")."""

MORE_THAN_YES: Mapping[str, tuple[str, ...]] = {
    "en": (
        *(
            "tell me",
            "tell us",
            "telling me",
            "give me",
            "give us",
            "giving me",
            "describe",
            "explain",
            "spell",
            "say your",
        ),
        *(
            "read me",
            "read it",
            "read the",
            "read out",
            "read your",
            "let me know",
            "let me have",
            "walk me",
            "talk me",
        ),
        *(
            "you share",
            "repeat",
            "say it again",
            "say that again",
            "say this again",
            "confirm your",
            "help me with",
            "help me understand",
            "have your",
            "i have",
            "we have",
        ),
        *("i please have", "get your", "i get", "take your", "take a name", "know your", "i know", "i ask"),
        *("i please ask", "we ask", "think of"),
        *("know what", "know when", "know which", "know who", "know where", "know how", "know why"),
        *("remember what", "remember when", "remember which", "remember who", "remember where", "remember how"),
    ),
    "hi": (
        *("बता सकते", "बता सकती", "बताएंगे", "बताएँगे", "बताएंगी", "बता देंगे", "बताना", "दे सकते", "दे सकती", "देंगे"),
        *("समझा सकते", "समझा सकती", "दोहरा सकते", "दोहरा सकती", "जान सकता", "जान सकती", "जान सकते", "पूछ सकता"),
        *("पूछ सकती", "bata sakte", "bata sakti", "batayenge", "bataenge", "batana", "de sakte", "de sakti"),
        *("samjha sakte", "samjha sakti", "dohra sakte", "dohra sakti", "jaan sakta", "jaan sakti", "jaan sakte"),
        *("jan sakta", "jan sakti", "pooch sakta", "pooch sakti"),
    ),
    "es": (
        *("decir", "decirme", "decirnos", "dar", "darme", "darnos", "describir", "describirme", "explicar"),
        *("explicarme", "contar", "contarme", "indicar", "indicarme", "leer", "leerme", "repetir", "repetirme"),
        *("deletrear", "deletrearme", "confirmarme", "facilitarme", "puedo tomar", "puedo saber", "puedo preguntar"),
        *("puedo preguntarle", "sabe qué", "sabe cómo", "cuál", "cuándo", "dónde", "quién"),
    ),
    "fr": (
        *("me dire", "nous dire", "me donner", "nous donner", "décrire", "expliquer", "m'expliquer", "raconter"),
        *("indiquer", "m'indiquer", "me lire", "répéter", "préciser", "épeler", "puis-je avoir", "pourrais-je avoir"),
        *(
            "je peux avoir",
            "peut-on avoir",
            "puis-je prendre",
            "je peux prendre",
            "puis-je connaître",
            "puis-je savoir",
        ),
        *("puis-je vous demander", "puis-je demander", "quel", "quelle", "quand", "comment", "savez-vous qui"),
    ),
    "de": (
        *("sie mir", "du mir", "sie uns", "sie bitte", "sagen", "beschreiben", "erklären", "schildern", "erzählen"),
        *("nennen", "buchstabieren", "wiederholen", "vorlesen", "namen haben", "fragen", "erfahren", "wissen sie was"),
        *("wissen sie wie", "wann", "wo", "wer", "welcher", "welche", "welches", "welchen"),
    ),
    "pt": (
        *("dizer", "me dizer", "me dar", "nos dar", "descrever", "explicar", "contar", "me informar", "informar"),
        *("me ler", "repetir", "soletrar", "me passar", "posso saber", "posso ter", "posso anotar", "posso pegar"),
        *("posso perguntar",),
    ),
    "it": (
        *("dirmi", "dirci", "darmi", "darci", "descrivere", "descrivermi", "spiegare", "spiegarmi"),
        *("raccontare", "raccontarmi", "indicare", "indicarmi", "leggere", "leggermi", "ripetere", "ripetermi"),
        *("compitare", "posso avere", "potrei avere", "posso sapere", "posso chiedere", "posso chiederle"),
        *("posso prendere", "sa quando", "sa dove", "sa chi", "sa quale", "sa come", "sa cosa"),
    ),
}
"""What in a question that begins in this way says that more is asked for ("Can you tell me what happened?", "May I have your name?")."""

OFFERED: Mapping[str, tuple[str, ...]] = {
    "en": tuple(
        f"{who} {what}"
        for who in ("me to", "me to just", "us to", "us to just", "i", "i just", "we", "we just")
        for what in (
            *("say it again", "say that again", "say this again", "repeat", "describe", "explain", "spell"),
            *("read it", "read the", "read out", "read your"),
        )
    ),
    "es": ("puedo repetir", "puedo explicar", "puedo explicarle", "puedo leer"),
    "fr": ("puis-je répéter", "je peux répéter", "puis-je expliquer", "je peux expliquer"),
    "pt": ("posso repetir", "posso explicar", "posso soletrar"),
    "it": ("posso ripetere", "posso spiegare", "posso leggere"),
}
"""The same where it is the agent who would do it: an offer, which yes or no answers ("Would you like me to say it again?")."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "en": ("or",),
    "hi": ("या", "ya"),
    "es": ("o", "u"),
    "fr": ("ou",),
    "de": ("oder",),
    "pt": ("ou",),
    "it": ("o", "oppure"),
    "ta": ("அல்லது",),
    "te": ("లేదా",),
}
"""What makes a question one of which of several; at its end it is a tag ("Das passt, oder?")."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "en": ("name", "names", "surname", "who am i speaking", "who is calling", "who's calling", "who is speaking"),
    "hi": ("नाम", "naam", "कौन बोल", "kaun bol"),
    "es": ("nombre", "apellido", "apellidos", "se llama", "te llamas", "con quién hablo", "quién habla"),
    "fr": ("nom", "prénom", "vous appelez-vous", "qui est à l'appareil"),
    "de": (
        *("name", "namen", "nachname", "nachnamen", "vorname", "vornamen", "familienname", "heißen", "heißt du"),
        *("mit wem spreche ich", "wer ist am apparat"),
    ),
    "pt": ("nome", "sobrenome", "apelido", "se chama", "com quem falo", "quem fala"),
    "it": ("nome", "cognome", "si chiama", "ti chiami", "con chi parlo", "chi parla"),
    "ta": ("பெயர்",),
    "te": ("పేరు",),
}
"""Words of a question or a request after which a name is said. Before a word of LINKS ("the name on the account") a name is asked for, and
no number."""

PARTS_OF_NAMES: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("first name", "first and", "last name", "middle name", "given name", "family name", "maiden name", "surname"),
        *("forename", "nickname", "username", "user name", "your company", "the company", "company name"),
        *("your business", "the business", "business name", "street name"),
    ),
    "hi": ("पहला नाम", "आखिरी नाम", "अंतिम नाम", "उपनाम", "सरनेम", "कंपनी", "pehla naam", "aakhri naam", "company"),
    "es": ("apellido", "apellidos", "nombre de pila", "primer nombre", "segundo nombre", "empresa", "compañía"),
    "fr": ("prénom", "nom de famille", "nom de jeune fille", "entreprise", "société"),
    "de": (
        *("vor und", "vorname", "vornamen", "nachname", "nachnamen", "familienname", "familiennamen", "zuname"),
        *("firma", "unternehmens"),
    ),
    "pt": ("primeiro nome", "sobrenome", "apelido", "último nome", "empresa"),
    "it": ("cognome", "nome di battesimo", "azienda", "ditta"),
    "ta": ("நிறுவனத்தின்",),
    "te": ("ఇంటి పేరు", "కంపెనీ"),
}
"""Words of a question for a part of a name, or for a name that is no person's: it is said without a pause. Two of them ("your first and
last name"), or one beside another word of NAMES ("nombre y apellidos"), ask for a whole name."""

OTHER_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("how many", "how much", "how old", "how long", "how often", "what day", "which day", "what date"),
        *("which date", "what time", "when"),
    ),
    "hi": ("कितने", "कितनी", "कितना", "कब", "किस दिन", "कौन सा दिन", "kitne", "kitni", "kitna", "kab", "kis din"),
    "es": ("cuántos", "cuántas", "cuánto", "cuándo", "qué día", "qué fecha", "a qué hora"),
    "fr": ("combien", "quand", "quel jour", "quelle date", "quelle heure"),
    "de": ("wie viele", "wie viel", "wie lange", "wie oft", "wann", "welcher tag", "welchen tag", "welchem tag"),
    "pt": ("quantos", "quantas", "quanto", "quando", "que dia", "qual dia", "que horas"),
    "it": ("quanti", "quante", "quanto", "quando", "che giorno", "quale giorno", "che ora"),
    "ta": ("எத்தனை", "எப்போது"),
    "te": ("ఎంతమంది", "ఎన్ని", "ఎప్పుడు"),
}
"""What a sentence with a word of NAMES asks for instead ("under that name, how many people will there be?")."""

ASIDES: Mapping[str, tuple[str, ...]] = {
    "en": ("what", "pardon", "sorry", "why", "who", "how", "where", "huh", "hello", "hi", "hey", "speaking"),
    "hi": ("क्या", "क्यों", "कौन", "हैलो", "हेलो", "नमस्ते", "kya", "kyon", "kyun", "kaun", "namaste"),
    "es": ("qué", "cómo", "quién", "mande", "hola", "diga", "dígame"),
    "fr": ("quoi", "comment", "pourquoi", "qui", "hein", "bonjour", "allô"),
    "de": ("was", "wie", "wer", "warum", "wieso", "weshalb", "bitte", "hallo"),
    "pt": ("quê", "como", "quem", "olá", "oi", "alô"),
    "it": ("cosa", "come", "chi", "perché", "prego", "ciao", "pronto", "buongiorno"),
    "ta": ("என்ன", "ஏன்", "யார்", "ஹலோ", "வணக்கம்"),
    "te": ("ఏమిటి", "ఎందుకు", "ఎవరు", "హలో", "నమస్తే"),
}
"""What is said to a question for a name, and is none: questions and greetings. What stops the agent or answers yes or no is none either."""

LEADS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("it's", "its", "it is", "that's", "that is", "this is", "my name is", "my name's", "the name is", "i'm"),
        *("i am", "my number is", "the number is", "my code is", "the code is", "that would be", "it would be"),
        *("one moment", "one second", "one sec", "one minute", "two minutes", "two seconds", "a moment", "a second"),
        *("a minute",),
        *("yes", "yeah", "okay", "ok", "sure", "of course", "right", "well", "so", "oh", "um", "uh"),
    ),
    "hi": (
        *("मेरा नाम", "मेरा नाम है", "नाम है", "मेरा नंबर", "मेरा नंबर है", "नंबर है", "यह है", "जी", "हाँ", "जी हाँ"),
        *("एक मिनट", "एक सेकंड", "एक सेकेंड", "ek minute", "ek minat", "ek second", "ek sec"),
        *("mera naam", "mera naam hai", "naam hai", "mera number", "mera number hai", "number hai", "ji", "haan"),
    ),
    "es": (
        *("es", "es el", "mi nombre es", "me llamo", "soy", "mi número es", "el número es", "sí", "claro", "vale"),
        *("un momento", "un momentito", "un segundo", "un minuto"),
        *("bueno", "pues"),
    ),
    "fr": (
        *("c'est", "c'est le", "mon nom est", "mon nom c'est", "je m'appelle", "mon numéro est", "oui", "alors"),
        *("un instant", "un moment", "une seconde", "une minute"),
        *("d'accord", "bien sûr", "euh", "eh bien", "je suis"),
    ),
    "de": (
        *("es ist", "das ist", "die ist", "der ist", "mein name ist", "der name ist", "ich heiße", "ich bin"),
        *("ein moment", "einen moment", "eine sekunde", "eine minute"),
        *("meine nummer ist", "die nummer ist", "ja", "also", "gut", "gerne", "äh", "ähm", "das wäre"),
    ),
    "pt": (
        *("é", "é o", "meu nome é", "o meu nome é", "me chamo", "sou", "meu número é", "o número é", "sim", "claro"),
        *("um momento", "um momentinho", "um segundo", "um minuto"),
        *("então", "bom"),
    ),
    "it": (
        *("è", "è il", "il mio nome è", "mi chiamo", "sono", "il mio numero è", "il numero è", "sì", "certo"),
        *("un momento", "un attimo", "un secondo", "un minuto"),
        *("allora", "va bene", "dunque"),
    ),
    "ta": ("என் பெயர்", "ஆமா", "சரி"),
    "te": ("నా పేరు", "అవును", "సరే"),
}
"""What is said before an answer of one word or of letters and digits ("sure, it's ...", "one moment")."""

TAGS: Mapping[str, tuple[str, ...]] = {
    "en": ("right", "correct", "isn't it", "don't you", "okay", "is that right", "is that correct"),
    "hi": ("है ना", "सही है", "ठीक है", "hai na", "sahi hai", "theek hai"),
    "es": ("verdad", "no", "correcto", "de acuerdo"),
    "fr": ("n'est-ce pas", "d'accord", "c'est bien ça", "c'est correct"),
    "de": ("oder", "richtig", "nicht wahr", "in Ordnung", "stimmt das"),
    "pt": ("certo", "não é", "né", "correto", "tudo bem"),
    "it": ("giusto", "vero", "corretto", "va bene", "no"),
}
"""How a question ends that is answered by yes or no."""

REPEATED: Mapping[str, Mapping[str, int]] = {
    "en": {"double": 2, "triple": 3},
    "hi": {"डबल": 2, "ट्रिपल": 3},
    "es": {"doble": 2, "triple": 3},
    "fr": {"double": 2, "triple": 3},
    "de": {"doppel": 2},
    "it": {"doppio": 2},
}
"""What says the digit after it so often."""

BETWEEN: Mapping[str, tuple[str, ...]] = {"en": ("dash", "hyphen")}
"""Words of DIGITS that are no digit. How many digits the others are, but for ONES, nobody can say ("twenty three")."""

COUNTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
        *("fourteen", "fifteen"),
    ),
    "hi": (
        *("दो", "तीन teen", "चार char chaar", "पांच पाँच paanch panch", "छह chhe cheh", "सात saat", "आठ aath", "नौ nau"),
        *("दस das", "ग्यारह", "बारह"),
    ),
    "es": ("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    "fr": ("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    "de": ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    "pt": ("dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze"),
    "it": ("due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici"),
}
"""How many digits a question may ask for, from two on; of each number all its words. Figures count in every language."""

COUNTED: Mapping[str, tuple[str, ...]] = {
    "en": ("digit", "digits", "figure", "figures"),
    "hi": ("अंक", "अंकों", "डिजिट", "ank", "ankon", "digit"),
    "es": ("dígitos", "cifras"),
    "fr": ("chiffres",),
    "de": ("ziffern", "stellen", "stellige", "stelligen", "stelliger", "stelliges", "stellig"),
    "pt": ("dígitos", "algarismos"),
    "it": ("cifre",),
}
"""What follows such a count ("four digit code", "the last four digits"); German writes both as one word ("vierstellige")."""

AT_LEAST: Mapping[str, tuple[str, ...]] = {
    "en": ("least", "than", "over", "minimum", "first"),
    "hi": ("कम", "अधिक", "ज्यादा", "kam", "zyada"),
    "es": ("menos", "más", "mínimo", "primeros", "primeras"),
    "fr": ("moins", "plus", "minimum", "premiers"),
    "de": ("mindestens", "über", "als", "ersten"),
    "pt": ("menos", "mais", "mínimo", "primeiros"),
    "it": ("meno", "almeno", "più", "minimo", "prime"),
}
"""What stands before a count that does not say how many digits will be said."""

LINKS: Mapping[str, tuple[str, ...]] = {
    "en": ("of", "on", "from", "to"),
    "hi": ("के", "का", "की", "ke", "ka", "ki"),
    "es": ("de", "del", "en"),
    "fr": ("de", "du", "à", "sur"),
    "de": ("von", "auf", "aus", "ihrer", "deiner"),
    "pt": ("de", "do", "da", "no", "na"),
    "it": ("di", "del", "della", "sulla"),
}
"""What makes two words of NUMBERS name one number ("the code on your card"), or a number have a count ("code of four digits")."""

LENGTHS: Mapping[str, Mapping[str, int]] = {
    "en": {"zip code": 5, "zip": 5, "aadhaar": 12},
    "hi": {"आधार": 12},
    "de": {"postleitzahl": 5},
    "pt": {"cpf": 11, "cep": 8},
}
"""Digits of numbers that have so many wherever the language is spoken; where some have fewer these are waited for as ever."""
