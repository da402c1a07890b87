"""How a local voice reads figures and signs."""

from __future__ import annotations

import random

import pytest

from callwright.providers.local.reading import readings
from callwright.providers.local.speaking import Lexicon


def read(text: str) -> str:
    return " ".join(word for word in readings(text.split()) if word)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("at 10:00 AM.", "at 10 a.m."),
        ("at 10:00.", "at 10 o'clock."),
        ("10:05 a.m., okay?", "10 oh 5 a.m., okay?"),
        ("3:30 PM", "3 30 p.m."),
        ("8:00AM or 7pm", "8 a.m. or 7 p.m."),
        ("14:00 to 14:45", "14 hundred to 14 45"),
        ("at 0:00", "at midnight"),
        ("10:00–11:30", "10 to 11 30"),
        ("9:00-5:00 PM", "9 to 5 p.m."),
        ("10:00 o'clock", "10 o'clock"),
        ("the score is 3:1", "the score is 3 to 1"),
        ("I am 10", "I am 10"),
    ],
)
def test_times_of_day(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Mon, Nov 26", "Monday, November 26th"),
        ("on Wed.", "on Wednesday."),
        ("I sat, and May came", "I sat, and May came"),
        ("2026-11-26", "November 26th, 2026"),
        ("in 2026", "in 2026"),
        ("the 21st", "the 21st"),
        ("Jan. 5 works", "January 5th works"),
        ("Feb 3rd, 2026", "February 3rd, 2026"),
        ("Jan. 5–7", "January 5th to 7th"),
        ("Nov 3-Nov 5", "November 3rd to November 5th"),
        ("in January 2026", "in January 2026"),
        ("on 1 May at 5 p.m.", "on the 1st of May at 5 p.m."),
        ("the 22 March slot", "the 22nd of March slot"),
        ("at 5 in May", "at 5 in May"),
        ("in Jan. we met", "in January we met"),
        ("Wed., Nov. 4", "Wednesday, November 4th"),
        ("Mon.-Fri. 9-5", "Monday to Friday 9 to 5"),
        ("Mon – Fri", "Monday to Friday"),
        ("Fri. at 5", "Friday at 5"),
        ("the Sun.", "the Sun."),
        ("on 3/4", "on 3 4"),
        ("We have 4 March appointments left.", "We have 4 March appointments left."),
        ("There are 2 May slots", "There are 2 May slots"),
        ("On 4 March appointments are full", "On the 4th of March appointments are full"),
        ("In June 12 slots are open", "In June 12 slots are open"),
        ("On June 12 slots are open", "On June 12th slots are open"),
        ("The 22 March slot is free.", "The 22nd of March slot is free."),
        ("our 22 March slot", "our 22nd of March slot"),
        ("We are closed Fri. 3 other days are free.", "We are closed Friday. 3 other days are free."),
        ("Fri. 3 p.m. works", "Friday 3 p.m. works"),
        ("On Fri. 3 we close", "On Friday 3 we close"),
        ("You will speak with Jan.", "You will speak with Jan."),
        ("Jan. is busy", "January is busy"),
        ("from Feb. to Mar.", "from February to March."),
        ("As of 1 May rates rise", "As of the 1st of May rates rise"),
        ("As of 4 May rates rise", "As of the 4th of May rates rise"),
        ("a total of 4 March appointments", "a total of 4 March appointments"),
        ("Effective 1 May prices rise", "Effective the 1st of May prices rise"),
        ("Beginning 1 May fees apply", "Beginning the 1st of May fees apply"),
        ("Tuesday 4 March classes resume", "Tuesday the 4th of March classes resume"),
        ("Tuesday, 4 March classes resume", "Tuesday, the 4th of March classes resume"),
        ("starting 4 March classes resume", "starting the 4th of March classes resume"),
        ("It is due Jun.", "It is due June."),
        ("We close Jun.", "We close June."),
        ("The end of Jan.", "The end of January."),
        ("Is Fri. 3 okay?", "Is Friday 3 okay?"),
        ("Your visit on Fri. 14 was moved", "Your visit on Friday 14 was moved"),
        ("Does Fri. 3 suit you?", "Does Friday 3 suit you?"),
        ("Come Fri. 3 please", "Come Friday 3 please"),
        ("Fri. 3 suits me", "Friday 3 suits me"),
        ("Thu. 7 sharp", "Thursday 7 sharp"),
        ("Open Mon. 9 - 5", "Open Monday 9 to 5"),
        ("Wed. 12 noon", "Wednesday 12 noon"),
        ("We are closed Fri. 3 clinics are open.", "We are closed Friday. 3 clinics are open."),
    ],
)
def test_days(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("555-0123", "5 5 5, 0 1 2 3"),
        ("call (555) 010-1234 now", "call 5 5 5, 0 1 0, 1 2 3 4 now"),
        ("+1 555 0123", "plus 1 5 5 5 0 1 2 3"),
        ("5550123456", "5 5 5, 0 1 2, 3 4 5 6"),
        ("07700 900123", "0 7 7 0 0 9 0 0 1 2 3"),
        ("room 007", "room 0 0 7"),
        ("zip 90210", "zip 9 0 2 1 0"),
        ("1000000 people", "1000000 people"),
        ("1,250.50", "1,250.50"),
        ("3.5", "3.5"),
        ("1234567.89", "1234567.89"),
        ("in 2026 100 people", "in 2026 100 people"),
        ("10-12 people", "10 to 12 people"),
        ("in 2019-2020", "in 2019 to 2020"),
        ("1000-1500 dollars", "1000 to 1500 dollars"),
        ("12345 patients", "12345 patients"),
        ("code 12345 please", "code 1 2 3 4 5 please"),
        ("on 5-10-2024", "on 5 10 2024"),
        ("options 1,2,3", "options 1, 2, 3"),
        ("555 - 0123", "555 , 0 1 2 3"),
        ("pages 3–7", "pages 3 to 7"),
        ("10 – 15 people", "10 to 15 people"),
        ("10-15%", "10 to 15%"),
        ("1st-3rd", "1st to 3rd"),
        ("10 a.m.-12 p.m.", "10 a.m. to 12 p.m."),
        ("5 pm - 7 pm", "5 p.m. to 7 p.m."),
        ("it is −5", "it is -5"),
        ("٣ items", "3 items"),
        ("24/7", "24/7"),
    ],
)
def test_numbers_and_telephone_numbers(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("it costs 12999", "it costs 12,999"),
        ("it costs 1299", "it costs 1,299"),
        ("your balance, with tax, is 12999.", "your balance, with tax, is 12,999."),
        ("the price of the ticket is 12999", "the price of the ticket is 12,999"),
        ("the total for your account is 12999", "the total for your account is 12,999"),
        ("the total for your account is 1299", "the total for your account is 1,299"),
        ("the code for your payment is 4821", "the code for your payment is 4 8 2 1"),
        ("the number of calls was 12345", "the number of calls was 12,345"),
        ("more than 12345", "more than 12,345"),
        ("the bill is 12999", "the bill is 12,999"),
        ("12999 is the total", "12,999 is the total"),
        ("USD 12999", "12,999 dollars"),
        ("the price in 2026", "the price in 2026"),
        ("the balance of May 2026", "the balance of May 2026"),
        ("the price is 2026", "the price is 2,026"),
        ("it costs 1500", "it costs 1500"),
        ("your order number is 12999", "your order number is 1 2 9 9 9"),
        ("the total is due. 12999 is", "the total is due. 1 2 9 9 9 is"),
        ("your payment reference is 12999", "your payment reference is 1 2 9 9 9"),
        ("the code for your payment is 12999", "the code for your payment is 1 2 9 9 9"),
        ("payment 12999", "payment 1 2 9 9 9"),
        ("your PIN is 4821", "your PIN is 4 8 2 1"),
        ("your card ending in 4821", "your card ending in 4 8 2 1"),
        ("reference 200500", "reference 2 0 0 5 0 0"),
        ("your code was sent in 2026", "your code was sent in 2026"),
        ("12999 Main St.", "1 2 9 9 9 Main street."),
        ("1234 Main St.", "1234 Main street."),
    ],
)
def test_a_long_number_is_an_amount_or_a_code_as_the_words_around_it_say(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("To pay your bill, call 5551234567.", "To pay your bill, call 5 5 5, 1 2 3, 4 5 6 7."),
        ("Rather than waiting, text us at 5551234567", "Rather than waiting, text us at 5 5 5, 1 2 3, 4 5 6 7"),
        ("To pay, call 07700 900123", "To pay, call 0 7 7 0 0 9 0 0 1 2 3"),
        ("To pay, call +44 20 79460123", "To pay, call plus 4 4 2 0 7 9 4 6, 0 1 2 3"),
        ("To pay the deposit, press 1 and enter 48213", "To pay the deposit, press 1 and enter 4 8 2 1 3"),
        ("To pay, call 98765 43210", "To pay, call 9 8 7 6 5 4 3 2 1 0"),
        ("Call 5551234500 anytime.", "Call 5 5 5, 1 2 3, 4 5 0 0 anytime."),
        ("Call 555 1234.", "Call 5 5 5 1 2 3 4."),
        ("Call 5559876 rather than 5551234", "Call 5 5 5, 9 8 7 6 rather than 5 5 5, 1 2 3 4"),
        ("Our price is fair and our line is 5551234", "Our price is fair and our line is 5 5 5, 1 2 3 4"),
        ("The number of our clinic is 5551234", "The number of our clinic is 5 5 5, 1 2 3 4"),
        ("5551234 is the balance line", "5 5 5, 1 2 3 4 is the balance line"),
        ("The total is 123456789", "The total is 1 2 3, 4 5, 6 7 8 9"),
        ("Your claim 85250 was paid on Friday.", "Your claim 8 5 2 5 0 was paid on Friday."),
        ("Your code 48213 is needed to pay.", "Your code 4 8 2 1 3 is needed to pay."),
        ("Order 48213 was paid yesterday.", "Order 4 8 2 1 3 was paid yesterday."),
        ("Your PIN 4821 is for paying the total.", "Your PIN 4 8 2 1 is for paying the total."),
        ("Your card ending 4821 was charged 1299", "Your card ending 4 8 2 1 was charged 1,299"),
        ("Your code 48213 expires today", "Your code 4 8 2 1 3 expires today"),
        ("Your order 48213 has shipped", "Your order 4 8 2 1 3 has shipped"),
        ("Your PIN 4821 expires", "Your PIN 4 8 2 1 expires"),
        ("You can order 12345 pieces", "You can order 12345 pieces"),
        ("We have 12345 active users", "We have 12345 active users"),
        ("The price for 2026 is $40.", "The price for 2026 is $40."),
        ("Taxes for 2024 are due", "Taxes for 2024 are due"),
        ("Your premium for 2026 is 1299", "Your premium for 2026 is 1,299"),
        ("Prices of 2024 apply", "Prices of 2024 apply"),
        ("You owe 2024 taxes", "You owe 2024 taxes"),
        ("You owe 2024 now", "You owe 2,024 now"),
        ("It costs 500-1000 dollars.", "It costs 500 to 1000 dollars."),
        ("500-1000 people", "500 to 1000 people"),
        ("Salary is 50000-60000.", "Salary is 50000 to 60000."),
        ("Call 555-1000 today", "Call 5 5 5, 1 0 0 0 today"),
        ("Our number is 555-1234 weekdays", "Our number is 5 5 5, 1 2 3 4 weekdays"),
        ("The amount you still owe is 12999", "The amount you still owe is 12,999"),
        ("The total comes to 12999", "The total comes to 12,999"),
        ("You were charged 12999 for order 48213", "You were charged 12,999 for order 4 8 2 1 3"),
    ],
)
def test_what_is_dialled_or_typed_is_no_amount_and_a_year_is_none(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Plans start at 999, 1499, and 2499 a month.", "Plans start at 999, 1499, and 2499 a month."),
        ("It costs 1200, 1500 or 1800 dollars", "It costs 1200, 1500 or 1800 dollars"),
        ("It costs 999.99, 1499.99", "It costs 999.99, 1499.99"),
        ("Of the 1500, 1200 have come", "Of the 1500, 1200 have come"),
        ("Suite 300, 1250 Oak Avenue", "Suite 300, 1250 Oak Avenue"),
        ("in 100, 200, 300 or 500", "in 100, 200, 300 or 500"),
        ("call 555, 010, 1234", "call 5 5 5, 0 1 0, 1 2 3 4"),
        ("The codes are 4821, 5137", "The codes are 4 8 2 1, 5 1 3 7"),
        ("(555) 123 4567, ask", "5 5 5, 1 2 3 4 5 6 7, ask"),
        ("It's 555 1234", "It's 5 5 5 1 2 3 4"),
    ],
)
def test_the_numbers_of_a_list_are_no_telephone_number(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Our office 555-6789 answers calls.", "Our office 5 5 5, 6 7 8 9 answers calls."),
        ("The clinic at 555-1234 sees patients", "The clinic at 5 5 5, 1 2 3 4 sees patients"),
        ("Our office 555-1234 hours 9 to 5", "Our office 5 5 5, 1 2 3 4 hours 9 to 5"),
        ("To pay us 555-1234.", "To pay us 5 5 5, 1 2 3 4."),
        ("For a total price 555-1234 is the line", "For a total price 5 5 5, 1 2 3 4 is the line"),
        ("150-1250 people", "150 to 1250 people"),
        ("the price is 550-1250", "the price is 550 to 1250"),
        ("555-1234 dollars", "555 to 1234 dollars"),
    ],
)
def test_a_telephone_number_with_a_hyphen_is_no_range(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a 12345 dollar loan", "a 12345 dollar loan"),
        ("a 15250 euro deposit", "a 15250 euro deposit"),
        ("a 12345 pound loan", "a 12345 pound loan"),
        ("Press 48213 pound", "Press 4 8 2 1 3 pound"),
        ("the 25750 mile service", "the 25750 mile service"),
        ("You get 45250 per year", "You get 45250 per year"),
        ("He makes 45250 a year", "He makes 45250 a year"),
        ("Call 12345 a day before", "Call 1 2 3 4 5 a day before"),
        ("Enter 48213 each time", "Enter 4 8 2 1 3 each time"),
        ("Your order 48213 left today", "Your order 4 8 2 1 3 left today"),
        ("We employ 12345 staff", "We employ 12345 staff"),
        (
            "The balance on your card ending in 4821 is 12999",
            "The balance on your card ending in 4 8 2 1 is 12,999",
        ),
        ("Your bill 48213 is 12999", "Your bill 4 8 2 1 3 is 12,999"),
        ("the code for order 48213 is 51377", "the code for order 4 8 2 1 3 is 5 1 3 7 7"),
        ("Text PAY 48213 now.", "Text PAY 4 8 2 1 3 now."),
        ("Call us for the price 5551234.", "Call us for the price 5 5 5, 1 2 3 4."),
        ("Call us to pay 12999", "Call us to pay 12,999"),
    ],
)
def test_what_is_paid_or_shared_out_is_an_amount_and_what_is_dialled_for_it_is_none(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("The rent is 1950 a month", "The rent is 1,950 a month"),
        ("It costs 1999 today", "It costs 1,999 today"),
        ("It costs 1999 per year", "It costs 1,999 per year"),
        ("The total comes to 1999", "The total comes to 1,999"),
        ("You owe us 1999", "You owe us 1,999"),
        ("The deposit is about 1950", "The deposit is about 1,950"),
        ("You owe 2024 tax", "You owe 2024 tax"),
        ("The fee is the 2024 fee", "The fee is the 2024 fee"),
        ("The budget 2026 is done", "The budget 2026 is done"),
        ("valid until at least 2026", "valid until at least 2026"),
        ("Sales are higher than 2024", "Sales are higher than 2024"),
        ("The policy is paid up to 2027", "The policy is paid up to 2027"),
        ("You paid for 2024", "You paid for 2024"),
    ],
)
def test_a_price_that_could_be_a_year_is_a_price_where_a_verb_has_it(written: str, said: str) -> None:
    assert read(written) == said


