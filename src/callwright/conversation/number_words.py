"""Words that are numbers, by language: 0 to 99 and hundreds. Generated where the language is regular, else data; read by ``asking``.

Only numbers of one word: "twenty three" and "treinta y cinco" are two words that stand here each. German and Italian write all numbers
below a thousand as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ONES: Mapping[str, tuple[str, ...]] = {
    "en": ("zero", "oh", "o", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "hi": (
        *("शून्य", "जीरो", "ज़ीरो", "एक", "दो", "तीन", "चार", "पांच", "पाँच", "छह", "छः", "सात", "आठ", "नौ"),
        *("shunya", "ek", "do", "teen", "char", "chaar", "paanch", "panch", "chhe", "cheh", "saat", "aath", "nau"),
    ),
    "es": ("cero", "uno", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "fr": ("zéro", "un", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "de": ("null", "eins", "ein", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "pt": ("zero", "um", "uma", "dois", "duas", "três", "quatro", "cinco", "seis", "meia", "sete", "oito", "nove"),
    "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    "ta": ("பூஜ்யம்", "ஒன்று", "இரண்டு", "மூன்று", "நான்கு", "ஐந்து", "ஆறு", "ஏழு", "எட்டு", "ஒன்பது"),
    "te": ("సున్నా", "ఒకటి", "రెండు", "మూడు", "నాలుగు", "ఐదు", "ఆరు", "ఏడు", "ఎనిమిది", "తొమ్మిది"),
}
"""Words that are one digit each."""

_ENGLISH = (
    *ONES["en"],
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand"),
)

_SPANISH = (
    *ONES["es"],
    *(
        "un",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
    ),
    *("veintiún", "veintiuno", "veintiuna", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis"),
    *("veintisiete", "veintiocho", "veintinueve", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta"),
    *("ochenta", "noventa", "cien", "ciento", "mil"),
    *(
        f"{stem}ient{ending}"
        for stem in ("dosc", "tresc", "cuatroc", "quin", "seisc", "setec", "ochoc", "novec")
        for ending in ("os", "as")
    ),
)

_FRENCH = (
    *ONES["fr"],
    *("dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "vingt", "vingts", "trente", "quarante", "cinquante", "soixante"),
    *("septante", "huitante", "octante", "nonante", "cent", "cents", "mille"),
)

_PORTUGUESE = (
    *ONES["pt"],
    *(
        "dez",
        "onze",
        "doze",
        "treze",
        "catorze",
        "quatorze",
        "quinze",
        "dezesseis",
        "dezasseis",
        "dezessete",
        "dezassete",
    ),
    *("dezoito", "dezenove", "dezanove", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta"),
    *("oitenta", "noventa", "cem", "cento", "mil"),
    *(
        f"{stem}{ending}"
        for stem in ("duzent", "trezent", "quatrocent", "quinhent", "seiscent", "setecent", "oitocent", "novecent")
        for ending in ("os", "as")
    ),
)

_HINDI = (
    *ONES["hi"],
    *("छे", "छ", "दस"),
    *("ग्यारह", "बारह", "तेरह", "चौदह", "पंद्रह", "पन्द्रह", "सोलह", "सत्रह", "सतरह", "अठारह", "अट्ठारह", "उन्नीस"),
    *("बीस", "इक्कीस", "बाईस", "बाइस", "तेईस", "तेइस", "चौबीस", "पच्चीस", "छब्बीस", "सत्ताईस", "सत्ताइस"),
    *("अट्ठाईस", "अट्ठाइस", "अठ्ठाईस", "अठाईस", "उनतीस", "उन्तीस"),
    *("तीस", "इकतीस", "इकत्तीस", "बत्तीस", "तैंतीस", "तेंतीस", "तैतीस", "चौंतीस", "चौतीस", "पैंतीस", "पैतीस", "छत्तीस"),
    *("सैंतीस", "सैतीस", "अड़तीस", "उनतालीस", "उन्तालीस", "उनचालीस"),
    *("चालीस", "इकतालीस", "बयालीस", "बियालीस", "तैंतालीस", "तेंतालीस", "तैतालीस", "चौवालीस", "चवालीस", "पैंतालीस"),
    *("पैतालीस", "छियालीस", "छयालीस", "सैंतालीस", "सैतालीस", "अड़तालीस", "उनचास", "उन्चास"),
    *("पचास", "इक्यावन", "बावन", "तिरपन", "तिरेपन", "चौवन", "चव्वन", "पचपन", "छप्पन", "सत्तावन", "अट्ठावन", "अठ्ठावन"),
    *("अठावन", "उनसठ"),
    *("साठ", "इकसठ", "बासठ", "तिरसठ", "तिरेसठ", "चौंसठ", "चौसठ", "पैंसठ", "पैसठ", "छियासठ", "सड़सठ", "सरसठ", "अड़सठ"),
    *("उनहत्तर", "उनहतर"),
    *("सत्तर", "इकहत्तर", "इकहतर", "बहत्तर", "बहतर", "तिहत्तर", "तिहतर", "चौहत्तर", "चौहतर", "पचहत्तर", "पिचहत्तर"),
    *("पचहतर", "छिहत्तर", "छिहतर", "सतहत्तर", "सतत्तर", "अठहत्तर", "अठत्तर", "उन्यासी", "उनासी", "उन्नासी"),
    *("अस्सी", "इक्यासी", "बयासी", "बियासी", "तिरासी", "चौरासी", "पचासी", "पिचासी", "छियासी", "सत्तासी", "सतासी"),
    *("अट्ठासी", "अठ्ठासी", "अठासी", "नवासी"),
    *("नब्बे", "इक्यानवे", "इक्यानबे", "इकानवे", "बानवे", "बानबे", "तिरानवे", "तिरानबे", "चौरानवे", "चौरानबे"),
    *("पचानवे", "पंचानवे", "पंचानबे", "पिचानवे", "छियानवे", "छियानबे", "सत्तानवे", "सत्तानबे", "सतानवे"),
    *("अट्ठानवे", "अट्ठानबे", "अठ्ठानवे", "अठानवे", "निन्यानवे", "निन्यानबे", "सौ", "हज़ार"),
    *(
        "das",
        "gyarah",
        "barah",
        "baarah",
        "terah",
        "chaudah",
        "pandrah",
        "solah",
        "satrah",
        "atharah",
        "unnis",
        "unnees",
    ),
    *("bees", "ikkis", "bais", "teis", "chaubis", "pachchis", "pachis", "chhabbis", "sattais", "atthais", "untis"),
    *("tees", "ikattis", "battis", "taintis", "chauntis", "paintis", "chhattis", "saintis", "adtis", "untalis"),
    *("chalis", "chaalis", "iktalis", "bayalis", "taintalis", "chauvalis", "paintalis", "chhiyalis", "saintalis"),
    *("adtalis", "unchas", "pachas", "pachaas", "ikyavan", "bavan", "tirpan", "chauvan", "pachpan", "chhappan"),
    *("sattavan", "atthavan", "unsath", "sath", "iksath", "basath", "tirsath", "chaunsath", "painsath", "chhiyasath"),
    *("sadsath", "adsath", "unhattar", "sattar", "ikhattar", "bahattar", "tihattar", "chauhattar", "pachhattar"),
    *("chhihattar", "sathattar", "athhattar", "unyasi", "assi", "ikyasi", "bayasi", "tirasi", "chaurasi", "pachasi"),
    *("chhiyasi", "sattasi", "atthasi", "navasi", "nabbe", "ikyanve", "banve", "tiranve", "chauranve", "pachanve"),
    *("chhiyanve", "sattanve", "atthanve", "ninyanve", "sau", "hazar", "hazaar"),
)

_TAMIL = (
    *ONES["ta"],
    "பத்து",
    *("பதினொன்று", "பன்னிரண்டு", "பதிமூன்று", "பதினான்கு", "பதினைந்து", "பதினாறு", "பதினேழு", "பதினெட்டு"),
    *("பத்தொன்பது", "இருபது", "இருபத்தி", "முப்பது", "முப்பத்தி", "நாற்பது", "நாற்பத்தி", "ஐம்பது", "ஐம்பத்தி"),
    *("அறுபது", "அறுபத்தி", "எழுபது", "எழுபத்தி", "எண்பது", "எண்பத்தி", "தொண்ணூறு", "தொண்ணூற்றி", "நூறு"),
)

_TELUGU = (
    *ONES["te"],
    *("పది", "పదకొండు"),
    *("పన్నెండు", "పదమూడు", "పద్నాలుగు", "పదిహేను", "పదహారు", "పదిహేడు", "పద్దెనిమిది", "పందొమ్మిది", "ఇరవై"),
    *("ముప్పై", "నలభై", "యాభై", "అరవై", "డెబ్బై", "ఎనభై", "తొంభై", "వంద", "నూరు"),
)


def _german() -> Sequence[str]:
    """One to 999, each one word: "siebenundzwanzig", "zweihundertdrei"."""
    ones = ("ein", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
    tens = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
    teens = ("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn")
    compounds = (f"{one}und{ten}" for one in ones for ten in tens)
    below = (*ones, "eins", "zehn", "elf", "zwölf", *teens, *tens, *compounds)
    hundreds = ("hundert", *(f"{one}hundert" for one in ones))
    return ("null", "eine", *below, *hundreds, *(f"{many}{few}" for many in hundreds for few in below), "tausend")


def _italian() -> Sequence[str]:
    """One to 999, each one word: "ventuno" and "ventotto" lose a vowel."""
    ones = ("uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove")
    teens = (
        "undici",
        "dodici",
        "tredici",
        "quattordici",
        "quindici",
        "sedici",
        "diciassette",
        "diciotto",
        "diciannove",
    )
    tens = ("venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta")
    compounds = (f"{ten[:-1] if one in ('uno', 'otto') else ten}{one}" for ten in tens for one in ones)
    below = (*ones, "dieci", *teens, *tens, *compounds)
    hundreds = ("cento", *(f"{one}cento" for one in ones[1:]))
    elided = (f"{many[:-1]}{few}" for many in hundreds for few in below if few.startswith("o"))
    return ("zero", "una", *below, *hundreds, *(f"{many}{few}" for many in hundreds for few in below), *elided, "mille")


NUMBER_WORDS: Mapping[str, Sequence[str]] = {
    "en": _ENGLISH,
    "hi": _HINDI,
    "es": _SPANISH,
    "fr": _FRENCH,
    "de": _german(),
    "pt": _PORTUGUESE,
    "it": _italian(),
    "ta": _TAMIL,
    "te": _TELUGU,
}
"""Every word that is a number or a part of one."""
