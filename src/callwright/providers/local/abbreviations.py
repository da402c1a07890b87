"""What is written short and said long: titles, streets, days, months, units, currencies. English."""

from __future__ import annotations

from collections.abc import Mapping

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
WEEKDAYS: Mapping[str, str] = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
UNITS: Mapping[str, tuple[str, str]] = {
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "ml": ("milliliter", "milliliters"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "in.": ("inch", "inches"),
    "yd": ("yard", "yards"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "sqft": ("square foot", "square feet"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
}
"""Behind a number: one, several. "in" without its dot is a word."""

SPANS: Mapping[str, str] = {
    "mo": "month",
    "yr": "year",
    "wk": "week",
    "hr": "hour",
    "h": "hour",
    "min": "minute",
    "lb": "pound",
    "kg": "kilogram",
    "km": "kilometer",
    "mi": "mile",
    "sqft": "square foot",
    "kWh": "kilowatt hour",
    **{
        one: one
        for one in (
            *("month", "year", "week", "day", "night", "hour", "minute", "mile", "pound", "person", "visit", "session"),
            *("call", "item", "unit", "ticket", "user", "seat", "room", "piece", "page", "gallon", "class", "lesson"),
        )
    },
}
"""What stands behind the slash of "$5/month"."""

ABBREVIATIONS: Mapping[str, str] = {
    "vs.": "versus",
    "approx.": "approximately",
    "e.g.": "for example",
    "i.e.": "that is",
    "appt.": "appointment",
    "ext.": "extension",
    "Ext.": "extension",
    "tel.": "telephone",
    "Tel.": "telephone",
    "Ltd.": "limited",
    "Inc.": "incorporated",
    "Corp.": "corporation",
    "Co.": "company",
    "Jr.": "junior",
    "Sr.": "senior",
    "Prof.": "professor",
    "Rev.": "reverend",
    "Gov.": "governor",
    "Gen.": "general",
    "Col.": "colonel",
    "Capt.": "captain",
    "Lt.": "lieutenant",
    "Sgt.": "sergeant",
    "Mt.": "mount",
    "Ave.": "avenue",
    "Rd.": "road",
    "Blvd.": "boulevard",
    "Ln.": "lane",
    "Hwy.": "highway",
    "Pkwy.": "parkway",
    "Apt.": "apartment",
    "apt.": "apartment",
    "Ste.": "suite",
    "Bldg.": "building",
    "Rm.": "room",
    "dept.": "department",
    "Dept.": "department",
    "w/": "with",
    "w/o": "without",
}
BEFORE_FIGURES: Mapping[str, str] = {
    "no.": "number",
    "nos.": "numbers",
    "p.": "page",
    "pp.": "pages",
    "fig.": "figure",
    "vol.": "volume",
    "ch.": "chapter",
    "sec.": "section",
    "art.": "article",
}
"""Short only where a figure follows: "No. 5", and "No."."""

DIRECTIONS: Mapping[str, str] = {"N": "north", "S": "south", "E": "east", "W": "west"}
"""Between the number of a house and the name of its street."""

COINS: Mapping[str, str] = {"₹": "rupees", "¥": "yen", "₩": "won", "₺": "lira", "₦": "naira", "₱": "pesos"}
"""What the lexicon does not read; dollars, euros and pounds it does."""
NAMES_OF_MONEY: Mapping[str, str] = {"$": "dollars", "€": "euros", "£": "pounds", **COINS}
CURRENCIES: Mapping[str, str] = {
    "USD": "dollars",
    "EUR": "euros",
    "GBP": "pounds",
    "CAD": "Canadian dollars",
    "AUD": "Australian dollars",
    "CHF": "Swiss francs",
    "JPY": "yen",
    "INR": "rupees",
}
"""By their codes, before or behind an amount."""


def month_of(word: str) -> str:
    """The month that ``word`` names, short ("Jan", "Jan.") or long, or nothing."""
    short = word.removesuffix(".")
    if short in MONTHS:
        return short
    if len(short) in (3, 4) and short[:1].isupper():
        return next((month for month in MONTHS if short in (month[:3], "Sept") and month.startswith(short[:3])), "")
    return ""


def weekday_of(word: str) -> str:
    """The day of the week that ``word`` names, short or long, or nothing."""
    short = word.removesuffix(".")
    return short if short in WEEKDAYS.values() else WEEKDAYS.get(short, "")


def keeps_dot(word: str) -> bool:
    """Whether the full stop at the end of ``word`` is a part of it."""
    return word.endswith(".") and (
        word in ABBREVIATIONS
        or word in ("St.", "Dr.", "Ft.", "in.")
        or word.lower() in BEFORE_FIGURES
        or word[:-1] in UNITS
        or word[:-1] in WEEKDAYS
        or word[:-1] in DIRECTIONS
        or (len(word) < 6 and bool(month_of(word)) and word[:-1] not in MONTHS)
    )