LEADS = (
    *("To pay your bill, call {}", "For the total price, call us at {}", "If the costs are too high, text {}"),
    *(
        "Before you pay the deposit, please dial {}",
        "Your balance is due today, so call {}",
        "The fee is small; ring {}",
    ),
    *("For prices and fees, our number is {}", "We charged nothing; the price line is {}", "To save, reach us at {}"),
    *("Rather than pay more than you owe, enter {}",),
)
TAILS = (
    *(".", " today.", " anytime.", " weekdays.", " and ask for the total.", " to pay the balance.", ", please."),
    *(" for prices.", " if it costs more.", " or pay online."),
)


@pytest.mark.parametrize("lead", LEADS)
def test_a_telephone_number_is_never_read_as_an_amount(lead: str) -> None:
    chance = random.Random(lead)
    for tail in TAILS:
        for digits in range(7, 16):
            number = "".join([chance.choice("123456789"), *(chance.choice("0123456789") for _ in range(digits - 1))])
            shown = chance.choice([number, f"{number[:-2]}00"])
            said = read(lead.format(shown) + tail)
            assert " ".join(shown) in said.replace(",", ""), said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("use 3 1/2 cups", "use 3 and a half cups"),
        ("1 1/8 in. wide", "1 and an eighth inches wide"),
        ("2 3/4 hrs", "2 and three quarters hours"),
        ("1⅔ cups", "1 and two thirds cups"),
        ("a 3½-inch pipe", "a 3 and a half inch pipe"),
        ("½ hr", "one half hour"),
        ("5/8 of it", "5 eighths of it"),
        ("I have 3, 1/2 of them", "I have 3, one half of them"),
    ],
)
def test_parts_of_a_whole(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$1,299.50", "$1,299.50"),
        ("$10-15", "10 to $15"),
        ("$10–$15", "$10 to $15"),
        ("$5-10k", "5 to 10 thousand dollars"),
        ("USD 20 or 20 EUR", "20 dollars or 20 euros"),
        ("20€, 99¢, -$5", "€20, 99 cents, minus $5"),
        ("$5/month", "$5 per month"),
        ("10-15 min", "10 to 15 minutes"),
        ("two 15-min visits", "two 15 minute visits"),
        ("a 5-10-minute wait", "a 5 to 10 minute wait"),
        ("10 min. or so", "10 minutes or so"),
        ("10 min. Then", "10 minutes. Then"),
        ("5 ft. 3 in.", "5 feet 3 inches."),
        ("He is 6 ft. 2 tall", "He is 6 feet 2 tall"),
        ("It takes about 20 min. 3 slots are open today.", "It takes about 20 minutes. 3 slots are open today."),
        ("1 hr. 30 min. or so", "1 hour 30 minutes or so"),
        ("Just a sec. 3 slots are open", "Just a second. 3 slots are open"),
        ("see sec. 3", "see section 3"),
        ("You paid 500 USD 2 days ago.", "You paid 500 dollars 2 days ago."),
        ("It costs 20 EUR 3 times a year.", "It costs 20 euros 3 times a year."),
        ("You paid 500 € 2 days ago", "You paid 500 euros 2 days ago"),
        ("in 2026 USD 500 were paid", "in 2026 500 dollars were paid"),
        ("it is € 20", "it is €20"),
        ("Press # to end.", "Press pound to end."),
        ("60 mph", "60 miles per hour"),
        ("-5°C or 20 °F", "minus 5 degrees Celsius or 20 degrees Fahrenheit"),
        ("60–70°F", "60 to 70 degrees Fahrenheit"),
        ("6'2\"", "6 foot 2"),
        ("2x4", "2 by 4"),
        ("10²", "10 squared"),
        ("$90", "$90"),
        ("$5.5", "$5.50"),
        ("$1M or $2 million", "1 million dollars or 2 million dollars"),
        ("₹500", "500 rupees"),
        ("60°F", "60 degrees Fahrenheit"),
        ("2½ hrs", "2 and a half hours"),
        ("1/2 off", "one half off"),
        ("20 min, 1 hr, 5kg", "20 minutes, 1 hour, 5 kilograms"),
        ("5 %", "5 percent"),
        ("#5", "number 5"),
        ("press # or *.", "press pound or star."),
        ("* item", "item"),
    ],
)
def test_money_measures_and_signs(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ava@example.com.", "ava at example dot com."),
        ("https://www.example.com/a", "w w w dot example dot com slash a"),
        ("Okay.In", "Okay.In"),
        ("B-E-L-L", "B, E, L, L"),
        ("an x-ray", "an x-ray"),
        ("A12-B7", "ay 12 B 7"),
        ("AB1234", "ay B 1 2 3 4"),
        ("COVID-19", "COVID-19"),
        ("St. Mary on Main St.", "saint Mary on Main street."),
        ("Mr. St. John", "Mr. saint John"),
        ("Dr. Smith, 12 Oak Dr. please", "Dr. Smith, 12 Oak drive please"),
        ("vs. w/ us", "versus with us"),
        ("3rd Ave., 5th St.", "3rd avenue, 5th street."),
        ("125 E. Main St.", "125 east Main street."),
        ("John E. Smith", "John E. Smith"),
        ("Ft. Worth", "fort Worth"),
        ("Apt. 4B, e.g. this", "apartment 4B, for example this"),
        ("No. 5, p. 12", "number 5, page 12"),
        ("No. We do.", "No. We do."),
        ("Gov. Lee", "governor Lee"),
        ("Reservation for Ada P. 2 guests", "Reservation for Ada P. 2 guests"),
        ("Visit St. Mary's Hospital", "Visit saint Mary's Hospital"),
        ("Call Dr. now", "Call Dr. now"),
        ("Main St. is closed", "Main street is closed"),
        ("AT&T", "ay T and T"),
        ("an mp3", "an M P 3"),
        ("“Hi,” she said (ok)", "Hi, she said ok,"),
        ("**bold** café it’s", "bold cafe it's"),
        ("Sure — ten", "Sure , ten"),
        ("Sure–ten…", "Sure, ten,"),
    ],
)
def test_addresses_spelling_and_marks(written: str, said: str) -> None:
    assert read(written) == said


def test_every_word_has_one_reading() -> None:
    for text in ("", "—", "hello 😀 — (you) *", "+1 (555) 010-1234, 10:00 AM. ₹5"):
        assert len(readings(text.split())) == len(text.split())


def look_up(text: str) -> str:
    """A lexicon that reads lower-case words and single letters only."""
    sounds = " ".join(word for word in text.split() if word.islower() or len(word) == 1)
    if not sounds:
        raise RuntimeError("nothing to say")
    return sounds


def test_each_word_has_a_length_also_one_that_is_not_said() -> None:
    sounds, weights = Lexicon(look_up).sounds("hello 😀 there")
    assert sounds == "hello there"
    assert weights == [5, 1, 5]


def test_a_word_is_looked_up_once() -> None:
    asked: list[str] = []

    def counted(text: str) -> str:
        asked.append(text)
        return text.lower()

    lexicon = Lexicon(counted)
    lexicon.sounds("Nguyen is here")
    lexicon.sounds("hello Nguyen")
    assert asked.count("Nguyen") == 1


def test_what_the_lexicon_has_no_sounds_for_is_spelled() -> None:
    assert Lexicon(look_up).sounds("the XQZW")[0] == "the X Q Z W"


def look_up_letters_first(text: str) -> str:
    """A lexicon that leaves out the figures that stand beside letters it does not know."""
    return " ".join(word if word.isalpha() or word.isdecimal() else word.strip("0123456789") for word in text.split())


def test_a_figure_the_lexicon_leaves_out_is_said_by_itself() -> None:
    assert Lexicon(look_up_letters_first).sounds("an emp3 and 12zq9")[0] == "an emp 3 and 12 zq 9"


@pytest.mark.parametrize("text", ["नमस्ते", "日本", "…"])
def test_a_clause_without_a_word_of_the_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="reads English"):
        Lexicon(look_up).sounds(text)
